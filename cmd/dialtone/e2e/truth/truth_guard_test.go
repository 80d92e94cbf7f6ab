package truth

import . "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

// dear is what no guard of 4000 thousandths a day pays a minute to: the rates of the stage.
const dear = "gina"

// rates are the stage's.
var rates = map[string]int{"+49": 10, Mobiles[dear]: 5000}

// bounded is an extension with a guard.
func bounded(guard Object, more ...Object) Object {
	out := Object{"guard": guard}
	for _, m := range more {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

var fourThousand = Object{"spend_per_day": 4000}

// guardTruths are about calls outside that are bounded.
var guardTruths = []truth{
	{"dialled, too dear for the day", world{"extensions/580": bounded(fourThousand)}, "caller is 580a", Mobiles[dear],
		"", "nothing", "403", "refused"},
	{"dialled, the day pays for it", world{"extensions/581": bounded(fourThousand)}, "caller is 581a, hugo answers", Mobiles["hugo"],
		"hugo 0", "ringing", "with hugo", "answered by hugo; hugo ANSWER"},
	{"forwarded, too dear for the day", world{"extensions/582": bounded(fourThousand),
		"forwards/582": all("external:" + Mobiles[dear])}, "582a answers", "582",
		"", "nothing", "403", "refused; via forward"},
	{"forwarded, too dear for the day, mailbox", world{"mailboxes/583": {}, "extensions/583": bounded(fourThousand),
		"forwards/583": all("external:" + Mobiles[dear])}, "583a answers", "583",
		"", "nothing", "mailbox 583 unavailable", "voicemail; via forward"},
	{"not answered, and the forward too dear for the day: the mailbox", world{"mailboxes/584": {},
		"extensions/584": bounded(fourThousand), "forwards/584": {"no_answer": "external:" + Mobiles[dear]}}, "584a silent",
		"584",
		"584a 0-5", "ringing", "mailbox 584 unavailable", "voicemail; 584a NOANSWER; via forward"},
	{"a twin, too dear for the day", known(dear).and(world{"extensions/585": bounded(fourThousand, twin(dear, 10))}),
		"585a answers after 2, gina silent", "585",
		"585a 0", "ringing", "with 585a", "answered by 585a; 585a ANSWER"},
	{"an external device, too dear for the day", known(dear).and(world{"extensions/586": bounded(fourThousand),
		"devices/ext-586": leading("586", Mobiles[dear])}), "586a answers after 2, gina silent", "586",
		"586a 0", "ringing", "with 586a", "answered by 586a; 586a ANSWER"},
	{"ring group: a member's twin, too dear for the day",
		known(dear).and(world{"extensions/588": bounded(fourThousand, twin(dear, 10)),
			"ring-groups/g587": group("587", "all", Members("588"))}), "588a answers after 2, gina silent",
		"587",
		"588a 0", "ringing", "with 588a", "answered by 588a; 588a ANSWER; via group"},
	{"one call outside at once: of two mobiles one rings",
		known("ada", "bob").and(world{"extensions/589": bounded(Object{"calls": 1}, twin("ada", 10)),
			"devices/ext-589": leading("589", Mobiles["bob"])}), "589a answers after 2, ada silent, bob silent", "589",
		"589a 0, bob 0-2", "ringing", "with 589a", "answered by 589a; 589a ANSWER, bob CANCEL"},
	{"a twin within the minutes of the day",
		known("cleo").and(world{"extensions/590": bounded(Object{"minutes_per_day": 5}, twin("cleo", 30))}),
		"590a silent, cleo answers presses 1", "590",
		"590a 0, cleo 0", "ringing", "with cleo", "answered by cleo; 590a CANCEL, cleo ANSWER"},
	{"dialled within the minutes of the day", world{"extensions/591": bounded(Object{"minutes_per_day": 5,
		"calls_per_minute": 1})}, "caller is 591a, dave answers", Mobiles["dave"],
		"dave 0", "ringing", "with dave", "answered by dave; dave ANSWER"},
	{"transferred, too dear for the day", world{"extensions/592": bounded(fourThousand)},
		"592a answers transfers " + Mobiles[dear] + " again answers", "592",
		"592a 0, 592a", "ringing", "with 592a", "answered by 592a; 592a ANSWER, 592a ANSWER; via transfer"},
	{"help is never too dear", world{"extensions/593": bounded(Object{"spend_per_day": 1, "minutes_per_day": 1,
		"calls": 1})}, "caller is 593a, ada answers", "112",
		"ada 0", "ringing", "with ada", "answered by ada; ada ANSWER"},
}
