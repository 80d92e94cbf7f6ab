package phoneconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The ends of the file names that our master files list. Of a parameter that
// stands in both the first file's value counts; a test holds that none does.
const (
	polycomReg   = "-reg.cfg"
	polycomSite  = "-site.cfg"
	polycomEnrol = "-enrol.cfg"
)

// polycomLabelBytes is the one length found in the guides (directory labels, 40
// bytes of UTF-8); names get twice that, which holds every name of pbx.
const (
	polycomLabelBytes = 40
	polycomNameBytes  = 80
)

// polycomSiteView is what templates/polycom/site*.cfg print.
type polycomSiteView struct {
	Server    polycomServer
	Password  xmlAttr // of the phone's web page
	NTP       xmlAttr
	HasNTP    bool // false leaves the clock's server to DHCP
	Clock     polycomClock
	Clock24   int
	Language  xmlAttr
	Syslog    xmlAttr
	HasSyslog bool
	VLAN      xmlAttr // "" tags nothing
	HasVLAN   bool
	SRTP      struct{ Enable, Require int }
	Codecs    []polycomCodec
	Rings     []int
	Logo      xmlAttr
	HasLogo   bool
	// Background is in the name of the parameter that chooses the logo's place, where
	// the model has one of its own.
	Background xmlAttr
	Modern     bool // UC Software 5 and newer

	DigitMap    xmlAttr
	RemovePound int // 1 takes a '#' at the end for the key that sends
	Emergency   []polycomEmergency
	Directed    xmlAttr // what is dialled before the number at which a call rings
	KeepTCP     int
	HasProxy    bool    // requests come from a proxy, and not from the server
	Root        xmlAttr // certificate of the authority to trust, beside those that the phone knows
	Pages       int     // 1 when keys stand on several pages
	LDAP        polycomLDAP
}

// polycomEmergency is one number that reaches help.
type polycomEmergency struct {
	N      int
	Number xmlAttr
}

// ownBackground are the models whose parameter of the background is known by their
// name (working files of several projects). Others have the one of UC Software.
var ownBackground = []string{"VVX250", "VVX300", "VVX301", "VVX310", "VVX311", "VVX400", "VVX401", "VVX410", "VVX411",
	"VVX450", "VVX500", "VVX501", "VVX600", "VVX601"}

// polycomServer says where a phone finds its files.
type polycomServer struct {
	Name xmlAttr // host, port and path, without scheme
	Type xmlAttr // HTTP or HTTPS
}

// polycomCodec is a codec by its name of UC Software and by its old one, "" where
// there is none.
type polycomCodec struct {
	Name, OldName string
	Priority      int // smaller is better, 0 is off
}

// attrWriter makes attributes and keeps the first refusal.
type attrWriter struct{ err error }

func (w *attrWriter) attr(what, s string) xmlAttr {
	a, err := newXMLAttr(s)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s %w, which XML cannot carry", what, err)
	}
	return a
}

func renderPolycomSite(e *Engine, in *input, m Model, c clock) ([]byte, error) {
	var w attrWriter
	s := &in.settings
	view := polycomSiteView{
		Server: w.server(in.site, pbx.NewSecret(in.urlSecret)), Password: w.attr("phone password", in.password),
		NTP: w.attr("NTP server", in.ntp()), HasNTP: in.ntp() != "", Clock: polycomClockOf(c),
		Language: w.attr("language", languageNames[s.Language].polycom),
		Syslog:   w.attr("syslog server", s.SyslogServer), HasSyslog: s.SyslogServer != "", HasVLAN: s.VLAN != pbx.KeepVLAN,
		Codecs: polycomCodecs(s.Codecs), Logo: w.attr("logo", s.Logo), HasLogo: s.Logo != "" && !m.mono(),
		Modern: m.Era == PolycomUCS, Directed: w.attr("directed pickup code", in.directed),
	}
	w.dialling(&view, in, m)
	if slices.Contains(ownBackground, m.Name) {
		view.Background = w.attr("model", m.Name)
	}
	view.Root = w.attr("root certificate", in.site.Root)
	view.HasProxy, view.LDAP = s.OutboundProxy != "", w.ldap(in.book)
	if in.site.TransportOf(m) != "udp" {
		view.KeepTCP = 1
	}
	if m.Pages != 1 && m.LineKeys > m.Accounts {
		view.Pages = 1
	}
	if s.Clock24 {
		view.Clock24 = 1
	}
	if s.VLAN > 0 {
		view.VLAN = w.attr("VLAN", fmt.Sprint(s.VLAN))
	}
	if s.SRTP != "off" {
		view.SRTP.Enable = 1
	}
	if s.SRTP == "required" {
		view.SRTP.Require = 1
	}
	for n := range ringKeywords {
		view.Rings = append(view.Rings, n+1)
	}
	if w.err != nil {
		return nil, w.err
	}
	if m.Era == PolycomSIP3 {
		return e.Render("polycom/site-sip3.cfg", view)
	}
	return e.Render("polycom/site.cfg", view)
}

// dialling fills in what is sent when. A '+' is no digit to the oldest software; a
// pattern that it cannot read is left out there.
func (w *attrWriter) dialling(view *polycomSiteView, in *input, m Model) {
	digits := in.dialling.Map
	if m.Era != PolycomSIP3 {
		digits += "|+x.T"
	}
	view.DigitMap = w.attr("digit map", digits)
	if !in.dialling.Pound {
		view.RemovePound = 1
	}
	for i, number := range in.dialling.Emergency {
		view.Emergency = append(view.Emergency, polycomEmergency{i + 1, w.attr("emergency number", number)})
	}
}

// polycomCodecs lists every codec of pbx.PhoneCodecs. Opus is there only for
// those who ask for it: its name is unconfirmed.
func polycomCodecs(wanted []string) []polycomCodec {
	names := map[string]polycomCodec{"g722": {Name: "G722", OldName: "G722"}, "pcma": {Name: "G711_A", OldName: "G711A"},
		"pcmu": {Name: "G711_Mu", OldName: "G711Mu"},
		"g729": {Name: "G729_AB", OldName: "G729AB"}, "opus": {Name: "Opus"}}
	var out []polycomCodec
	for _, name := range pbx.PhoneCodecs {
		c := names[name]
		c.Priority = slices.Index(wanted, name) + 1
		if name != "opus" || c.Priority > 0 {
			out = append(out, c)
		}
	}
	return out
}

// server splits the phone's own URL the way device.prov wants it.
func (w *attrWriter) server(site Site, secret pbx.Secret) polycomServer {
	scheme, rest, _ := strings.Cut(site.ownURL(secret), "://")
	return polycomServer{Name: w.attr("own URL", rest), Type: w.attr("scheme", strings.ToUpper(scheme))}
}

// renderMaster renders the file that a Polycom asks for first; it names the
// others, and the phone asks for those next to it. software is the address of its
// firmware, "" leaves that as it is.
func renderMaster(e *Engine, mac pbx.MAC, software string, endings ...string) ([]byte, error) {
	var w attrWriter
	names := make([]string, len(endings))
	for i, ending := range endings {
		names[i] = string(mac) + ending
	}
	view := struct{ Software, ConfigFiles xmlAttr }{w.attr("firmware", software),
		w.attr("file names", strings.Join(names, ", "))}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("polycom/master.cfg", view)
}

func renderPolycomEnrol(e *Engine, p *pbx.Phone, site Site) ([]byte, error) {
	var w attrWriter
	view := struct{ Server polycomServer }{w.server(site, p.EnrolSecret())}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("polycom/enrol.cfg", view)
}
