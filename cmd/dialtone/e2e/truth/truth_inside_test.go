package truth

import (
	"slices"
	"testing"
	"time"
)

// TestTruthInsideRealAsterisk is the truth table of calls within an office: direct
// calls, several devices, forwards, do not disturb, virtual extensions.
func TestTruthInsideRealAsterisk(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	s.Feature(t, "pickupexten = *0") // or Asterisk itself takes *8
	tellTruth(t, s, slices.Concat(directTruths, deviceTruths, actTruths, backTruths, featureTruths, forwardTruths,
		redirectTruths, scheduleTruths(time.Now())))
}

// directTruths are about extensions with one device.
var directTruths = []truth{
	{"somebody answers", nil, "120a answers", "120",
		"120a 0", "ringing", "with 120a", "answered by 120a; 120a ANSWER"},
	{"nobody answers, no mailbox", nil, "121a silent", "121",
		"121a 0-5", "ringing", "480", "no-answer; 121a NOANSWER"},
	{"nobody answers, mailbox", world{"mailboxes/122": {}}, "122a silent", "122",
		"122a 0-5", "ringing", "mailbox 122 unavailable", "voicemail; 122a NOANSWER"},
	{"refused, no mailbox", nil, "123a refuses", "123",
		"123a 0", "ringing", "486", "busy; 123a BUSY"},
	{"refused, mailbox", world{"mailboxes/124": {}}, "124a refuses", "124",
		"124a 0", "ringing", "mailbox 124 busy", "voicemail; 124a BUSY"},
	{"declined, no mailbox", nil, "134a declines", "134",
		"134a 0", "ringing", "486", "busy; 134a BUSY"},
	{"declined, mailbox", world{"mailboxes/135": {}}, "135a declines", "135",
		"135a 0", "ringing", "mailbox 135 busy", "voicemail; 135a BUSY"},
	{"not registered", nil, "125a absent", "125",
		"", "nothing", "480", "unreachable"},
	{"not registered, mailbox", world{"mailboxes/126": {}}, "126a absent", "126",
		"", "nothing", "mailbox 126 unavailable", "voicemail"},
	{"dead at qualify, mailbox", world{"mailboxes/127": {}}, "127a dead", "127",
		"", "nothing", "mailbox 127 unavailable", "voicemail"},
	{"the caller gives up", nil, "128a silent, caller leaves after 2", "128",
		"128a 0-2", "ringing", "487", "cancelled; 128a CANCEL"},
	{"no such number", nil, "", "799",
		"", "nothing", "404", "failed"},
	{"extension without device", world{"extensions/129": {}}, "", "129",
		"", "nothing", "480", "unreachable"},
	{"the own number from the only device", nil, "caller is 130a", "130",
		"", "nothing", "486", "busy"},
	{"the own number with a second device", nil, "caller is 131a, 131b answers sees 131", "131",
		"131b 0", "ringing", "with 131b", "answered by 131b; 131b ANSWER"},
	{"the own mailbox", world{"mailboxes/132": {}}, "caller is 132a", "*97",
		"", "nothing", "messages 132", "answered"},
	{"no own mailbox", nil, "caller is 133a", "*97",
		"", "nothing", "403", "refused"},
}

// deviceTruths are about extensions with several devices, or none of their own.
var deviceTruths = []truth{
	{"all at once, one answers", nil, "140a answers after 1, 140b silent", "140",
		"140a 0, 140b 0-1", "ringing", "with 140a", "answered by 140a; 140a ANSWER, 140b CANCEL"},
	{"all at once, one refuses, the other answers", nil, "141a refuses, 141b answers after 2", "141",
		"141a 0, 141b 0", "ringing", "with 141b", "answered by 141b; 141a BUSY, 141b ANSWER"},
	{"all refuse", nil, "142a refuses, 142b refuses", "142",
		"142a 0, 142b 0", "ringing", "486", "busy; 142a BUSY, 142b BUSY"},
	{"one refuses, one rings on", nil, "143a refuses, 143b silent", "143",
		"143a 0, 143b 0-5", "ringing", "480", "no-answer; 143a BUSY, 143b NOANSWER"},
	{"one declines, one is absent", nil, "170a declines, 170b absent", "170",
		"170a 0", "ringing", "486", "busy; 170a BUSY"},
	{"one declines, one rings on", nil, "171a declines, 171b silent", "171",
		"171a 0, 171b 0-5", "ringing", "480", "no-answer; 171a BUSY, 171b NOANSWER"},
	{"one absent, one answers", nil, "144a absent, 144b answers", "144",
		"144b 0", "ringing", "with 144b", "answered by 144b; 144b ANSWER"},
	{"one absent, one refuses", nil, "145a absent, 145b refuses", "145",
		"145b 0", "ringing", "486", "busy; 145b BUSY"},
	{"one with a shorter time of its own", world{"extensions/146": {"ring_seconds": 6}, "devices/146a": {"ring_seconds": 2}}, "146a silent, 146b silent", "146",
		"146a 0-2, 146b 0-6", "ringing", "480", "no-answer; 146a NOANSWER, 146b NOANSWER"},
	{"in sequence to the end", world{"extensions/147": {"ring": "sequence"}, "devices/147a": {"ring_order": 2, "ring_seconds": 3}, "devices/147b": {"ring_order": 1, "ring_seconds": 2}}, "147a silent, 147b silent", "147",
		"147b 0-2, 147a 2-5", "ringing", "480", "no-answer; 147a NOANSWER, 147b NOANSWER"},
	{"in sequence, the second answers", world{"extensions/148": {"ring": "sequence"}, "devices/148a": {"ring_order": 1, "ring_seconds": 2}, "devices/148b": {"ring_order": 2}}, "148a silent, 148b answers", "148",
		"148a 0-2, 148b 2", "ringing", "with 148b", "answered by 148b; 148a NOANSWER, 148b ANSWER"},
	{"in sequence, the first refuses", world{"extensions/149": {"ring": "sequence"}, "devices/149a": {"ring_order": 1}, "devices/149b": {"ring_order": 2}}, "149a refuses, 149b answers", "149",
		"149a 0, 149b 0", "ringing", "with 149b", "answered by 149b; 149a BUSY, 149b ANSWER"},
	{"in sequence, the first is absent", world{"extensions/150": {"ring": "sequence"}, "devices/150a": {"ring_order": 1}, "devices/150b": {"ring_order": 2}}, "150a absent, 150b answers", "150",
		"150b 0", "ringing", "with 150b", "answered by 150b; 150b ANSWER"},
	{"in sequence, two of the same order ring together", world{"extensions/151": {"ring": "sequence"}, "devices/151a": {"ring_order": 1, "ring_seconds": 2}, "devices/151b": {"ring_order": 1, "ring_seconds": 2}, "devices/151c": {"ring_order": 2}}, "151a silent, 151b silent, 151c answers", "151",
		"151a 0-2, 151b 0-2, 151c 2", "ringing", "with 151c", "answered by 151c; 151a NOANSWER, 151b NOANSWER, 151c ANSWER"},
	{"in sequence into the mailbox", world{"mailboxes/152": {}, "extensions/152": {"ring": "sequence"}, "devices/152a": {"ring_order": 1, "ring_seconds": 2}, "devices/152b": {"ring_order": 2}}, "152a silent, 152b refuses", "152",
		"152a 0-2, 152b 2", "ringing", "mailbox 152 busy", "voicemail; 152a NOANSWER, 152b BUSY"},
	{"a device of a class that is not allowed", world{"extensions/153": {"allowed_devices": []string{"hardware"}}, "devices/153b": {"class": "mobile"}}, "153a answers, 153b absent", "153",
		"153a 0", "ringing", "with 153a", "answered by 153a; 153a ANSWER"},
	{"do not disturb, no mailbox", world{"extensions/154": {"do_not_disturb": true}}, "154a answers", "154",
		"", "nothing", "486", "busy"},
	{"do not disturb, mailbox", world{"mailboxes/155": {}, "extensions/155": {"do_not_disturb": true}}, "155a answers", "155",
		"", "nothing", "mailbox 155 busy", "voicemail"},
	{"in a call, call waiting on", nil, "9103a talks 156a, 156a answers", "156",
		"156a 0", "ringing", "with 156a", "answered by 156a; 156a ANSWER"},
	{"in a call, call waiting off", world{"extensions/157": {"call_waiting": false}}, "9100a talks 157a, 157a answers", "157",
		"", "nothing", "486", "busy"},
	{"in a call, call waiting off, mailbox", world{"mailboxes/158": {}, "extensions/158": {"call_waiting": false}}, "9101a talks 158a, 158a answers", "158",
		"", "nothing", "mailbox 158 busy", "voicemail"},
	{"one device in a call, call waiting off", world{"extensions/159": {"call_waiting": false, "ring": "sequence"}, "devices/159a": {"ring_order": 1}, "devices/159b": {"ring_order": 2}}, "9102a talks 159a, 159a answers, 159b answers", "159",
		"", "nothing", "486", "busy"},
	{"virtual with mailbox", world{"mailboxes/160": {}, "extensions/160": {"type": "virtual"}}, "", "160",
		"", "nothing", "mailbox 160 unavailable", "voicemail"},
	{"virtual without mailbox", world{"extensions/161": {"type": "virtual"}}, "", "161",
		"", "nothing", "480", "unreachable"},
	{"an additional number of another's device", world{"extensions/163": {"type": "sip-virtual", "parent_device": "162a"}}, "162a answers", "163",
		"162a 0", "ringing", "with 162a", "answered by 162a; 162a ANSWER"},
	{"an additional number has its own mailbox", world{"mailboxes/165": {}, "extensions/165": {"type": "sip-virtual", "parent_device": "164a"}}, "164a refuses", "165",
		"164a 0", "ringing", "mailbox 165 busy", "voicemail; 164a BUSY"},
	{"a device of no extension calls", world{"devices/167a": {"extension": ""}}, "caller is 167a, 166a answers", "166",
		"166a 0", "ringing", "with 166a", "answered by 166a; 166a ANSWER"},
	{"an anonymous caller", world{"extensions/168": {"anonymous": true}}, "caller is 168a, 169a answers sees anonymous", "169",
		"169a 0", "ringing", "with 169a", "answered by 169a; 169a ANSWER"},
}
