package callflow

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A refusal for our account is told with the trunk that was tried, and nothing else is.
func TestRefused(t *testing.T) {
	var told []string
	r := newRig(t, func(o *Options) {
		o.Refused = func(endpoint string, answer int) { told = append(told, fmt.Sprint(endpoint, " ", answer)) }
	})
	plan := pbx.Plan{Steps: []pbx.Step{{Kind: pbx.StepDial, Legs: []pbx.Leg{{Endpoint: "ta", Outside: "+4930"}}},
		{Kind: pbx.StepDial, Legs: []pbx.Leg{{Endpoint: "tb", Outside: "+4930"}}}, {Kind: pbx.StepDial, Legs: []pbx.Leg{{Endpoint: "d101"}}}}}
	for ended, answer := range []int{403, 503, 403, 401} {
		r.tellRefused(pbx.Call{Answer: answer}, plan, ended)
	}
	r.tellRefused(pbx.Call{Answer: 407}, plan, 1)
	if diff := cmp.Diff([]string{"ta 403", "tb 407"}, told); diff != "" {
		t.Error(diff)
	}
}

// Each step that a call is handed is told, with the channel, before it begins.
func TestRouted(t *testing.T) {
	var told []string
	var r *rig
	r = newRig(t, func(o *Options) {
		o.Routed = func(channel string, c pbx.Call, step pbx.Step) {
			for _, request := range r.trace() {
				if request == "POST 1/continue dial-acme,101,1" {
					t.Error("the step had begun already")
				}
			}
			told = append(told, channel+" "+c.Tenant+" "+c.Dialled+" "+string(step.Kind))
		}
	}).run()
	r.enters(caller("1", "101"), "call", "acme")
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
	if diff := cmp.Diff([]string{"1 acme 101 dial"}, told); diff != "" {
		t.Error(diff)
	}
}
