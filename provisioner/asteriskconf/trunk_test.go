package asteriskconf_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// checkTrunks compares what Asterisk shows of each trunk, and of each leg that is
// a call of its own.
func (r *realAsterisk) checkTrunks(t *testing.T, s *pbx.Snapshot) {
	t.Helper()
	for _, k := range s.Trunks {
		got := r.endpoint(k.Endpoint)
		account := ""
		if k.Username != "" {
			account = k.Endpoint
		}
		if got["Context"] != pbx.TrunkContext || got["Aors"] != k.Endpoint || got["OutboundAuth"] != account ||
			got["Auth"] != "" || strings.Trim(got["FromDomain"], "[]") != cmp.Or(k.FromDomain, k.Host) ||
			got["FromUser"] != k.FromUser || got["OutboundProxy"] != k.Proxy() {
			t.Errorf("trunk %s: shown as %v", k.Name, got)
		}
		if got["AllowTransfer"] != "false" || got["MessageContext"] != "dialtone-nowhere" {
			t.Errorf("trunk %s: REFER is taken or MESSAGE runs: %v", k.Name, got)
		}
		if out := r.console(t, "pjsip show aor "+k.Endpoint); !strings.Contains(out, k.Endpoint+"/sip:") {
			t.Errorf("trunk %s has no contact:\n%s", k.Name, out)
		}
		if out := r.console(t, "pjsip show registration "+k.Endpoint); strings.Contains(out, "sip:"+k.Username+"@") != (k.Register && !k.Disabled) {
			t.Errorf("trunk %s registers: %v, shown:\n%s", k.Name, k.Register, out)
		}
		if out := r.console(t, "pjsip show identify "+k.Endpoint); strings.Contains(out, k.Endpoint+"/"+k.Endpoint) == k.Disabled {
			t.Errorf("trunk %s is not identified:\n%s", k.Name, out)
		}
	}
	for _, e := range s.Extensions {
		for _, ring := range s.Rings(e) {
			for _, l := range ring.Legs {
				if l.Own != nil && r.ami.ask("Getvar", "", "Variable", "DIALPLAN_EXISTS("+pbx.LegContext+","+l.Endpoint+",1)")[0]["Value"] != "1" {
					t.Errorf("leg %s of extension %s is not there", l.Endpoint, e.Number)
				}
			}
		}
	}
}

func (r *realAsterisk) console(t *testing.T, command string) string {
	t.Helper()
	out, err := r.in.CLI(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTrunkIsChecked: what would add a line or a parameter to a URI is refused,
// even if it got past the door.
func TestTrunkIsChecked(t *testing.T) {
	for name, change := range map[string]func(*pbx.Trunk){
		"host":     func(k *pbx.Trunk) { k.Host = "a\n[x]" },
		"username": func(k *pbx.Trunk) { k.Username = "a;transport=tls" },
		"secret":   func(k *pbx.Trunk) { k.Secret = pbx.NewSecret("a\nb") },
		"endpoint": func(k *pbx.Trunk) { k.Endpoint = "dialtone-marker" },
		"caller":   func(k *pbx.Trunk) { k.CallerNumber = "1)" },
		"codec":    func(k *pbx.Trunk) { k.Codecs = []string{"pcma", "a\n[x]"} },
		"dtmf":     func(k *pbx.Trunk) { k.DTMF = "auto\n[x]" },
		"from":     func(k *pbx.Trunk) { k.FromUser = "a;b" },
		"domain":   func(k *pbx.Trunk) { k.FromDomain = "a;b" },
		"proxy":    func(k *pbx.Trunk) { k.OutboundProxy = "a;transport=tls" },
	} {
		k := &pbx.Trunk{Tenant: "default", Name: "carrier", Endpoint: "tabc", Host: "a.example", Port: 5060, Transport: pbx.TransportUDP,
			Username: "user", Secret: pbx.NewSecret("password")}
		s := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "default", Timezone: "UTC"}}, Trunks: []*pbx.Trunk{k}})
		render(t, templates.MustNew(), s)
		change(k)
		if _, err := asteriskconf.Render(templates.MustNew(), s, asteriskconf.Options{}); err == nil {
			t.Errorf("%s: rendered", name)
		}
	}
}
