package phoneconf

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

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

// Validate returns all broken rules, each with the flag that says the value. Year is not
// among them: it belongs to the moment and not to the configuration.
func (s Site) Validate() error {
	var es pbx.Errors
	_, err := pbx.ParseHost("--sip-server", s.SIPServer)
	es.Add(err)
	es.Add(pbx.CheckRange("--sip-port", s.SIPPort, 1, 65535, ""))
	if s.Transport != "udp" && s.Transport != "tcp" {
		es.Add(pbx.Invalidf("--sip-transport", "must be udp or tcp"))
	}
	if s.NTPServer != "" {
		_, err = pbx.ParseHost("--ntp-server", s.NTPServer)
		es.Add(err)
	}
	base, err := pbx.ParseBaseURL("--phone-url", s.BaseURL, false)
	es.Add(err)
	if err == nil && base != s.BaseURL {
		es.Add(pbx.Invalidf("--phone-url", "is to be written as %s", base))
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
