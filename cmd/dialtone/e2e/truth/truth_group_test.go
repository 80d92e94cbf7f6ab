package truth

import (
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestTruthGroupsRealAsterisk is the truth table of calls to ring groups: every
// strategy, and every option.
func TestTruthGroupsRealAsterisk(t *testing.T) {
	t.Parallel()
	tellTruth(t, openStage(t), groupTruths)
}

// group is a ring group, whose members are extensions by number.
func group(number, strategy string, who []Object, more ...Object) Object {
	out := Object{"number": number, "strategy": strategy, "ring_seconds": 5, "members": who}
	for _, m := range more {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// groupTruths are about ring groups of extensions.
var groupTruths = []truth{
	{"all: one answers", world{"ring-groups/g500": group("500", "all", Members("501", "502", "503"))}, "501a silent, 502a answers after 1, 503a silent", "500",
		"501a 0-1, 502a 0, 503a 0-1", "ringing", "with 502a", "answered by 502a; 501a CANCEL, 502a ANSWER, 503a CANCEL; via group"},
	{"all: nobody answers", world{"ring-groups/g504": group("504", "all", Members("505", "506"))}, "505a silent, 506a silent", "504",
		"505a 0-5, 506a 0-5", "ringing", "480", "no-answer; 505a NOANSWER, 506a NOANSWER; via group"},
	{"all: everybody refuses", world{"ring-groups/g507": group("507", "all", Members("508", "509"))}, "508a refuses, 509a refuses", "507",
		"508a 0, 509a 0", "ringing", "486", "busy; 508a BUSY, 509a BUSY; via group"},
	{"all: nobody is registered", world{"ring-groups/g510": group("510", "all", Members("511"))}, "511a absent", "510",
		"", "nothing", "480", "unreachable; via group"},
	{"all: a delay and a ring time of one's own", world{"ring-groups/g512": group("512", "all", []Object{{"extension": "513", "ring_seconds": 2}, {"extension": "514", "delay": 3}})}, "513a silent, 514a answers after 1", "512",
		"513a 0-2, 514a 3", "ringing", "with 514a", "answered by 514a; 513a NOANSWER, 514a ANSWER; via group"},
	{"all: the caller is a member", world{"ring-groups/g515": group("515", "all", Members("516", "517"))}, "caller is 516a, 517a answers", "515",
		"517a 0", "ringing", "with 517a", "answered by 517a; 517a ANSWER; via group"},
	{"sequential: the second answers", world{"ring-groups/g520": group("520", "sequential", Members("521", "522", "523"), Object{"ring_seconds": 2})}, "521a silent, 522a answers, 523a silent", "520",
		"521a 0-2, 522a 2", "ringing", "with 522a", "answered by 522a; 521a NOANSWER, 522a ANSWER; via group"},
	{"sequential: refusing goes on at once", world{"ring-groups/g524": group("524", "sequential", Members("525", "526"))}, "525a refuses, 526a answers", "524",
		"525a 0, 526a 0", "ringing", "with 526a", "answered by 526a; 525a BUSY, 526a ANSWER; via group"},
	{"sequential: the first is not registered", world{"ring-groups/g527": group("527", "sequential", Members("528", "529"))}, "528a absent, 529a answers", "527",
		"529a 0", "ringing", "with 529a", "answered by 529a; 529a ANSWER; via group"},
	{"memory hunt: the third round is answered", world{"ring-groups/g530": group("530", "memory-hunt", Members("531", "532", "533"), Object{"ring_seconds": 2})}, "531a silent, 532a silent, 533a answers", "530",
		"531a 0-2, 531a 2-4, 532a 2-4, 531a 4, 532a 4, 533a 4", "ringing", "with 533a", "answered by 533a; 531a CANCEL, 531a NOANSWER, 531a NOANSWER, 532a CANCEL, 532a NOANSWER, 533a ANSWER; via group"},
	{"round robin: the first call begins with the first", world{"ring-groups/g540": group("540", "round-robin", Members("541", "542", "543"))}, "541a refuses, 542a answers, 543a silent", "540",
		"541a 0, 542a 0", "ringing", "with 542a", "answered by 542a; 541a BUSY, 542a ANSWER; via group"},
	{"round robin: the next call begins with the second", nil, "541a silent, 542a answers, 543a silent", "540",
		"542a 0", "ringing", "with 542a", "answered by 542a; 542a ANSWER; via group"},
	{"round robin: the third call begins with the third, and goes round", nil, "541a answers, 542a silent, 543a refuses", "540",
		"543a 0, 541a 0", "ringing", "with 541a", "answered by 541a; 541a ANSWER, 543a BUSY; via group"},
	{"least recent: nobody has answered yet", world{"ring-groups/g545": group("545", "least-recent", Members("546", "547"))}, "546a answers, 547a answers", "545",
		"546a 0", "ringing", "with 546a", "answered by 546a; 546a ANSWER; via group"},
	{"least recent: then the other", nil, "546a answers, 547a answers", "545",
		"547a 0", "ringing", "with 547a", "answered by 547a; 547a ANSWER; via group"},
	{"fewest calls: the first answers the first", world{"ring-groups/g550": group("550", "fewest-calls", Members("551", "552"))}, "551a answers, 552a answers", "550",
		"551a 0", "ringing", "with 551a", "answered by 551a; 551a ANSWER; via group"},
	{"fewest calls: the other has fewer", nil, "551a answers, 552a answers", "550",
		"552a 0", "ringing", "with 552a", "answered by 552a; 552a ANSWER; via group"},
	{"random: the only one who is there", world{"ring-groups/g555": group("555", "random", Members("556", "557"))}, "556a absent, 557a answers", "555",
		"557a 0", "ringing", "with 557a", "answered by 557a; 557a ANSWER; via group"},
	{"weighted: the only one who is there", world{"ring-groups/g558": group("558", "weighted", []Object{{"extension": "559", "weight": 100}, {"extension": "560"}})}, "559a absent, 560a answers", "558",
		"560a 0", "ringing", "with 560a", "answered by 560a; 560a ANSWER; via group"},
	{"who is busy is skipped", world{"ring-groups/g565": group("565", "sequential", Members("566", "567"), Object{"skip_busy": true})}, "9120a talks 566a, 566a answers, 567a answers", "565",
		"567a 0", "ringing", "with 567a", "answered by 567a; 567a ANSWER; via group"},
	{"who is busy is not skipped", world{"ring-groups/g568": group("568", "sequential", Members("569", "570"))}, "9121a talks 569a, 569a answers, 570a answers", "568",
		"569a 0", "ringing", "with 569a", "answered by 569a; 569a ANSWER; via group"},
	{"who does not want to be disturbed does not ring", world{"extensions/572": {"do_not_disturb": true}, "ring-groups/g571": group("571", "all", Members("572", "573"))}, "572a answers, 573a answers", "571",
		"573a 0", "ringing", "with 573a", "answered by 573a; 573a ANSWER; via group"},
	{"nobody wants to be disturbed", world{"extensions/575": {"do_not_disturb": true}, "ring-groups/g574": group("574", "all", Members("575"))}, "575a answers", "574",
		"", "nothing", "486", "busy; via group"},
	{"members' forwards are ignored", world{"forwards/577": all("extension:578"), "ring-groups/g576": group("576", "all", Members("577"))}, "577a answers, 578a answers", "576",
		"577a 0", "ringing", "with 577a", "answered by 577a; 577a ANSWER; via group"},
	{"members' forwards are followed", world{"forwards/580": all("extension:581"), "ring-groups/g579": group("579", "all", Members("580"), Object{"member_forwards": "follow"})}, "580a answers, 581a answers", "579",
		"581a 0", "ringing", "with 581a", "answered by 581a; 581a ANSWER; via group"},
	{"a timeout for all, then a mailbox", world{"mailboxes/583": {}, "ring-groups/g582": group("582", "sequential", Members("584", "585", "586"), Object{"ring_seconds": 4, "timeout": 6, "destination": "voicemail:583"})}, "584a silent, 585a silent, 586a silent", "582",
		"584a 0-4, 585a 4-6", "ringing", "mailbox 583 unavailable", "voicemail; 584a NOANSWER, 585a NOANSWER; via forward group"},
	{"not answered, then an extension", world{"ring-groups/g587": group("587", "all", Members("588"), Object{"ring_seconds": 3, "destination": "extension:589"})}, "588a silent, 589a answers", "587",
		"588a 0-3, 589a 3", "ringing", "with 589a", "answered by 589a; 588a NOANSWER, 589a ANSWER; via forward group"},
	{"not answered, then another group", world{"ring-groups/g590": group("590", "all", Members("591"), Object{"ring_seconds": 2, "destination": "ring-group:after590"}), "ring-groups/after590": group("592", "all", Members("593"))}, "591a silent, 593a answers", "590",
		"591a 0-2, 593a 2", "ringing", "with 593a", "answered by 593a; 591a NOANSWER, 593a ANSWER; via forward group"},
	{"music until somebody answers", world{"ring-groups/g595": group("595", "all", Members("596"), Object{"waiting": "music"})}, "596a answers after 2", "595",
		"596a 0", "music", "with 596a", "answered by 596a; 596a ANSWER; via group"},
	{"an announcement before anybody rings", world{"ring-groups/g597": group("597", "all", Members("598"), Object{"announcement": "hello-world"})}, "598a answers after 1", "597",
		"598a", "announcement", "with 598a", "answered by 598a; 598a ANSWER; via group"},
	{"an extension forwards to a group", world{"forwards/600": all("ring-group:g601"), "ring-groups/g601": group("601", "all", Members("602"))}, "600a answers, 602a answers", "600",
		"602a 0", "ringing", "with 602a", "answered by 602a; 602a ANSWER; via forward group"},
	{"everybody must press 1", world{"ring-groups/g605": group("605", "all", Members("606", "607"), Object{"ring_seconds": 20, "confirm": "all"})}, "606a silent, 607a answers presses 1", "605",
		"606a 0, 607a 0", "ringing", "with 607a", "answered by 607a; 606a CANCEL, 607a ANSWER; via group"},
	{"paging: phones answer by themselves, one in a call is left alone", world{"ring-groups/g610": group("610", "paging", Members("611", "612"))}, "611a silent, 9122a talks 612a, 612a answers", "610",
		"611a 0", "nothing", "paging", "answered by 611a; 611a ANSWER; via group"},
}
