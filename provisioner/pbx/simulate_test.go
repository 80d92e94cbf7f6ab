package pbx

import (
	"fmt"
	"testing"
	"time"
)

// Ways that multiply are cut off, and say so.
func TestSimulateIsBounded(t *testing.T) {
	var es []*Extension
	var ds []*Device
	var fs []*Forward
	for i := range 20 {
		n := fmt.Sprint(100 + i)
		on := func(by int) Destination { return Destination{ToExtension, fmt.Sprint(100 + (i+by)%20)} }
		es = append(es, &Extension{Tenant: "acme", Number: n})
		ds = append(ds, &Device{Tenant: "acme", Name: n, Extension: n, Endpoint: "d" + n})
		fs = append(fs, &Forward{Tenant: "acme", Extension: n, Mode: ForwardOff, Busy: on(1), NoAnswer: on(2), Unreachable: on(3)})
	}
	s := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme", ClassOfService: "everything"}}, Extensions: es,
		Devices: ds, Forwards: fs, Classes: []*ClassOfService{{Tenant: "acme", Name: "everything", Allow: []string{"any"}}}})
	places, cut := 0, 0
	var count func(p *Place)
	count = func(p *Place) {
		places++
		if p.Cut {
			cut++
		}
		for i, then := range p.Then {
			if p.Plan.Steps[i].To != then.At {
				t.Errorf("step %d leads to %s, shown is %s", i, p.Plan.Steps[i].To, then.At)
			}
			count(then)
		}
	}
	count(Simulate(s, Call{Tenant: "acme", Dialled: "100"}, time.Time{}))
	if places-cut != maxPlaces || cut == 0 {
		t.Errorf("%d places, %d of them cut", places, cut)
	}
}
