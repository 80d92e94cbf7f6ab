package callflow

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// What was typed reaches SignIn, and the call goes on where its outcome is spoken.
func TestDesk(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name, dialled string
		err           error
		did, last     string
	}{
		{"in", "*11", nil, "in dccc 101 4711", "POST 1/continue desk-acme,*11,done"},
		{"wrong", "*11", refused, "in dccc 101 4711", "POST 1/continue desk-acme,*11,refused"},
		{"out", "*12", nil, "out dccc", "POST 1/continue desk-acme,*12,done"},
		{"not out", "*12", refused, "out dccc", "POST 1/continue desk-acme,*12,refused"},
		{"another number", "101", nil, "", "POST 1/continue desk-acme,101,refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var did []string
			r := newRig(t, func(o *Options) {
				o.SignIn = func(_ context.Context, endpoint, number, pin string) error {
					did = append(did, "in "+endpoint+" "+number+" "+pin)
					return c.err
				}
				o.SignOut = func(_ context.Context, endpoint string) error {
					did = append(did, "out "+endpoint)
					return c.err
				}
			}).run()
			r.server.SetVariable("1", pbx.DeskNumberVariable, "101")
			r.server.SetVariable("1", pbx.DeskPINVariable, "4711")
			r.enters(caller("1", c.dialled), "desk", "acme")
			if v := r.verdict(); v != Decided {
				t.Errorf("verdict %s", v)
			}
			r.stop()
			if trace := r.trace(); strings.Join(did, ";") != c.did || !slices.Contains(trace, c.last) {
				t.Errorf("did %q, want %q; requests:\n%s", did, c.did, strings.Join(trace, "\n"))
			}
			if strings.Contains(r.log.String(), "4711") {
				t.Error("the PIN is in the log")
			}
		})
	}
}

// A caller who hung up, and an Asterisk that answers nothing, leave no call behind.
func TestDeskFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		want   Verdict
	}{{"hung up", 404, Gone}, {"moved on", 409, Gone}, {"broken", 500, HungUp}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil).run()
			r.answers("POST /channels/*/continue", aritest.Failure(c.status, "no"))
			r.enters(caller("1", "*12"), "desk", "acme")
			if v := r.verdict(); v != c.want {
				t.Errorf("verdict %s, want %s", v, c.want)
			}
		})
	}
}
