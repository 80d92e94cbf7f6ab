package phoneconf

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Site is what phones are told about this server.
type Site struct {
	SIPServer string // host name or address of Asterisk as phones reach it
	SIPPort   int    // 1–65535, over UDP and TCP
	TLSPort   int    // 1–65535, over TLS
	Transport string // "udp", "tcp" or "tls"
	// Root is the certificate of the authority that phones are to trust, in PEM form; "" for
	// none beside those that they know.
	Root string
	// BaseURL is the address of the phone listener without a slash at the end:
	// http://pbx.example.com:8480.
	BaseURL   string
	NTPServer string // "" leaves it to the phone and to DHCP
	// LDAPPort is where phones search the phonebook, at the host of BaseURL; 0 for nowhere. Over
	// TLS from the first byte with LDAPTLS.
	LDAPPort int
	LDAPTLS  bool
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
	switch s.Transport {
	case "udp", "tcp":
	case "tls":
		es.Add(pbx.CheckRange("--sip-tls-port", s.TLSPort, 1, 65535, ""))
	default:
		es.Add(pbx.Invalidf("--sip-transport", "must be udp, tcp or tls"))
	}
	if s.NTPServer != "" {
		_, err = pbx.ParseHost("--ntp-server", s.NTPServer)
		es.Add(err)
	}
	es.Add(pbx.CheckRange("--ldap-listen", s.LDAPPort, 0, 65535, ""))
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

// ldapHost is where phones search the phonebook, "" for nowhere.
func (s Site) ldapHost() string {
	base, err := url.Parse(s.BaseURL)
	if err != nil || s.LDAPPort == 0 {
		return ""
	}
	return base.Hostname()
}

// ownURL is the address of a phone's own files, without a slash at the end.
func (s Site) ownURL(secret pbx.Secret) string { return s.BaseURL + ownPrefix + secret.Reveal() }

// Port is where a phone or an app that uses the transport finds Asterisk.
func (s Site) Port(transport string) int {
	if transport == "tls" {
		return s.TLSPort
	}
	return s.SIPPort
}

// TransportOf is the transport that a model is told: the site's, but UDP for software that knows
// no TLS 1.2, which would stay without calls.
func (s Site) TransportOf(m Model) string {
	if s.Transport == "tls" && !m.SpeaksTLS() {
		return "udp"
	}
	return s.Transport
}

// rootPrefix begins the path of the root certificate, on the phone listener.
const rootPrefix = "/root/"

// RootPath is where phones fetch the root certificate, "" without one. It has a hash of it, so
// that files change with it.
func (s Site) RootPath() string {
	if s.Root == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s.Root))
	return rootPrefix + hex.EncodeToString(sum[:8]) + "/root.pem"
}

// rootURL is the address of the root certificate, "" without one.
func (s Site) rootURL() string {
	if s.Root == "" {
		return ""
	}
	return s.BaseURL + s.RootPath()
}
