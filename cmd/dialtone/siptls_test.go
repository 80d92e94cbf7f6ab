package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/phoneconf"
)

// Without a certificate one is made, whose root phones are told; starts after that keep both.
// What does not fit together is refused with the flag's name.
func TestFlagsOfSIPOverTLS(t *testing.T) {
	database, config := filepath.Join(t.TempDir(), "dialtone.db"), t.TempDir()
	start := func(f sipTLSFlags) (phoneconf.Site, bool, error) {
		site := phoneconf.Site{SIPServer: "pbx.example.com"}
		transport, err := f.sipTLS(database, config, &site, slog.New(slog.DiscardHandler))
		return site, transport != nil && transport.Roots != "", err
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(config, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	site, _, err := start(sipTLSFlags{SIPTLSListen: "0.0.0.0:5061", SIPTLSRoots: filepath.Join(config, "missing")})
	if err != nil || !strings.Contains(site.Root, "BEGIN CERTIFICATE") {
		t.Fatal(site, err)
	}
	made := read("sip-tls.pem")
	root := filepath.Join(filepath.Dir(database), tlsFolder, "root.pem")
	again, roots, err := start(sipTLSFlags{SIPTLSListen: "0.0.0.0:5061", SIPTLSRoots: root})
	if err != nil || again.Root != site.Root || !bytes.Equal(read("sip-tls.pem"), made) || !roots ||
		!bytes.Equal(read("sip-tls-roots.pem"), []byte(site.Root)) {
		t.Errorf("after a second start: %v, the authorities are there: %v", err, roots)
	}
	cert, key := filepath.Join(config, "sip-tls.pem"), filepath.Join(config, "sip-tls.key")
	for want, f := range map[string]sipTLSFlags{
		"":                            {},
		"--sip-tls-listen pbx":        {SIPTLSListen: "pbx"},
		"--sip-tls-listen does not":   {SIPTLSCert: cert, SIPTLSKey: key},
		"--phone-root is of no use":   {SIPTLSListen: "0.0.0.0:5061", PhoneRoot: root},
		"--sip-tls-key: ":             {SIPTLSListen: "0.0.0.0:5061", SIPTLSCert: cert},
		"is not the certificate of":   {PhoneRoot: cert},
		"--phone-root " + key + ": h": {PhoneRoot: key},
	} {
		if _, _, err := start(f); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
	given, _, err := start(sipTLSFlags{SIPTLSListen: "0.0.0.0:5061", SIPTLSCert: cert, SIPTLSKey: key, PhoneRoot: root})
	if err != nil || given.Root != site.Root {
		t.Errorf("a certificate and a root of one's own: %v", err)
	}
}
