package pbx

import (
	"strings"
	"testing"
)

// TestParseHost: what people paste into a field for a host, and what the error tells them.
func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"pbx.example.com": "pbx.example.com", " pbx.example.com\n": "pbx.example.com", "pbx.example.com.": "pbx.example.com",
		"192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "2001:DB8:0::1": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1", "pbx": "pbx", "127.0.0.1": "127.0.0.1",
		// Not so, with a word of the error.
		"sip:pbx.example.com":             "!write the host alone, pbx.example.com",
		"https://pbx.example.com/":        "!write the host alone, pbx.example.com",
		"https://pbx.example.com/x":       "!write the host alone",
		"pbx.example.com:5060":            "!has a port",
		"[2001:db8::1]:5060":              "!has a port",
		"192.0.2.1:5060":                  "!write the host alone, 192.0.2.1",
		"pbx example com":                 "!neither",
		"":                                "!neither",
		"pbx..com":                        "!neither",
		"-pbx":                            "!neither",
		"192.0.2":                         "!neither",
		"0x7f000001":                      "!neither",
		"192.0.2.256":                     "!neither",
		"0.0.0.0":                         "!no address of one host",
		"fe80::1%eth0":                    "!no address of one host",
		"ff02::1":                         "!no address of one host",
		"192.0.2.0/24":                    "!neither",
		"pbx.example.com,b.example.com":   "!neither",
		"a;b":                             "!neither",
		"a\nb":                            "!neither",
		strings.Repeat("a.", 130) + "com": "!neither",
	} {
		got, err := ParseHost("host", in)
		if word, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Message, word) || err.Field != "host" {
				t.Errorf("%q: %q %v, want %s", in, got, err, word)
			}
			continue
		}
		if err != nil || got != want || CleanHost(in) != want || checkHost("host", got) != nil {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
	}
}

// TestParseAddresses: hosts with ports, and URLs.
func TestParseAddresses(t *testing.T) {
	listen := func(s string) (string, *Error) { return ParseHostPort("f", s, true) }
	server := func(s string) (string, *Error) { return ParseHostPort("f", s, false) }
	base := func(s string) (string, *Error) { return ParseBaseURL("f", s, false) }
	path := func(s string) (string, *Error) { return ParseBaseURL("f", s, true) }
	for _, tt := range []struct {
		parse    func(string) (string, *Error)
		in, want string
	}{
		{listen, ":8081", ":8081"}, {listen, "127.0.0.1:0", "127.0.0.1:0"}, {listen, "[::]:8081", "[::]:8081"},
		{listen, "8081", "!write it as :8081"}, {listen, "127.0.0.1", "!write it as :8081"}, {listen, ":99999", "!write it as"},
		{listen, "0.0.0.0:8081", "0.0.0.0:8081"}, {listen, "a b:1", "!neither"},
		{server, "127.0.0.1:5038", "127.0.0.1:5038"}, {server, "[2001:db8::1]:25", "[2001:db8::1]:25"},
		{server, ":25", "!names no host"}, {server, "mail.example.com", "!write it as"}, {server, "mail.example.com:0", "!write it as"},
		{server, "mail.example.com:smtp", "!write it as"}, {server, "0.0.0.0:25", "!names no host"},
		{base, "http://pbx.example.com:8081/", "http://pbx.example.com:8081"}, {base, " https://[2001:db8::1]:1 ", "https://[2001:db8::1]:1"},
		{base, "pbx.example.com:8081", "!write http://pbx.example.com:8081"}, {base, "pbx.example.com", "!is not a URL"},
		{base, "http://pbx.example.com/phones", "!write http://pbx.example.com"}, {base, "ftp://pbx.example.com", "!neither http nor https"},
		{base, "http://a:b@pbx.example.com", "!more than"}, {base, "http://", "!is not a URL|neither"}, {base, "http://pbx:99999", "!no port"},
		{base, "http://pbx?x=1", "!more than"},
		{path, "http://127.0.0.1:8088/ari", "http://127.0.0.1:8088/ari"}, {path, "127.0.0.1:8088", "!write http://127.0.0.1:8088"},
	} {
		got, err := tt.parse(tt.in)
		if words, bad := strings.CutPrefix(tt.want, "!"); bad {
			found := false
			for word := range strings.SplitSeq(words, "|") {
				found = found || err != nil && strings.Contains(err.Message, word)
			}
			if !found {
				t.Errorf("%q: %q %v, want %s", tt.in, got, err, words)
			}
			continue
		}
		if err != nil || got != tt.want {
			t.Errorf("%q: %q %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

// TestParseServer: a host, perhaps with a port.
func TestParseServer(t *testing.T) {
	for text, want := range map[string]struct {
		clean, host string
		port        int
	}{
		"sbc.example.com": {"sbc.example.com", "sbc.example.com", 0}, " SBC.example.com:5080 ": {"SBC.example.com:5080", "SBC.example.com", 5080},
		"192.0.2.1:5080": {"192.0.2.1:5080", "192.0.2.1", 5080}, "2001:db8::1": {"2001:db8::1", "2001:db8::1", 0},
		"[2001:db8::1]": {"2001:db8::1", "2001:db8::1", 0}, "[2001:db8::1]:5080": {"[2001:db8::1]:5080", "2001:db8::1", 5080},
	} {
		clean, err := ParseServer("second_server", text)
		host, port := SplitServer(clean)
		if err != nil || clean != want.clean || host != want.host || port != want.port {
			t.Errorf("%q: %q %q %d %v", text, clean, host, port, err)
		}
	}
	for _, text := range []string{"", "sip:sbc.example.com", "a b", ":5080", "sbc.example.com:0", "sbc.example.com:x", "sbc.example.com:70000", "a\nb", "0.0.0.0:5060", "224.0.0.1"} {
		if clean, err := ParseServer("second_server", text); err == nil || err.Field != "second_server" ||
			!strings.Contains(err.Message, "sbc.example.com or") {
			t.Errorf("%q is the server %q: %v", text, clean, err)
		}
	}
}
