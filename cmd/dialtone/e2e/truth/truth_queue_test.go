package truth

import (
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestTruthQueuesRealAsterisk is the truth table of calls to queues.
func TestTruthQueuesRealAsterisk(t *testing.T) {
	t.Parallel()
	tellTruth(t, openStage(t), queueTruths)
}

// TestTruthQueuesRealAsterisk16 is the same on the oldest Asterisk.
func TestTruthQueuesRealAsterisk16(t *testing.T) {
	t.Parallel()
	tellTruth(t, stageIn(Open(t, box.Asterisk16)), queueTruths)
}

// queued is the step that follows a queue, by what its members do; 0 where a member takes the
// call. The order of ringing is Asterisk's, not the plan's: the row's own word is taken.
func (sc *scene) queued(f *forecast, next map[string]int) int {
	turns, err := readTurns(sc.row.rings)
	if err != nil || next["timeout"] == 0 || next["full"] == 0 || next["empty"] == 0 {
		return 0
	}
	f.turns = turns
	outcome := "empty"
	for _, p := range sc.people {
		switch p.does {
		case "answers":
			if sc.row.ends == "with "+p.name {
				return 0
			}
		case "silent", "refuses":
			outcome = "timeout"
		}
	}
	return next[outcome]
}

// line is a queue whose members are extensions.
func line(number string, who []Object, more ...Object) Object {
	out := Object{"number": number, "ring_seconds": 3, "retry_seconds": 1, "members": who}
	for _, m := range more {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

var queueTruths = []truth{
	{"queue: a member answers", world{"queues/q800": line("800", Members("801"))}, "801a answers after 1", "800",
		"801a 0", "", "with 801a", "answered by 801a; 801a ANSWER; via queue"},
	{"queue: all ring, and one answers", world{"queues/q802": line("802", Members("803", "804"))}, "803a silent, 804a answers after 1", "802",
		"803a 0-1, 804a 0", "", "with 804a", "answered by 804a; 803a CANCEL, 804a ANSWER; via queue"},
	{"queue: no member is registered", world{"queues/q805": line("805", Members("806"))}, "806a absent", "805",
		"", "nothing", "480", "unreachable; via queue"},
	{"queue: no member is registered, and it says where calls go then", world{"queues/q807": line("807", Members("808"), Object{"destination": "hangup", "empty_destination": "extension:809"})}, "808a absent, 809a answers", "807",
		"809a 0", "", "with 809a", "answered by 809a; 809a ANSWER; via forward queue"},
	{"queue: no member at all", world{"queues/q810": line("810", Members()), "mailboxes/811": {}, "PATCH queues/q810": {"destination": "voicemail:811"}}, "", "810",
		"", "", "mailbox 811 unavailable", "voicemail; via forward queue"},
	{"queue: nobody answers in time", world{"queues/q812": line("812", Members("813"), Object{"max_wait_seconds": 5, "timeout_destination": "extension:814"})}, "813a silent, 814a answers", "812",
		"813a 0-3, 813a 4, 814a", "", "with 814a", "answered by 814a; 813a NOANSWER, 813a NOANSWER, 814a ANSWER; via forward queue"},
	{"queue: nobody answers in time, and the call ends", world{"queues/q815": line("815", Members("816"), Object{"max_wait_seconds": 5})}, "816a silent", "815",
		"816a 0-3, 816a 4", "", "hung up", "no-answer; 816a NOANSWER, 816a NOANSWER; via queue"},
	{"queue: who refuses is asked again, and another answers", world{"queues/q817": line("817", Members("818", "819"))}, "818a refuses, 819a answers after 1", "817",
		"818a 0, 819a 0", "", "with 819a", "answered by 819a; 818a BUSY, 819a ANSWER; via queue"},
	{"queue: who does not want to be disturbed does not ring", world{"queues/q820": line("820", Members("821", "822")), "extensions/821": {"do_not_disturb": true}}, "821a silent, 822a answers after 1", "820",
		"822a 0", "", "with 822a", "answered by 822a; 822a ANSWER; via queue"},
	{"queue: who is in a call does not ring", world{"queues/q823": line("823", Members("824", "825"))}, "826a talks 824a, 825a answers after 1", "823",
		"825a 0", "", "with 825a", "answered by 825a; 825a ANSWER; via queue"},
	{"queue, sequential: the next one when the first is silent", world{"queues/q827": line("827", Members("828", "829"), Object{"strategy": "sequential"})}, "828a silent, 829a answers", "827",
		"828a 0-3, 829a 4", "", "with 829a", "answered by 829a; 828a NOANSWER, 829a ANSWER; via queue"},
	{"queue: a penalty lets others ring first", world{"queues/q830": line("830", []Object{{"extension": "831", "penalty": 5}, {"extension": "832"}})}, "831a silent, 832a answers after 1", "830",
		"832a 0", "", "with 832a", "answered by 832a; 832a ANSWER; via queue"},
	{"queue: the caller is a member", world{"queues/q833": line("833", Members("834", "835"))}, "caller is 834a, 835a answers", "833",
		"835a 0", "", "with 835a", "answered by 835a; 835a ANSWER; via queue"},
	{"queue: a welcome", world{"announcements/welcome": {"tone": 700.0}, "queues/q836": line("836", Members("837"), Object{"welcome": "announcement:welcome"})}, "837a answers", "836",
		"837a 2", "announcement 700", "with 837a", "answered by 837a; 837a ANSWER; via queue"},
	{"queue: an extension forwards to it", world{"queues/q838": line("838", Members("839")), "PUT forwards/840": all("queue:q838"), "extensions/840": {}}, "839a answers", "840",
		"839a 0", "", "with 839a", "answered by 839a; 839a ANSWER; via forward queue"},
	{"queue: a ring group ends in it", world{"queues/q841": line("841", Members("842")), "ring-groups/g843": group("843", "all", Members("844"), Object{"destination": "queue:q841"})}, "844a absent, 842a answers", "843",
		"842a 0", "", "with 842a", "answered by 842a; 842a ANSWER; via forward group queue"},
	{"queue: full queues lead to other queues", world{"queues/q845": line("845", Members("846")), "queues/q847": line("847", Members("848"), Object{"empty_destination": "queue:q845"})}, "848a absent, 846a answers", "847",
		"846a 0", "", "with 846a", "answered by 846a; 846a ANSWER; via forward queue"},
	{"queue: all devices of a member ring", world{"queues/q849": line("849", Members("850"))}, "850a silent, 850b answers after 1", "849",
		"850a 0-1, 850b 0", "", "with 850b", "answered by 850b; 850a CANCEL, 850b ANSWER; via queue"},
}
