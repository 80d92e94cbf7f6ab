package asteriskconf

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

func hostOptions() HostOptions {
	return HostOptions{SIP: netip.MustParseAddrPort("[::1]:5060"), IAX: netip.MustParseAddrPort("127.0.0.1:4569"), AMIPort: 5038, ARIPort: 8088, AMIUser: "dialtone", ARIUser: "dialtone",
		AMISecret: pbx.NewSecret("0123456789abcdef"), ARISecret: pbx.NewSecret("0123456789abc;--"), RTPFirst: 10000, RTPLast: 10099}
}

// TestHostFiles: each include stands in its file once, control listens on
// loopback with the least rights, and secrets are escaped.
func TestHostFiles(t *testing.T) {
	files, err := HostFiles(templates.MustNew(), hostOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range Includes() {
		if i.HostFile == "chan_dahdi.conf" { // only who has the hardware has the file
			if i.Needs == "" || files[i.HostFile] != nil {
				t.Errorf("%s: %+v", i.HostFile, i)
			}
			continue
		}
		if n := strings.Count(string(files[i.HostFile]), "\n"+i.Line+"\n"); n != 1 {
			t.Errorf("%s has %q %d times", i.HostFile, i.Line, n)
		}
	}
	for name, want := range map[string]confItem{
		"manager.conf": {"dialtone", "write", "system,call,reporting,user"},
		"http.conf":    {"general", "bindaddr", "127.0.0.1"},
		"ari.conf":     {"dialtone", "password", "0123456789abc;--"},
		"pjsip.conf":   {"dialtone-tcp", "bind", "[::1]:5060"},
	} {
		found := false
		for _, item := range readConf(string(files[name])) {
			found = found || item == want
		}
		if !found {
			t.Errorf("%s does not say %v:\n%s", name, want, files[name])
		}
	}
}

func TestHostFilesRefuse(t *testing.T) {
	for field, change := range map[string]func(*HostOptions){
		"sip":        func(o *HostOptions) { o.SIP = netip.AddrPort{} },
		"ami_port":   func(o *HostOptions) { o.AMIPort = 0 },
		"ari_port":   func(o *HostOptions) { o.ARIPort = 70000 },
		"rtp_last":   func(o *HostOptions) { o.RTPLast = o.RTPFirst },
		"ami_user":   func(o *HostOptions) { o.AMIUser = "general" },
		"ari_user":   func(o *HostOptions) { o.ARIUser = "a]" },
		"ami_secret": func(o *HostOptions) { o.AMISecret = pbx.NewSecret("short") },
		"ari_secret": func(o *HostOptions) { o.ARISecret = pbx.NewSecret("0123456789abcdef\n[x]") },
	} {
		o := hostOptions()
		change(&o)
		_, err := HostFiles(templates.MustNew(), o)
		var bad pbx.Errors
		if !errors.As(err, &bad) || bad[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
