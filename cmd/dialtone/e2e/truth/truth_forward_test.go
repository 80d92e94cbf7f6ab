package truth

import (
	"fmt"
	"strings"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// all is a forward of every call.
func all(to string, more ...Object) Object {
	out := Object{"mode": "destination", "destination": to}
	for _, m := range more {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// scheduled is a forward by rules.
func scheduled(rules ...Object) Object { return Object{"mode": "schedule", "rules": rules} }

// chain makes extensions first, first+1 and so on, each of which forwards to the next.
func chain(first, hops int) world {
	out := world{}
	for i := range hops {
		out[fmt.Sprintf("forwards/%d", first+i)] = all(fmt.Sprintf("extension:%d", first+i+1))
	}
	return out
}

// scheduleTruths are about forwards by schedule; now is when the calls are made.
func scheduleTruths(now time.Time) []truth {
	now = now.UTC()
	clock := func(d time.Duration) string { return now.Add(d).Format("15:04") }
	day := func(at time.Time) string { return strings.ToLower(at.Format("Mon")) }
	date := now.Format(time.DateOnly)
	utc := func(f Object) Object { f["timezone"] = "UTC"; return f }
	// There it is half past noon or so, whatever the time is here.
	noon := fmt.Sprintf("Etc/GMT%+d", now.Hour()-12)
	return []truth{
		{"by schedule, within its dates", world{"forwards/213": utc(scheduled(Object{"first_date": date, "destination": "extension:214"}))}, "213a answers, 214a answers", "213",
			"214a 0", "ringing", "with 214a", "answered by 214a; 214a ANSWER; via forward"},
		{"by schedule, out of its dates", world{"forwards/215": utc(scheduled(Object{"last_date": "2020-12-31", "destination": "extension:216"}))}, "215a answers, 216a answers", "215",
			"215a 0", "ringing", "with 215a", "answered by 215a; 215a ANSWER"},
		{"by schedule, within its hours", world{"forwards/217": utc(scheduled(Object{"from": clock(-time.Hour), "to": clock(time.Hour), "destination": "extension:218"}))}, "217a answers, 218a answers", "217",
			"218a 0", "ringing", "with 218a", "answered by 218a; 218a ANSWER; via forward"},
		{"by schedule, out of its hours", world{"forwards/219": utc(scheduled(Object{"from": clock(time.Hour), "to": clock(2 * time.Hour), "destination": "extension:220"}))}, "219a answers, 220a answers", "219",
			"219a 0", "ringing", "with 219a", "answered by 219a; 219a ANSWER"},
		{"by schedule, on this day of the week", world{"forwards/221": utc(scheduled(Object{"days": []string{day(now), day(now.Add(24 * time.Hour))}, "destination": "extension:222"}))}, "221a answers, 222a answers", "221",
			"222a 0", "ringing", "with 222a", "answered by 222a; 222a ANSWER; via forward"},
		{"by schedule, on another day of the week", world{"forwards/223": utc(scheduled(Object{"days": []string{day(now.Add(72 * time.Hour))}, "destination": "extension:224"}))}, "223a answers, 224a answers", "223",
			"223a 0", "ringing", "with 223a", "answered by 223a; 223a ANSWER"},
		{"by schedule, the first rule that holds counts", world{"forwards/225": utc(scheduled(Object{"last_date": "2020-12-31", "destination": "hangup"}, Object{"first_date": "2020-01-01", "destination": "extension:226"}, Object{"destination": "hangup"}))}, "225a answers, 226a answers", "225",
			"226a 0", "ringing", "with 226a", "answered by 226a; 226a ANSWER; via forward"},
		{"by schedule, in the zone that it names", world{"forwards/227": {"mode": "schedule", "timezone": noon, "rules": []Object{{"from": "11:30", "to": "13:30", "destination": "extension:228"}}}}, "227a answers, 228a answers", "227",
			"228a 0", "ringing", "with 228a", "answered by 228a; 228a ANSWER; via forward"},
	}
}

// forwardTruths are about all other forwards.
var forwardTruths = []truth{
	{"by caller: colleagues ring the devices, though a later rule ends calls", world{"forwards/780": scheduled(
		Object{"callers": []string{"internal"}, "destination": "devices"}, Object{"destination": "hangup"})}, "780a answers", "780",
		"780a 0", "ringing", "with 780a", "answered by 780a; 780a ANSWER"},
	{"by caller: colleagues are forwarded", world{"forwards/781": scheduled(
		Object{"callers": []string{"internal"}, "destination": "extension:782"})}, "781a answers, 782a answers", "781",
		"782a 0", "ringing", "with 782a", "answered by 782a; 782a ANSWER; via forward"},
	{"by caller: a rule about others", world{"forwards/783": scheduled(
		Object{"callers": []string{"+49"}, "destination": "hangup"})}, "783a answers", "783",
		"783a 0", "ringing", "with 783a", "answered by 783a; 783a ANSWER"},
	{"by caller: devices that do not answer", world{"announcements/later": {"tone": 900.0},
		"forwards/784": {"mode": "schedule", "no_answer": "announcement:later", "rules": []Object{
			{"callers": []string{"+49", "internal"}, "destination": "devices"}, {"destination": "hangup"}}}}, "784a silent", "784",
		"784a 0-5", "announcement 900", "hung up", "no-answer; 784a NOANSWER; via forward"},
	{"by caller: colleagues hear an announcement", world{"announcements/staff": {"tone": 1000.0},
		"forwards/785": scheduled(Object{"callers": []string{"internal"}, "destination": "announcement:staff"})}, "785a answers", "785",
		"", "announcement 1000", "hung up", "answered; via forward"},
	{"every call to another extension", world{"forwards/200": all("extension:201")}, "200a answers, 201a answers", "200",
		"201a 0", "ringing", "with 201a", "answered by 201a; 201a ANSWER; via forward"},
	{"off: destinations for other conditions do not count", world{"forwards/202": {"mode": "off", "busy": "extension:203"}}, "202a answers, 203a answers", "202",
		"202a 0", "ringing", "with 202a", "answered by 202a; 202a ANSWER"},
	{"every call to a mailbox", world{"mailboxes/205": {}, "forwards/204": all("voicemail:205")}, "204a answers", "204",
		"", "nothing", "mailbox 205 unavailable", "voicemail; via forward"},
	{"every call to nowhere", world{"forwards/206": all("hangup")}, "206a answers", "206",
		"", "nothing", "480", "no-answer; via forward"},
	{"every call to an announcement", world{"announcements/closed": {"tone": 700.0},
		"forwards/760": all("announcement:closed")}, "760a answers", "760",
		"", "announcement 700", "hung up", "answered; via forward"},
	{"not answered: an announcement", world{"forwards/761": {"no_answer": "announcement:closed"}}, "761a silent", "761",
		"761a 0-5", "announcement 700", "hung up", "no-answer; 761a NOANSWER; via forward"},
	{"busy, and the announcement of who is forwarded to", world{"announcements/busy": {"tone": 1100.0},
		"forwards/762": {"busy": "extension:763"}, "forwards/763": {"busy": "announcement:busy"}},
		"762a refuses, 763a refuses", "762",
		"762a 0, 763a 0", "announcement 1100", "hung up", "busy; 762a BUSY, 763a BUSY; via forward"},
	{"a mailbox that says an announcement", world{"announcements/welcome": {"tone": 1500.0},
		"mailboxes/764": {"greeting": "welcome"}}, "764a silent", "764",
		"764a 0-5", "announcement 1500", "mailbox 764 greeted", "voicemail; 764a NOANSWER"},
	{"busy, the same", world{"mailboxes/765": {"greeting": "welcome"}}, "765a refuses", "765",
		"765a 0", "announcement 1500", "mailbox 765 greeted", "voicemail; 765a BUSY"},
	{"an exception rings", world{"forwards/207": all("extension:208", Object{"exceptions": []string{"209"}})}, "caller is 209a, 207a answers sees 209, 208a answers", "207",
		"207a 0", "ringing", "with 207a", "answered by 207a; 207a ANSWER"},
	{"others than the exception are forwarded", nil, "207a answers, 208a answers", "207",
		"208a 0", "ringing", "with 208a", "answered by 208a; 208a ANSWER; via forward"},
	{"an exception that is not answered reaches the mailbox", world{"mailboxes/210": {}, "forwards/210": {"no_answer": "extension:211", "exceptions": []string{"212"}}}, "caller is 212a, 210a silent, 211a answers", "210",
		"210a 0-5", "ringing", "mailbox 210 unavailable", "voicemail; 210a NOANSWER"},
	{"not answered", world{"forwards/229": {"no_answer": "extension:230"}}, "229a silent, 230a answers", "229",
		"229a 0-5, 230a 5", "ringing", "with 230a", "answered by 230a; 229a NOANSWER, 230a ANSWER; via forward"},
	{"not answered, with a ring time of its own", world{"forwards/231": {"no_answer": "extension:232", "no_answer_seconds": 7}}, "231a silent, 232a answers", "231",
		"231a 0-7, 232a 7", "ringing", "with 232a", "answered by 232a; 231a NOANSWER, 232a ANSWER; via forward"},
	{"not answered in sequence, with one ring time for all", world{"extensions/181": {"ring": "sequence"}, "devices/181a": {"ring_order": 1}, "devices/181b": {"ring_order": 2, "ring_seconds": 60}, "forwards/181": {"no_answer": "extension:182", "no_answer_seconds": 8}}, "181a silent, 181b silent, 182a answers", "181",
		"181a 0-5, 181b 5-8, 182a 8", "ringing", "with 182a", "answered by 182a; 181a NOANSWER, 181b NOANSWER, 182a ANSWER; via forward"},
	{"not answered, ended", world{"mailboxes/233": {}, "forwards/233": {"no_answer": "hangup"}}, "233a silent", "233",
		"233a 0-5", "ringing", "480", "no-answer; 233a NOANSWER; via forward"},
	{"busy", world{"forwards/234": {"busy": "extension:235", "no_answer": "hangup", "unreachable": "hangup"}}, "234a refuses, 235a answers", "234",
		"234a 0, 235a 0", "ringing", "with 235a", "answered by 235a; 234a BUSY, 235a ANSWER; via forward"},
	{"busy by do not disturb", world{"extensions/236": {"do_not_disturb": true}, "forwards/236": {"busy": "extension:237"}}, "236a answers, 237a answers", "236",
		"237a 0", "ringing", "with 237a", "answered by 237a; 237a ANSWER; via forward"},
	{"busy by call waiting off", world{"extensions/238": {"call_waiting": false}, "forwards/238": {"busy": "extension:239"}}, "9110a talks 238a, 238a answers, 239a answers", "238",
		"239a 0", "ringing", "with 239a", "answered by 239a; 239a ANSWER; via forward"},
	{"unreachable: not registered", world{"forwards/240": {"unreachable": "extension:241", "no_answer": "hangup", "busy": "hangup"}}, "240a absent, 241a answers", "240",
		"241a 0", "ringing", "with 241a", "answered by 241a; 241a ANSWER; via forward"},
	{"unreachable: dead at qualify", world{"forwards/242": {"unreachable": "extension:243", "no_answer": "hangup", "busy": "hangup"}}, "242a dead, 243a answers", "242",
		"243a 0", "ringing", "with 243a", "answered by 243a; 243a ANSWER; via forward"},
	{"dead, but nobody asked: not answered", world{"forwards/244": {"no_answer": "extension:245", "unreachable": "hangup", "busy": "hangup"}}, "244a unseen, 245a answers", "244",
		"245a 5", "ringing", "with 245a", "answered by 245a; 244a NOANSWER, 245a ANSWER; via forward"},
	{"every call wins over do not disturb and busy", world{"extensions/246": {"do_not_disturb": true}, "forwards/246": all("extension:247", Object{"busy": "hangup"})}, "246a answers, 247a answers", "246",
		"247a 0", "ringing", "with 247a", "answered by 247a; 247a ANSWER; via forward"},
	{"a schedule out of its time leaves the conditions", world{"forwards/248": {"mode": "schedule", "rules": []Object{{"last_date": "2020-12-31", "destination": "hangup"}}, "busy": "extension:249"}}, "248a refuses, 249a answers", "248",
		"248a 0, 249a 0", "ringing", "with 249a", "answered by 249a; 248a BUSY, 249a ANSWER; via forward"},
	{"a schedule in its time wins over the conditions", world{"forwards/250": {"mode": "schedule", "rules": []Object{{"first_date": "2020-01-01", "destination": "extension:251"}}, "busy": "hangup", "no_answer": "hangup"}}, "250a refuses, 251a answers", "250",
		"251a 0", "ringing", "with 251a", "answered by 251a; 251a ANSWER; via forward"},
	{"a forward of the destination counts too", world{"forwards/252": all("extension:253"), "forwards/253": {"busy": "extension:254"}}, "253a refuses, 254a answers", "252",
		"253a 0, 254a 0", "ringing", "with 254a", "answered by 254a; 253a BUSY, 254a ANSWER; via forward"},
	{"two that forward to each other", world{"forwards/255": all("extension:256"), "forwards/256": all("extension:255")}, "255a answers, 256a answers", "255",
		"256a 0", "ringing", "with 256a", "answered by 256a; 256a ANSWER; via forward"},
	{"a circle by conditions ends", world{"forwards/257": {"busy": "extension:258"}, "forwards/258": {"busy": "extension:257"}}, "257a refuses, 258a refuses", "257",
		"257a 0, 258a 0", "ringing", "486", "busy; 257a BUSY, 258a BUSY; via forward"},
	{"six hops are followed", chain(260, 6), "266a answers", "260",
		"266a 0", "ringing", "with 266a", "answered by 266a; 266a ANSWER; via forward"},
	{"the seventh hop is not", chain(270, 7), "276a answers, 277a answers", "270",
		"276a 0", "ringing", "with 276a", "answered by 276a; 276a ANSWER; via forward"},
	{"a virtual extension only forwards", world{"extensions/280": {"type": "virtual"}, "forwards/280": all("extension:281")}, "281a answers", "280",
		"281a 0", "ringing", "with 281a", "answered by 281a; 281a ANSWER; via forward"},
	{"a virtual extension forwards by schedule, else its mailbox", world{"mailboxes/282": {}, "extensions/282": {"type": "virtual"}, "forwards/282": scheduled(Object{"last_date": "2020-12-31", "destination": "extension:283"})}, "283a answers", "282",
		"", "nothing", "mailbox 282 unavailable", "voicemail"},
	{"the forward is refused there: the mailbox of who forwards", world{"mailboxes/286": {}, "forwards/286": all("extension:287")}, "286a answers, 287a refuses", "286",
		"287a 0", "ringing", "mailbox 286 unavailable", "voicemail; 287a BUSY; via forward"},
	{"the last of two forwards cannot be reached: the mailbox of the first", world{"mailboxes/288": {}, "forwards/288": all("extension:289"), "forwards/289": all("extension:290")}, "289a answers, 290a absent", "288",
		"", "nothing", "mailbox 288 unavailable", "voicemail; via forward"},
	{"not answered, and the forward cannot be reached: the mailbox", world{"mailboxes/291": {}, "forwards/291": {"no_answer": "extension:292"}}, "291a silent, 292a absent", "291",
		"291a 0-5", "ringing", "mailbox 291 unavailable", "voicemail; 291a NOANSWER; via forward"},
	{"a circle by conditions ends in the mailbox of one of them", world{"mailboxes/293": {}, "forwards/293": {"busy": "extension:294"}, "forwards/294": {"busy": "extension:293"}}, "293a refuses, 294a refuses", "293",
		"293a 0, 294a 0", "ringing", "mailbox 293 unavailable", "voicemail; 293a BUSY, 294a BUSY; via forward"},
	{"the one who is forwarded to calls: he never rings", world{"forwards/284": all("extension:285")}, "caller is 285a, 284a answers", "284",
		"", "nothing", "480", "unreachable; via forward"},
}
