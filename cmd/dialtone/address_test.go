package main

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/dialtone-pbx/dialtone/phoneconf"
)

// TestFlagsOfAddresses: the error names the flag and says what to write.
func TestFlagsOfAddresses(t *testing.T) {
	for _, tt := range []struct{ arg, want string }{
		{"--sip-server=pbx.example.com", ""},
		{"--sip-server=[2001:db8::1]", ""},
		{"--sip-server=sip:pbx.example.com", "write the host alone, pbx.example.com"},
		{"--sip-server=pbx.example.com:5060", "has a port"},
		{"--ntp-server=a b", "write it as"},
		{"--phone-url=http://pbx.example.com:8081/", ""},
		{"--phone-url=pbx.example.com:8081", "write http://pbx.example.com:8081"},
		{"--phone-url=http://pbx.example.com/phones", "phones ask at the root"},
		{"--listen=8080", "write it as :8081"},
		{"--phone-listen=127.0.0.1", "write it as :8081"},
		{"--phone-tls-listen=8443", "write it as :8081"},
		{"--ami-address=127.0.0.1", "write it as 127.0.0.1:5038"},
		{"--ari-url=127.0.0.1:8088", "write http://127.0.0.1:8088"},
		{"--smtp-address=mail.example.com", "write it as"},
		{"--phone-trusted-proxies=10.0.0.0/8,192.0.2.1", ""},
		{"--phone-trusted-proxies=nginx", "write addresses and networks"},
		{"--trusted-proxies=192.0.2.1:80", "write addresses and networks"},
	} {
		var cmd serveCmd
		parser, err := kong.New(&cmd)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parser.Parse([]string{tt.arg})
		flag, _, _ := strings.Cut(tt.arg, "=")
		if tt.want == "" && err != nil || tt.want != "" &&
			(err == nil || !strings.Contains(err.Error(), flag) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.arg, err, tt.want)
		}
	}
}

// TestSiteSaysWhatWasGuessed: the files that render prints are those of serve only with the
// same flags.
func TestSiteSaysWhatWasGuessed(t *testing.T) {
	if got := (siteFlags{}).guessed(phoneconf.Site{SIPServer: "192.0.2.1", BaseURL: "http://192.0.2.1:8081"}); len(got) != 2 ||
		got[0] != "--sip-server 192.0.2.1" {
		t.Errorf("%q", got)
	}
	if got := (siteFlags{SIPServer: "pbx", PhoneURL: "http://pbx"}).guessed(phoneconf.Site{}); got != nil {
		t.Errorf("%q", got)
	}
}
