package outside

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestCirclesRealAsterisk lets forwards of the office and of mobiles lead to each other: by a
// carrier that tells of it (Diversion), and by one that does not.
func TestCirclesRealAsterisk(t *testing.T) {
	t.Parallel()
	o := openOutdoors(t, box.Asterisk22)
	const most = 6
	o.Do(t, "PATCH", Tenant, Object{"country": "DE"}, nil)
	o.Do(t, "PATCH", Tenant+"/trunks/carrier", Object{"max_calls": most}, nil)
	o.Extension(t, "102", "", nil)
	desk := o.Register(t, o.Device(t, "desk-102", "102", nil), phone.Options{})
	o.Do(t, "PUT", Tenant+"/numbers/"+CircleNumber, Object{"destination": "extension:102"}, nil)
	o.Registered()

	o.Do(t, "PUT", Tenant+"/forwards/102", Object{"mode": "destination", "destination": "external:" + ForwardingMobile}, nil)
	o.Applied(t)
	out := Dial(t, o.Caller, "102")
	in := Rings(t, out, desk)
	Answer(t, out, in)
	Talk(t, out, in)
	if n := o.channels(t); n > 6 { // two phones, and the carrier's circle once
		t.Errorf("the call has %d channels:\n%s", n, o.Console(t, "core show channels concise"))
	}
	HangUp(t, out, in)
	o.NoChannels(t)

	o.Do(t, "PUT", Tenant+"/forwards/102", Object{"mode": "destination", "destination": "external:" + SilentForwarder}, nil)
	o.Applied(t)
	out = Dial(t, o.Caller, "102")
	select {
	case <-out.Done():
	case <-time.After(Patience):
		t.Fatal("the circle does not end by itself")
	}
	o.NoChannels(t)
	if n := metric(t, o.Metrics(t), "dialtone_calls_at_bound"); n < 1 {
		t.Errorf("%v calls were refused by the trunk's bound", n)
	}
}

// channels counts Asterisk's.
func (o *outdoors) channels(t *testing.T) int {
	t.Helper()
	return strings.Count(o.Console(t, "core show channels concise"), "PJSIP/")
}

func metric(t *testing.T, text, name string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no metric %s", name)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
