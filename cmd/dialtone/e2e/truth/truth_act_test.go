package truth

import (
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// in is an extension of a phone group.
func in(group string) Object { return Object{"groups": []string{group}} }

// actTruths are about what people do with calls: pickup, transfer, calls placed
// over the API, signing in at a desk.
var actTruths = []truth{
	{"picked up by a member of the group", world{"groups/sales": {}, "extensions/400": in("sales"), "extensions/401": in("sales")}, "400a silent, 401a dials *8 after 2", "400",
		"400a 0-2", "ringing", "with 401a", "answered by 401a; 400a, 401a ANSWER; via pickup"},
	{"nothing to pick up", world{"groups/idle": {}, "extensions/402": in("idle")}, "caller is 402a", "*8",
		"", "nothing", "480", "unreachable"},
	{"pickup by somebody in no group", nil, "caller is 403a", "*8",
		"", "nothing", "403", "refused"},
	{"transferred to somebody free", nil, "404a answers transfers 405, 405a answers", "404",
		"404a 0, 405a", "ringing", "with 405a", "answered by 404a; 404a ANSWER, 405a ANSWER; via transfer"},
	{"transferred to somebody busy", nil, "406a answers transfers 407, 407a refuses", "406",
		"406a 0, 407a", "ringing", "hung up", "answered by 406a; 406a ANSWER, 407a BUSY; via transfer"},
	{"transferred to somebody busy with a mailbox", world{"mailboxes/409": {}}, "408a answers transfers 409, 409a refuses", "408",
		"408a 0, 409a", "ringing", "mailbox 409 busy", "answered by 408a; 408a ANSWER, 409a BUSY; via transfer"},
	{"transferred to somebody who forwards", world{"forwards/411": all("extension:412")}, "410a answers transfers 411, 411a answers, 412a answers", "410",
		"410a 0, 412a", "ringing", "with 412a", "answered by 410a; 410a ANSWER, 412a ANSWER; via forward transfer"},
	{"transferred to somebody not registered", nil, "413a answers transfers 414, 414a absent", "413",
		"413a 0", "ringing", "hung up", "answered by 413a; 413a ANSWER; via transfer"},
	{"transferred to somebody who excepts the caller", world{"forwards/416": all("extension:417", Object{"exceptions": []string{"418"}})}, "caller is 418a, 415a answers transfers 416, 416a answers sees 418, 417a answers", "415",
		"415a 0, 416a", "ringing", "with 416a", "answered by 415a; 415a ANSWER, 416a ANSWER; via transfer"},
	{"transferred after it was announced", nil, "419a answers announces 420, 420a answers", "419",
		"419a 0, 420a", "ringing", "with 420a", "answered by 419a; 419a ANSWER, 420a ANSWER; via transfer"},
	{"transferred over the API after asking", nil, "437a answers consults 438 completes, 438a answers", "437",
		"437a 0, 438a", "ringing", "with 438a", "answered by 437a; 437a ANSWER, 438a ANSWER; via transfer"},
	{"transferred by hanging up after asking", nil, "439a answers consults 440 departs, 440a answers", "439",
		"439a 0, 440a", "ringing", "with 440a", "answered by 439a; 439a ANSWER, 440a ANSWER; via transfer"},
	{"taken back after asking", nil, "441a answers consults 442 returns, 442a answers", "441",
		"441a 0, 442a", "ringing", "with 441a", "answered by 441a; 441a ANSWER, 442a ANSWER"},
	{"who is asked is busy", nil, "443a answers consults 444, 444a refuses", "443",
		"443a 0, 444a", "ringing", "with 443a", "answered by 443a; 443a ANSWER, 444a BUSY"},
	{"who is asked does not answer", nil, "445a answers consults 446, 446a silent", "445",
		"445a 0, 446a", "ringing", "with 445a", "answered by 445a; 445a ANSWER, 446a NOANSWER"},
	{"who asks hangs up before an answer", nil, "447a answers consults 448 abandons, 448a silent", "447",
		"447a 0, 448a, 447a", "ringing", "with 447a", "answered by 447a; 447a ANSWER, 447a ANSWER, 448a CANCEL"},
	{"placed over the API", nil, "caller is 421a clicks, 422a answers after 1 sees 421", "422",
		"422a", "ringing", "with 422a", "answered by 422a; 422a ANSWER; via click"},
	{"placed over the API, busy", nil, "caller is 423a clicks, 424a refuses", "424",
		"424a", "ringing", "hung up", "busy; 424a BUSY; via click"},
	{"placed over the API, forwarded", world{"forwards/426": all("extension:427")}, "caller is 425a clicks, 426a answers, 427a answers after 1", "426",
		"427a", "ringing", "with 427a", "answered by 427a; 427a ANSWER; via click forward"},
	{"placed over the API, not answered, mailbox", world{"mailboxes/429": {}}, "caller is 428a clicks, 429a silent", "429",
		"429a", "ringing", "mailbox 429 unavailable", "voicemail; 429a NOANSWER; via click"},
	{"somebody signed in at a desk", world{"devices/430d": {"extension": "", "shared": true}, "users/ann": {"full_name": "Ann", "role": "user", "extension": "431"}, "extensions/431": {}, "POST users/ann/desk": {"device": "430d"}}, "430d answers", "431",
		"430d 0", "ringing", "with 430d", "answered by 430d; 430d ANSWER"},
	{"somebody signed in nowhere", world{"users/ben": {"full_name": "Ben", "role": "user", "extension": "432"}, "extensions/432": {}}, "", "432",
		"", "nothing", "480", "unreachable"},
	{"somebody with a phone of his own signed in at a desk", world{"devices/433d": {"extension": "", "shared": true}, "users/cid": {"full_name": "Cid", "role": "user", "extension": "434"}, "POST users/cid/desk": {"device": "433d"}}, "433d answers after 1, 434a silent", "434",
		"433d 0, 434a 0-1", "ringing", "with 433d", "answered by 433d; 433d ANSWER, 434a CANCEL"},
	{"called from a desk", world{"devices/435d": {"extension": "", "shared": true}, "users/dan": {"full_name": "Dan", "role": "user", "extension": "436"}, "extensions/436": {}, "mailboxes/436": {}, "POST users/dan/desk": {"device": "435d"}}, "caller is 435d", "*97",
		"", "nothing", "messages 436", "answered"},
}
