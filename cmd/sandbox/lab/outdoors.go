package lab

import (
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// Outdoors is an office with a trunk, a caller, and two mobiles outside.
type Outdoors struct {
	*Lab
	*Carrier
	Caller, Ada *phone.Phone
}

// OpenOutdoors has extension 101 to call from and, in each with a desk phone's
// place free, 210 with Ada's mobile, 211 with a mobile's mailbox, 212 with a twin,
// 213 in sequence: desk, mobile, desk. Flags are for the controller.
func OpenOutdoors(t *testing.T, suite box.Suite, flags ...string) *Outdoors {
	t.Helper()
	o := &Outdoors{Lab: Open(t, suite, flags...), Carrier: OpenCarrier(t)}
	o.Trunk(o.Lab, "carrier", Object{"register": true})
	o.Extension(t, "101", "", Object{"name": "Caller"})
	o.Extension(t, "210", "", Object{"ring_seconds": 40})
	o.External(t, "mobile-210", "210", Mobiles["ada"], nil)
	o.Extension(t, "211", "4711", Object{"ring_seconds": 5})
	o.External(t, "mobile-211", "211", SilentMailbox, nil)
	o.Extension(t, "212", "", Object{"ring_seconds": 40, "twin_number": Mobiles["ada"]})
	o.Extension(t, "213", "4713", Object{"ring": "sequence", "ring_seconds": 20})
	o.External(t, "mobile-213", "213", Mobiles["ada"], Object{"ring_seconds": 3, "ring_order": 2})
	o.Extension(t, "214", "", Object{"ring_seconds": 20})
	o.External(t, "mobile-214", "214", eagerMobile, nil)
	o.Extension(t, "215", "", Object{"ring_seconds": 20})
	o.External(t, "mobile-215", "215", busyMobile, nil)
	o.Caller = o.Register(t, o.Device(t, "caller", "101", nil), phone.Options{})
	o.Ada = o.Mobile(t, "ada", phone.Options{})
	return o
}

// Asked waits until the callee outside hears the prompt, and checks that nobody
// else noticed that he did.
func (o *Outdoors) Asked(t *testing.T, out, desk *phone.Call, mobile *phone.Call) {
	t.Helper()
	if err := mobile.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, mobile)
	StillRings(t, out, desk)
}

// StillRings fails if the call has been answered or the phone has stopped.
func StillRings(t *testing.T, out, desk *phone.Call) {
	t.Helper()
	select {
	case <-out.Answered():
		t.Fatal("the caller was answered before anybody accepted")
	case <-out.Done():
		t.Fatalf("the call ended: %v", out.Err())
	case <-desk.Done():
		t.Fatalf("the desk phone stopped ringing: %v", desk.Err())
	default:
	}
}

// Presses1 answers outside and accepts the call.
func Presses1(t *testing.T, out, mobile *phone.Call) {
	t.Helper()
	if err := mobile.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, mobile)
	Press(t, mobile, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
}
