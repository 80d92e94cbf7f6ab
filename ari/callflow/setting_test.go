package callflow

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// What a code sets reaches Change, and the call goes on where its outcome is spoken.
// Nobody changes the settings of whom he transfers to a code.
func TestSetting(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name, dialled string
		by            []string // the transferer's channel
		err           error
		did, label    string
	}{
		{"on", "*78", nil, nil, "dccc 102 do_not_disturb on", "done"},
		{"off", "*73", nil, nil, "dccc 102 forward_all off", "done"},
		{"refused by the rules", "*78", nil, refused, "dccc 102 do_not_disturb on", "refused"},
		{"not the own extension", "*78101", nil, nil, "", "refused"},
		{"transferred", "*78", []string{"PJSIP/daaa-0000002b"}, nil, "", "refused"},
		{"no code", "101", nil, nil, "", "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			did := ""
			r := newRig(t, func(o *Options) {
				o.Change = func(_ context.Context, endpoint string, set pbx.Setting) (bool, error) {
					did = strings.Join([]string{endpoint, set.Extension, string(set.Feature), string(set.Act)}, " ")
					return set.Act == pbx.SwitchOn, c.err
				}
			}).run()
			r.enters(caller("1", c.dialled), append([]string{"setting", "acme"}, c.by...)...)
			if v := r.verdict(); v != Decided {
				t.Errorf("verdict %s", v)
			}
			r.stop()
			if trace := r.trace(); did != c.did || !slices.Contains(trace, "POST 1/continue set-acme,"+c.dialled+","+c.label) {
				t.Errorf("did %q, want %q; requests:\n%s", did, c.did, strings.Join(trace, "\n"))
			}
		})
	}
}

// Without anybody to change settings the caller hears that nothing was changed.
func TestSettingRefusedWithoutChange(t *testing.T) {
	r := newRig(t, nil).run()
	r.enters(caller("1", "*78"), "setting", "acme")
	if v := r.verdict(); v != Decided {
		t.Errorf("verdict %s", v)
	}
	r.stop()
	if trace := r.trace(); !slices.Contains(trace, "POST 1/continue set-acme,*78,refused") {
		t.Error(trace)
	}
}
