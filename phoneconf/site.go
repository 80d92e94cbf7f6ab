package phoneconf

import (
	"net/url"
	"regexp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Site is what phones are told about this server.
type Site struct {
	SIPServer string // host name or address of Asterisk as phones reach it
	SIPPort   int    // 1–65535
	Transport string // "udp" or "tcp"
	// BaseURL is the address of the phone listener without a slash at the end:
	// http://pbx.example.com:8480.
	BaseURL   string
	NTPServer string // "" leaves it to the phone and to DHCP
	// Year is the calendar year whose daylight saving rule the files carry. It is
	// an argument and not read from the clock, so that rendering stays a pure
	// function; whoever serves files sets it (UTC).
	Year int
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$`)

// Validate returns all broken rules. Year is not among them: it belongs to the
// moment and not to the configuration.
func (s Site) Validate() error {
	var es pbx.Errors
	if !hostPattern.MatchString(s.SIPServer) {
		es.Add(pbx.Invalidf("sip_server", "must be a host name or an address"))
	}
	es.Add(pbx.CheckRange("sip_port", s.SIPPort, 1, 65535, ""))
	if s.Transport != "udp" && s.Transport != "tcp" {
		es.Add(pbx.Invalidf("transport", "must be udp or tcp"))
	}
	if s.NTPServer != "" && !hostPattern.MatchString(s.NTPServer) {
		es.Add(pbx.Invalidf("ntp_server", "must be a host name or an address"))
	}
	u, err := url.Parse(s.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Scheme+"://"+u.Host != s.BaseURL {
		es.Add(pbx.Invalidf("base_url",
			"must be http or https, a host and a port, without a path: http://pbx.example.com:8480"))
	}
	return es.Err()
}

// firmwareURL is the address of a firmware file, given as SHA256/NAME.
func (s Site) firmwareURL(file string) string {
	if file == "" {
		return ""
	}
	return s.BaseURL + "/firmware/" + file
}

// ownURL is the address of a phone's own files, without a slash at the end.
func (s Site) ownURL(secret pbx.Secret) string { return s.BaseURL + ownPrefix + secret.Reveal() }
