package truth

import (
	"cmp"
	"slices"
	"sync"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// TestTruthOutsideRealAsterisk is the truth table of calls that lead outside, or
// come from there: twins, external devices, forwards, numbers, classes of service.
func TestTruthOutsideRealAsterisk(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	carrier := OpenCarrier(t)
	carrier.Trunk(s.Lab, "carrier", Object{"register": true})
	s.Do(t, "PATCH", Tenant, Object{"country": "DE", "class_of_service": nil}, nil)
	for prefix, price := range rates {
		s.Do(t, "PUT", "/v1/rates/"+prefix, Object{"price": price}, nil)
	}
	for name := range Mobiles {
		s.phones[name] = carrier.Mobile(t, name, phone.Options{})
		s.mobile[name] = &sync.Mutex{}
	}
	for _, number := range []string{"110", "112", "116117", "+49800123456", "+12125551234", "+49900123456"} {
		s.numbers[number] = Mobiles["ada"] // the carrier rings her for what it does not know
	}
	carrier.Registered()
	tellTruth(t, s, slices.Concat(outsideTruths, redirectOutsideTruths, guardTruths))
}

// known makes external numbers of mobiles.
func known(names ...string) world {
	out := world{}
	for _, name := range names {
		out["external-numbers/"+Mobiles[name]] = Object{}
	}
	return out
}

// and is this world with other objects in it.
func (w world) and(more world) world {
	for path, body := range more {
		w[path] = body
	}
	return w
}

// leading is an external device of an extension.
func leading(extension, number string, more ...Object) Object {
	out := Object{"kind": "external", "external_number": number, "extension": extension}
	for _, m := range more {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// classes are classes of service.
var classes = world{"classes-of-service/home": {"allow": []string{"national"}, "deny": []string{"+49900"}}, "classes-of-service/lobby": {"deny": []string{"internal"}},
	"classes-of-service/nowhere": {}}

// did is a number of the tenant; only its last digit differs.
func did(last string) string { return "+49301234560" + last }

func twin(name string, seconds int) Object {
	return Object{"twin_number": Mobiles[name], "ring_seconds": seconds}
}

// carrierSays is a call to a number that the carrier answers so, and what the caller is told.
func carrierSays(said, told, outcome string) truth {
	number := SaidNumber(said)
	leg := cmp.Or(map[string]string{"busy": "BUSY", "refused": "BUSY"}[outcome], "NOANSWER")
	if said == "503" {
		leg = "CONGESTION"
	}
	return truth{"the carrier says " + said, nil, number + " says " + said, number, "", "nothing", told,
		outcome + "; " + number + " " + leg}
}

// outsideTruths are about calls that leave, or come in.
var outsideTruths = []truth{
	{"twin: the desk phone answers", known("ada").and(world{"extensions/300": twin("ada", 10)}), "300a answers after 2, ada silent", "300",
		"300a 0, ada 0-2", "ringing", "with 300a", "answered by 300a; 300a ANSWER, ada CANCEL"},
	{"twin: the mobile presses 1", known("bob").and(world{"extensions/301": twin("bob", 30)}), "301a silent, bob answers presses 1", "301",
		"301a 0, bob 0", "ringing", "with bob", "answered by bob; 301a CANCEL, bob ANSWER"},
	{"twin: the mobile presses 2, the desk phone rings on", known("cleo").and(world{"extensions/302": twin("cleo", 30)}), "302a answers after 9, cleo answers presses 2", "302",
		"302a 0, cleo 0", "ringing", "with 302a", "answered by 302a; 302a ANSWER, cleo BUSY"},
	{"twin: nobody answers", known("dave").and(world{"extensions/303": twin("dave", 5)}), "303a silent, dave silent", "303",
		"303a 0-5, dave 0-5", "ringing", "480", "no-answer; 303a NOANSWER, dave NOANSWER"},
	{"twin: no desk phone is registered", known("emma").and(world{"extensions/304": twin("emma", 30)}), "304a absent, emma answers presses 1", "304",
		"emma 0", "ringing", "with emma", "answered by emma; emma ANSWER"},
	{"a mobile alone, which refuses", known("finn").and(world{"devices/ext-305": leading("305", Mobiles["finn"])}), "finn refuses", "305",
		"finn 0", "ringing", "486", "busy; finn BUSY"},
	{"a mobile that need not press 1", known("gina").and(world{"devices/ext-306": leading("306", Mobiles["gina"], Object{"confirm": false})}), "gina answers", "306",
		"gina 0", "ringing", "with gina", "answered by gina; gina ANSWER"},
	{"a mobile in sequence after the desk phone", known("hugo").and(world{"extensions/307": {"ring": "sequence"}, "devices/307a": {"ring_order": 1, "ring_seconds": 2}, "devices/ext-307": leading("307", Mobiles["hugo"], Object{"ring_order": 2, "ring_seconds": 20})}), "307a silent, hugo answers presses 1", "307",
		"307a 0-2, hugo 2", "ringing", "with hugo", "answered by hugo; 307a NOANSWER, hugo ANSWER"},
	{"ring group: the mobile presses 1, the desk phone rings on until then", known("bob").and(world{"ring-groups/g340": group("340", "all", []Object{{"extension": "341"}, {"external": Mobiles["bob"]}}, Object{"ring_seconds": 20})}), "341a silent, bob answers presses 1", "340",
		"341a 0, bob 0", "ringing", "with bob", "answered by bob; 341a CANCEL, bob ANSWER; via group"},
	{"ring group: the mobile presses 2, the next one rings", known("cleo").and(world{"ring-groups/g342": group("342", "sequential", []Object{{"external": Mobiles["cleo"]}, {"extension": "343"}}, Object{"ring_seconds": 20})}), "343a answers, cleo answers presses 2", "342",
		"cleo 0, 343a", "ringing", "with 343a", "answered by 343a; 343a ANSWER, cleo BUSY; via group"},
	{"ring group: the mobile need not press 1", known("dave").and(world{"ring-groups/g344": group("344", "all", []Object{{"external": Mobiles["dave"]}}, Object{"confirm": "none"})}), "dave answers", "344",
		"dave 0", "ringing", "with dave", "answered by dave; dave ANSWER; via group"},
	{"ring group: nobody answers, forwarded to a mobile", world{"extensions/346": {}, "ring-groups/g345": group("345", "all", Members("346"), Object{"ring_seconds": 2, "destination": "external:" + Mobiles["emma"]})}, "346a silent, emma answers", "345",
		"346a 0-2, emma 2", "ringing", "with emma", "answered by emma; 346a NOANSWER, emma ANSWER; via forward group"},
	{"called from outside, a ring group", world{"numbers/+493012345700": {"destination": "ring-group:g347"}, "ring-groups/g347": group("347", "all", Members("348"))}, "caller is finn, 348a answers", "+493012345700",
		"348a 0", "ringing", "with 348a", "answered by 348a; 348a ANSWER; via forward group"},
	{"forwarded to a mobile", world{"forwards/310": all("external:" + Mobiles["ada"])}, "310a answers, ada answers", "310",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER; via forward"},
	{"forwarded to a mobile when busy", world{"forwards/311": {"busy": "external:" + Mobiles["bob"]}}, "311a refuses, bob answers", "311",
		"311a 0, bob 0", "ringing", "with bob", "answered by bob; 311a BUSY, bob ANSWER; via forward"},
	{"forwarded to a mobile that refuses", world{"forwards/312": all("external:" + Mobiles["cleo"])}, "312a answers, cleo refuses", "312",
		"cleo 0", "ringing", "486", "busy; cleo BUSY; via forward"},
	{"forwarded outside as its owner's class allows", world{}.and(classes).and(world{"extensions/313": {"class_of_service": "home"}, "forwards/313": all("external:" + Mobiles["dave"])}), "dave answers", "313",
		"dave 0", "ringing", "with dave", "answered by dave; dave ANSWER; via forward"},
	{"forwarded outside, and its owner's class forbids it", classes.and(world{"extensions/314": {}, "forwards/314": all("external:" + Mobiles["emma"]), "PATCH extensions/314": {"class_of_service": "nowhere"}}), "314a answers, emma answers", "314",
		"", "nothing", "403", "refused; via forward"},
	{"a twin that its owner's class forbids", known("finn").and(world{"extensions/315": {"twin_number": Mobiles["finn"]}, "PATCH extensions/315": {"class_of_service": "nowhere"}}), "315a answers after 1, finn silent", "315",
		"315a 0", "ringing", "with 315a", "answered by 315a; 315a ANSWER"},
	{"dialled outside", nil, "gina answers", "0" + Mobiles["gina"][3:],
		"gina 0", "ringing", "with gina", "answered by gina; gina ANSWER"},
	{"dialled outside, refused there", nil, "hugo refuses", "0" + Mobiles["hugo"][3:],
		"hugo 0", "ringing", "486", "busy; hugo BUSY"},
	{"dialled outside, the caller gives up", nil, "ada silent, caller leaves after 2", Mobiles["ada"],
		"ada 0-2", "ringing", "487", "cancelled; ada CANCEL"},
	{"dialled outside, the class allows it", world{"extensions/320": {"class_of_service": "home"}}, "caller is 320a, bob answers", "00" + Mobiles["bob"][1:],
		"bob 0", "ringing", "with bob", "answered by bob; bob ANSWER"},
	{"a prefix that the class denies", world{"extensions/321": {"class_of_service": "home"}}, "caller is 321a", "0900123456",
		"", "nothing", "403", "refused"},
	{"abroad, where the class allows its country only", world{"extensions/322": {"class_of_service": "home"}}, "caller is 322a", "+12125551234",
		"", "nothing", "403", "refused"},
	{"premium rate, without a class", nil, "", "0900123456",
		"", "nothing", "403", "refused"},
	{"premium rate, the class allows national only", world{"classes-of-service/near": {"allow": []string{"national"}}, "extensions/358": {"class_of_service": "near"}}, "caller is 358a", "0900123456",
		"", "nothing", "403", "refused"},
	{"premium rate, the class allows it", world{"classes-of-service/costly": {"allow": []string{"national", "premium"}}, "extensions/359": {"class_of_service": "costly"}}, "caller is 359a, ada answers", "0900123456",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
	{"abroad, without a class", nil, "", "+12125551234",
		"", "nothing", "403", "refused"},
	{"abroad, the class allows everything", world{"classes-of-service/everything": {"allow": []string{"any"}}, "extensions/360": {"class_of_service": "everything"}}, "caller is 360a, ada answers", "0012125551234",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
	{"toll-free, without a class", nil, "ada answers", "0800123456",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
	{"a short number that is no emergency", nil, "ada answers", "116117",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
	{"forwarded to a premium rate, which its owner may not call any more", world{"classes-of-service/costly": {"allow": []string{"national", "premium"}}, "extensions/361": {"class_of_service": "costly"}, "forwards/361": all("external:0900123456"), "PATCH extensions/361": {"class_of_service": nil}}, "361a answers", "361",
		"", "nothing", "403", "refused; via forward"},
	{"a busy forward abroad, which its owner may not call any more", world{"classes-of-service/everything": {"allow": []string{"any"}}, "extensions/362": {"class_of_service": "everything"}, "forwards/362": {"busy": "external:+12125551234"}, "PATCH extensions/362": {"class_of_service": nil}}, "362a refuses", "362",
		"362a 0", "ringing", "403", "refused; 362a BUSY; via forward"},
	{"an emergency, whatever the class", world{"extensions/323": {"class_of_service": "nowhere"}}, "caller is 323a, ada answers", "112",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
	{"a colleague, and the class denies internal", world{"extensions/324": {"class_of_service": "lobby"}}, "caller is 324a, 325a answers", "325",
		"", "nothing", "403", "refused"},
	{"no number of the country", nil, "", "0089",
		"", "nothing", "404", "failed"},
	{"the carrier does not know the number", nil, UnknownNumber + " unallocated", UnknownNumber,
		"", "nothing", "404", "failed; " + UnknownNumber + " NOANSWER"},
	{"the carrier says that the number has changed", nil, ChangedNumber + " changed", ChangedNumber,
		"", "nothing", "410", "failed; " + ChangedNumber + " NOANSWER"},
	{"the carrier says that digits are missing", nil, IncompleteNumber + " incomplete", IncompleteNumber,
		"", "nothing", "484", "failed; " + IncompleteNumber + " NOANSWER"},
	carrierSays("401", "403", "refused"), carrierSays("403", "403", "refused"), carrierSays("407", "403", "refused"),
	carrierSays("408", "408", "unreachable"), carrierSays("415", "488", "failed"), carrierSays("488", "488", "failed"),
	carrierSays("500", "500", "failed"), carrierSays("501", "501", "failed"), carrierSays("502", "502", "failed"),
	carrierSays("503", "503", "failed"), carrierSays("504", "503", "failed"), carrierSays("606", "488", "failed"),
	carrierSays("480", "480", "no-answer"), carrierSays("600", "486", "busy"), carrierSays("603", "486", "busy"),
	carrierSays("604", "404", "failed"), carrierSays("433", "503", "failed"),
	{"forwarded to a number that the carrier declines, mailbox", world{"mailboxes/373": {}, "forwards/373": all("external:" + SaidNumber("603"))}, "373a answers, " + SaidNumber("603") + " says 603", "373",
		"", "nothing", "mailbox 373 unavailable", "voicemail; " + SaidNumber("603") + " BUSY; via forward"},
	{"forwarded to a number that the carrier does not know, no mailbox", world{"forwards/349": all("external:" + UnknownNumber)}, "349a answers, " + UnknownNumber + " unallocated", "349",
		"", "nothing", "404", "failed; " + UnknownNumber + " NOANSWER; via forward"},
	{"forwarded to a number that the carrier does not know, mailbox", world{"mailboxes/371": {}, "forwards/371": all("external:" + UnknownNumber)}, "371a answers, " + UnknownNumber + " unallocated", "371",
		"", "nothing", "mailbox 371 unavailable", "voicemail; " + UnknownNumber + " NOANSWER; via forward"},
	{"called from outside, forwarded to a number that has changed, mailbox", world{"mailboxes/372": {}, "numbers/+493012345710": {"destination": "extension:372"}, "forwards/372": all("external:" + ChangedNumber)}, "caller is finn, 372a answers, " + ChangedNumber + " changed", "+493012345710",
		"", "nothing", "mailbox 372 unavailable", "voicemail; " + ChangedNumber + " NOANSWER; via forward"},
	{"twin: a mobile's mailbox answers and says nothing", world{"external-numbers/" + SilentMailbox: {}, "mailboxes/308": {}, "extensions/308": {"twin_number": SilentMailbox}}, "308a silent, " + SilentMailbox + " machine", "308",
		"308a 0-5", "ringing", "mailbox 308 unavailable", "voicemail; " + SilentMailbox + " NOANSWER, 308a NOANSWER"},
	{"a free desk calls for help", world{"devices/326d": {"extension": "", "shared": true}}, "caller is 326d, ada answers", "110",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
	{"a free desk calls anybody else outside", nil, "caller is 326d", "0" + Mobiles["finn"][3:],
		"", "nothing", "404", "failed"},
	{"called from outside", world{"numbers/" + did("0"): {"destination": "extension:330"}}, "caller is cleo, 330a answers", did("0"),
		"330a 0", "ringing", "with 330a", "answered by 330a; 330a ANSWER; via forward"},
	{"called from outside, not answered, mailbox", world{"mailboxes/331": {}, "numbers/" + did("1"): {"destination": "extension:331"}}, "caller is dave, 331a silent", did("1"),
		"331a 0-5", "ringing", "mailbox 331 unavailable", "voicemail; 331a NOANSWER; via forward"},
	{"called from outside, a number of a mailbox", world{"mailboxes/332": {}, "numbers/" + did("2"): {"destination": "voicemail:332"}}, "caller is emma", did("2"),
		"", "nothing", "mailbox 332 unavailable", "voicemail; via forward"},
	{"called from outside, a number that ends calls", world{"numbers/" + did("3"): {"destination": "hangup"}}, "caller is finn", did("3"),
		"", "nothing", "480", "no-answer; via forward"},
	{"called from outside, a number that leads nowhere", world{"numbers/" + did("4"): {}}, "caller is gina", did("4"),
		"", "nothing", "404", "failed"},
	{"called from outside, no number of ours", nil, "caller is hugo", did("9"),
		"", "nothing", "404", "failed"},
	{"called from outside, forwarded inside", world{"numbers/" + did("5"): {"destination": "extension:333"}, "forwards/333": all("extension:334")}, "caller is ada, 333a answers, 334a answers", did("5"),
		"334a 0", "ringing", "with 334a", "answered by 334a; 334a ANSWER; via forward"},
	{"called from outside, forwarded outside", world{"numbers/" + did("6"): {"destination": "extension:335"}, "forwards/335": all("external:" + Mobiles["cleo"])}, "caller is bob, 335a answers, cleo answers", did("6"),
		"cleo 0", "ringing", "with cleo", "answered by cleo; cleo ANSWER; via forward"},
	{"an exception calls from outside", world{"numbers/" + did("7"): {"destination": "extension:336"}, "forwards/336": all("extension:337", Object{"exceptions": []string{Mobiles["dave"]}})}, "caller is dave, 336a answers, 337a answers", did("7"),
		"336a 0", "ringing", "with 336a", "answered by 336a; 336a ANSWER; via forward"},
	{"called from outside, transferred to somebody busy", world{"numbers/+493012345701": {"destination": "extension:350"}}, "caller is gina, 350a answers transfers 351 again answers, 351a refuses", "+493012345701",
		"350a 0, 351a, 350a", "ringing", "with 350a", "answered by 350a; 350a ANSWER, 350a ANSWER, 351a BUSY; via forward transfer"},
	{"called from outside, transferred in vain and refused: the mailbox", world{"mailboxes/356": {}, "numbers/+493012345702": {"destination": "extension:356"}}, "caller is emma, 356a answers transfers 799 again refuses", "+493012345702",
		"356a 0, 356a", "ringing", "mailbox 356 unavailable", "answered by 356a; 356a ANSWER, 356a BUSY; via forward transfer"},
	{"called from outside, transferred while it rings", world{"numbers/+493012345703": {"destination": "extension:357"}}, "caller is finn, 357a answers hands 358 again answers, 358a answers after 3", "+493012345703",
		"357a 0, 358a", "ringing", "with 358a", "answered by 357a; 357a ANSWER, 358a ANSWER; via forward transfer"},
	{"called from outside, transferred while it rings, and refused", world{"mailboxes/355": {}, "numbers/+493012345704": {"destination": "extension:354"}}, "caller is hugo, 354a answers hands 355 again answers, 355a refuses after 3", "+493012345704",
		"354a 0, 355a", "ringing", "mailbox 355 busy", "answered by 354a; 354a ANSWER; via forward transfer"},
	{"transferred to a mobile that refuses", nil, "352a answers transfers " + Mobiles["hugo"] + ", hugo refuses", "352",
		"352a 0, hugo, 352a", "ringing", "with 352a", "answered by 352a; 352a ANSWER, 352a ANSWER, hugo BUSY; via transfer"},
	{"transferred outside, and the class forbids it", world{"extensions/353": {"class_of_service": "nowhere"}}, "353a answers transfers " + Mobiles["ada"] + " again answers", "353",
		"353a 0, 353a", "ringing", "with 353a", "answered by 353a; 353a ANSWER, 353a ANSWER; via transfer"},
	{"forwarded to a mobile that refuses, mailbox", world{"mailboxes/359": {}, "forwards/359": all("external:" + Mobiles["cleo"])}, "359a answers, cleo refuses", "359",
		"cleo 0", "ringing", "mailbox 359 unavailable", "voicemail; cleo BUSY; via forward"},
	{"not answered, and the carrier does not know the forward: the mailbox", world{"mailboxes/360": {}, "forwards/360": {"no_answer": "external:" + UnknownNumber}}, "360a silent, " + UnknownNumber + " absent", "360",
		"360a 0-5", "ringing", "mailbox 360 unavailable", "voicemail; " + UnknownNumber + " NOANSWER, 360a NOANSWER; via forward"},
	{"a number of our own stays in the house", world{"numbers/" + did("8"): {"destination": "extension:338"}}, "338a answers", "0" + did("8")[3:],
		"338a 0", "ringing", "with 338a", "answered by 338a; 338a ANSWER; via forward"},
}
