package pbx

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// PhoneSettings is what all desk phones of a tenant have in common. Every tenant
// has them; DefaultPhoneSettings hold until somebody changes them.
type PhoneSettings struct {
	Tenant       string
	Language     string   // of the phone's menus; "" leaves it to the phone
	ToneCountry  string   // two letters, whose dial and busy tones it plays; "" leaves it to the phone
	NTPServer    string   // "" is the server of the installation
	SyslogServer string   // where phones send their logs; "" nowhere
	VLAN         int      // 1–4094; 0 switches tagging off, KeepVLAN leaves it as it is
	VLANPriority int      // 0–7
	Codecs       []string // best first
	SRTP         string   // off, optional, required
	Clock24      bool     // 13:00 and not 1 PM
	Logo         string   // address of a picture for the idle screen; "" for none
	// OutboundProxy is where phones send all SIP, and SecondServer where they register and call
	// while the first does not answer: a host, perhaps with a port; "" for none.
	OutboundProxy, SecondServer string

	Paging   []string        // multicast addresses with a port, at which phones listen; at most MaxPaging
	Uploads  []string        // what phones send, of PhoneUploads (Yealink only)
	Firmware []PhoneFirmware // sorted by model
	Version  int64
	Revision int64
}

// KeepVLAN leaves the VLAN to whoever set it: by hand, by LLDP, by DHCP. A phone
// whose VLAN is changed unasked is lost to the network.
const KeepVLAN = -1

// MaxPaging is how many multicast addresses a phone listens at: firmware up to V73 has ten.
const MaxPaging = 10

// PhoneCodecs are the codecs a phone may be told to use.
var PhoneCodecs = []string{"g722", "pcma", "pcmu", "g729", "opus"}

// PhoneLanguages are the languages whose name is known for at least one make.
var PhoneLanguages = []string{"da", "de", "en", "en-GB", "es", "es-419", "fr", "fr-CA", "it", "ja", "ko", "nl", "no",
	"pl", "pt", "ru", "sv", "tr", "zh-CN", "zh-TW"}

// ToneCountries are the countries whose tones at least one make knows by name.
var ToneCountries = []string{"AT", "AU", "BE", "BR", "CH", "CL", "CN", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "GR",
	"HU", "IN", "IT", "JP", "LT", "MX", "NL", "NO", "NZ", "PT", "RU", "SE", "US"}

// DefaultPhoneSettings returns the settings of a tenant that nobody changed.
func DefaultPhoneSettings(tenant string) *PhoneSettings {
	return &PhoneSettings{Tenant: tenant, VLAN: KeepVLAN, Codecs: []string{"g722", "pcma", "pcmu"}, SRTP: "off",
		Clock24: true, Uploads: []string{"contacts", "calls"}}
}

// Validate returns all broken rules.
func (p *PhoneSettings) Validate() error {
	var es Errors
	es.Add(checkOneOf("language", p.Language, PhoneLanguages))
	es.Add(checkOneOf("tone_country", p.ToneCountry, ToneCountries))
	for field, host := range map[string]string{"ntp_server": p.NTPServer, "syslog_server": p.SyslogServer} {
		if host != "" {
			es.Add(checkHost(field, host))
		}
	}
	for field, server := range map[string]string{"outbound_proxy": p.OutboundProxy, "second_server": p.SecondServer} {
		if clean, err := ParseServer(field, server); server != "" && (err != nil || clean != server) {
			es.Add(cmp.Or(err, Invalidf(field, "%s is to be written as %s", quote(server), clean)))
		}
	}
	if p.VLAN != KeepVLAN {
		es.Add(CheckRange("vlan", p.VLAN, 0, 4094, ""))
	}
	es.Add(CheckRange("vlan_priority", p.VLANPriority, 0, 7, ""))
	if p.VLAN <= 0 && p.VLANPriority != 0 {
		es.Add(Invalidf("vlan_priority", "needs a vlan"))
	}
	es.Add(checkOneOf("srtp", p.SRTP, SRTPPolicies))
	if p.SRTP == "" {
		es.Add(Invalidf("srtp", "is required: off, optional or required"))
	}
	es.Add(checkLogo(p.Logo))
	checkCodecs(&es, p.Codecs)
	p.checkPaging(&es)
	p.checkUploads(&es)
	p.checkFirmware(&es)
	return es.Err()
}

// checkCodecs refuses a list of codecs without one that Asterisk has in any case.
func checkCodecs(es *Errors, codecs []string) {
	if !slices.ContainsFunc(codecs, func(c string) bool { return c == "g722" || c == "pcma" || c == "pcmu" }) {
		es.Add(Invalidf("codecs", "must name g722, pcma or pcmu, which Asterisk always speaks"))
	}
	for i, c := range codecs {
		field := fmt.Sprintf("codecs[%d]", i)
		if !slices.Contains(PhoneCodecs, c) {
			es.Add(Invalidf(field, "%s is not one of %s", quote(c), strings.Join(PhoneCodecs, ", ")))
		}
		if slices.Contains(codecs[:i], c) {
			es.Add(Invalidf(field, "%s is given twice", quote(c)))
		}
	}
}

func (p *PhoneSettings) checkPaging(es *Errors) {
	if len(p.Paging) > MaxPaging {
		es.Add(Invalidf("paging", "has %d addresses, a phone listens at %d at most", len(p.Paging), MaxPaging))
	}
	for i, address := range p.Paging {
		field := fmt.Sprintf("paging[%d]", i)
		es.Add(CheckMulticast(field, address))
		if slices.Contains(p.Paging[:i], address) {
			es.Add(Invalidf(field, "%s is given twice", quote(address)))
		}
	}
}

// checkOneOf refuses a text that is neither empty nor in the list.
func checkOneOf(field, s string, list []string) *Error {
	if s == "" || slices.Contains(list, s) {
		return nil
	}
	return Invalidf(field, "%s is not one of %s", quote(s), strings.Join(list, ", "))
}

func checkLogo(s string) *Error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || len(s) > 255 ||
		strings.ContainsAny(s, " \"'<>#?") || !strings.Contains(u.Path, ".") || strings.HasSuffix(u.Path, "/") {
		return Invalidf("logo", "%s is not the web address of a picture, at most 255 characters and ending in a file name",
			quote(s))
	}
	return CheckText("logo", s, 1, 255, 255)
}
