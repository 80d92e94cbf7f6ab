package callflow

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

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
