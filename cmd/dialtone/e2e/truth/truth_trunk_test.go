package truth

import (
	"regexp"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// spoken is a row: what a trunk says of how it speaks SIP, and what its carrier gets.
type spoken struct {
	name      string
	trunk     Object
	withheld  bool     // the caller withholds its number
	has, lack []string // what the INVITE matches, and what it does not
}

// proxied is a trunk to a carrier whose name leads nowhere, by the first carrier's socket.
var proxied = Object{"host": "carrier.invalid", "port": 5060, "caller_number": "+493012345600"}

var spokens = []spoken{
	{"by itself", nil, false,
		[]string{`(?m)^From: .*<sip:\+493012345600@127\.0\.0\.4>`, `P-Asserted-Identity: .*\+493012345600@`, `m=audio \d+ RTP/AVP 0 8 9 101\r`},
		[]string{"Route:", "Remote-Party-ID", "Privacy:", "crypto"}},
	{"by itself, withheld", nil, true,
		[]string{`(?m)^From: "Anonymous" <sip:anonymous@127\.0\.0\.4>`, `P-Asserted-Identity: .*\+493012345600@`, "Privacy: id"}, nil},
	{"an outbound proxy", proxied, false, []string{`^INVITE sip:\+4930999999@carrier\.invalid:5060 `,
		`Route: <sip:127\.0\.0\.4:\d+;lr>`, `(?m)^From: .*<sip:\+493012345600@carrier\.invalid>`}, nil},
	{"an account in From", Object{"from_user": "4711", "from_domain": "voip.example.org"}, false,
		[]string{`(?m)^From: .*<sip:4711@voip\.example\.org>`, `P-Asserted-Identity: .*\+493012345600@`}, nil},
	{"an account in From, withheld", Object{"from_user": "4711"}, true,
		[]string{`(?m)^From: "Anonymous" <sip:4711@`, `P-Asserted-Identity: .*\+493012345600@`, "Privacy: id"}, nil},
	{"anonymous alone, withheld", Object{"caller_id_privacy": "anonymous"}, true, []string{`(?m)^From: "Anonymous" <sip:anonymous@`},
		[]string{"3012345600"}},
	{"Remote-Party-ID", Object{"identity_header": "rpid"}, true, []string{`Remote-Party-ID: .*\+493012345600@.*privacy=full`},
		[]string{"P-Asserted-Identity"}},
	{"no header for the caller", Object{"identity_header": "off"}, false, []string{`(?m)^From: .*\+493012345600@`},
		[]string{"P-Asserted-Identity", "Remote-Party-ID"}},
	// Asterisk puts the codec first that the caller talks in.
	{"codecs, and keys in INFO", Object{"codecs": []string{"g722", "pcma"}, "dtmf": "info"}, false,
		[]string{`m=audio \d+ RTP/AVP (9 8|8 9)\r`},
		[]string{"telephone-event"}},
	{"keys as events", Object{"codecs": []string{"pcma"}, "dtmf": "rfc4733"}, false,
		[]string{`m=audio \d+ RTP/AVP 8 101\r`, "telephone-event"}, nil},
	{"encryption is required", Object{"srtp": "required"}, false, []string{`m=audio \d+ RTP/SAVP `, "a=crypto:"}, nil},
	{"encryption is offered", Object{"srtp": "optional"}, false, []string{`m=audio \d+ RTP/AVP `, "a=crypto:"}, nil},
}

// speaks plays each row by a call that is dialled, and compares the INVITE that the carrier gets.
func (x *exchange) speaks(t *testing.T) {
	t.Helper()
	x.first.Answers("INVITE", "486 Busy Here")
	for _, row := range spokens {
		body := Object{"caller_number": "+493012345600"}
		for k, v := range row.trunk {
			body[k] = v
		}
		if body["host"] != nil {
			at := x.first.Trunk(nil)
			body["outbound_proxy"] = HostPort(at)
		}
		x.trunk(t, body)
		from := x.caller
		if row.withheld {
			from = x.other
		}
		before := len(x.first.Packets("INVITE"))
		if told := Refusal(t, from, "030999999"); told != 486 {
			t.Errorf("%s: the caller is told %d", row.name, told)
		}
		packets := x.first.Packets("INVITE")
		if len(packets) == before {
			t.Errorf("%s: the carrier gets no call", row.name)
			continue
		}
		got := packets[before]
		for _, want := range row.has {
			if !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s: nothing matches %s in:\n%s", row.name, want, got)
			}
		}
		for _, bad := range row.lack {
			if strings.Contains(got, bad) {
				t.Errorf("%s: %s is in:\n%s", row.name, bad, got)
			}
		}
	}
	x.registersByProxy(t)
}

// registersByProxy: the registration of a trunk goes by its outbound proxy too.
func (x *exchange) registersByProxy(t *testing.T) {
	t.Helper()
	body := Object{"register": true, "username": "us", "secret": "secret", "outbound_proxy": HostPort(x.first.Trunk(nil))}
	for k, v := range proxied {
		body[k] = v
	}
	x.trunk(t, body)
	Eventually(t, Patience, func() string {
		for _, p := range x.first.Packets("REGISTER") {
			if strings.HasPrefix(p, "REGISTER sip:carrier.invalid:5060 ") && strings.Contains(p, "Route: <sip:127.0.0.4:") {
				return ""
			}
		}
		return "no registration comes by the proxy"
	})
}
