package truth

import . "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

// redirectTruths are about phones that answer 302, as a phone does whose own forward is on.
var redirectTruths = []truth{
	{"a phone redirects to another extension", nil, "640a redirects 641, 641a answers", "640",
		"640a 0, 641a 0", "ringing", "with 641a", "answered by 641a; 640a BUSY, 641a ANSWER; via forward"},
	{"a phone redirects to a number at a foreign host: only the number counts", nil, "642a redirects 643@192.0.2.77:5070, 643a answers", "642",
		"642a 0, 643a 0", "ringing", "with 643a", "answered by 643a; 642a BUSY, 643a ANSWER; via forward"},
	{"a phone redirects to itself: its mailbox", world{"mailboxes/644": {}}, "644a redirects 644", "644",
		"644a 0", "ringing", "mailbox 644 unavailable", "voicemail; 644a BUSY"},
	{"a phone redirects to itself, and there is no mailbox", nil, "645a redirects 645", "645",
		"645a 0", "ringing", "480", "unreachable; 645a BUSY"},
	{"two phones redirect to each other: the rule of the second", world{"forwards/647": {"unreachable": "extension:648"}}, "646a redirects 647, 647a redirects 646, 648a answers", "646",
		"646a 0, 647a 0, 648a 0", "ringing", "with 648a", "answered by 648a; 646a BUSY, 647a BUSY, 648a ANSWER; via forward"},
	{"a phone redirects to the code of the voicemail", world{"mailboxes/649": {}}, "649a redirects *97", "649",
		"649a 0", "ringing", "mailbox 649 unavailable", "voicemail; 649a BUSY; via forward"},
	{"a phone redirects to another code: nobody's rights are used", world{"mailboxes/650": {}}, "650a redirects *12", "650",
		"650a 0", "ringing", "mailbox 650 unavailable", "voicemail; 650a BUSY"},
	{"a phone redirects to a trunk by name: it is no number", world{"mailboxes/651": {}}, "651a redirects PJSIP/0301234567%40carrier", "651",
		"651a 0", "ringing", "mailbox 651 unavailable", "voicemail; 651a BUSY"},
	{"one of two phones redirects, the other one rings on and is answered", nil, "652a redirects 653, 652b answers after 2, 653a answers", "652",
		"652a 0, 652b 0", "ringing", "with 652b", "answered by 652b; 652a BUSY, 652b ANSWER"},
	{"one of two phones redirects, the other one is not answered", nil, "654a redirects 655, 654b silent, 655a answers", "654",
		"654a 0, 654b 0-5, 655a 5", "ringing", "with 655a", "answered by 655a; 654a BUSY, 654b NOANSWER, 655a ANSWER; via forward"},
	{"a member of a group redirects: the others ring on", world{"ring-groups/g656": group("656", "all", Members("657", "658"), Object{"ring_seconds": 20})}, "657a redirects 659, 658a answers after 2, 659a answers", "656",
		"657a 0, 658a 0", "ringing", "with 658a", "answered by 658a; 657a BUSY, 658a ANSWER; via group"},
	{"all members of a group redirect: the group's own rule", world{"mailboxes/661": {}, "ring-groups/g660": group("660", "all", Members("662"), Object{"ring_seconds": 20, "destination": "voicemail:661"})}, "662a redirects 663, 663a answers", "660",
		"662a 0", "ringing", "mailbox 661 unavailable", "voicemail; 662a BUSY; via forward group"},
	{"the target of a redirection is busy: the mailbox of who redirects", world{"mailboxes/664": {}}, "664a redirects 665, 665a refuses", "664",
		"664a 0, 665a 0", "ringing", "mailbox 664 unavailable", "voicemail; 664a BUSY, 665a BUSY; via forward"},
}

// redirectOutsideTruths are the same about numbers outside.
var redirectOutsideTruths = []truth{
	{"a phone redirects outside, as it is dialled", nil, "380a redirects 0" + Mobiles["ada"][3:] + ", ada answers", "380",
		"380a 0, ada 0", "ringing", "with ada", "answered by ada; 380a BUSY, ada ANSWER; via forward"},
	{"a phone redirects outside, and the class forbids it: the mailbox", world{"mailboxes/381": {}, "PATCH extensions/381": {"class_of_service": "nowhere"}}, "381a redirects 0" + Mobiles["bob"][3:] + ", bob answers", "381",
		"381a 0", "ringing", "mailbox 381 unavailable", "voicemail; 381a BUSY"},
	{"a phone redirects to a number that costs more: nobody is busy", nil, "382a redirects 0900123456", "382",
		"382a 0", "ringing", "480", "unreachable; 382a BUSY"},
	{"a phone redirects to the emergency number: no", nil, "383a redirects 112", "383",
		"383a 0", "ringing", "480", "unreachable; 383a BUSY"},
	{"called from outside by who the phone redirects to: a circle", world{"numbers/+493012345385": {"destination": "extension:385"}}, "caller is cleo, 385a redirects " + Mobiles["cleo"], "+493012345385",
		"385a 0", "ringing", "480", "unreachable; 385a BUSY; via forward"},
}
