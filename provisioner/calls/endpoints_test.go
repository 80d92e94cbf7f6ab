package calls

import (
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// A call that rings several devices of an extension is one; two that are at one device are two.
func TestCallsAtEndpoints(t *testing.T) {
	r := newCallRig()
	channel := func(what, endpoint, id, call string) {
		text := amitest.Event(what, "Channel", "PJSIP/"+endpoint+"-0000000"+id[:1], "Uniqueid", id, "Linkedid", call, "ChannelStateDesc", "Ring",
			"Context", "from-default", "Exten", "102", "Cause", "16")
		r.Handle(ami.Event{Frame: ami.ParseFrame(text), At: time.Now()})
	}
	count := func(want int, endpoints ...string) {
		t.Helper()
		if got := r.AtEndpoints(endpoints); got != want {
			t.Errorf("%v have %d calls, want %d", endpoints, got, want)
		}
	}
	count(0, "dbob", "dbobsoft")
	channel("Newchannel", "dcaller", "1.1", "1.1")
	channel("Newchannel", "dbob", "1.2", "1.1")
	channel("Newchannel", "dbobsoft", "1.3", "1.1")
	count(1, "dbob", "dbobsoft")
	channel("Newchannel", "dother", "2.1", "2.1")
	channel("Newchannel", "dbob", "2.2", "2.1")
	count(2, "dbob", "dbobsoft")
	count(1, "dbobsoft")
	channel("Hangup", "dbob", "1.2", "1.1")
	channel("Hangup", "dbobsoft", "1.3", "1.1")
	count(1, "dbob", "dbobsoft")
	count(0)
}
