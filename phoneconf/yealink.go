package phoneconf

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// deskAccounts is how many accounts a desk phone has at most.
const deskAccounts = 16

// yealinkTextBytes is how long a label or name may be; guides quote limits from
// 64 to 99 [K].
const yealinkTextBytes = 64

// yealinkTemplates is which template an era is rendered with.
var yealinkTemplates = map[Era]string{
	YealinkV70: "yealink/phone-v70.cfg", YealinkV80: "yealink/phone.cfg", YealinkDECT: "yealink/phone-dect.cfg",
	YealinkMulticell: "yealink/phone-multicell.cfg",
}

// yealinkView is what templates/yealink/phone*.cfg print.
type yealinkView struct {
	// Static stands before the parameters of the device itself since V80.
	Static    string
	ServerURL yealinkValue // the phone's own URL, with a slash at the end
	Password  yealinkValue // of the phone's web page
	NTP       yealinkValue
	Phonebook yealinkValue // address of the tenant's directory
	BookName  yealinkValue
	LDAP      yealinkLDAP
	Settings  yealinkSettings
	Clock     yealinkClock
	Server    yealinkServer
	Second    yealinkServer // while the first does not answer
	Root      yealinkValue  // address of the root certificate, beside those that the phone knows
	Pickup    yealinkValue  // what is dialled to take a call that rings elsewhere
	Directed  yealinkValue  // the same, before the number where it rings
	Rings     []int         // 1, 2, … of the distinctive rings
	Accounts  []yealinkAccount
	Handsets  []yealinkHandset
	Keys      []yealinkKey    // of the phone
	Modules   []yealinkModule // its expansion modules

	Paging  [pbx.MaxPaging]yealinkValue // multicast addresses at which it listens
	Uploads yealinkUploads
	// Firmware is the address of what the model runs, "" where phones keep theirs.
	Firmware yealinkValue

	SendKey   int          // 1 when # sends what was typed, 0 when it is dialled
	Emergency yealinkValue // numbers that reach help, by commas: a locked phone dials them
	Beyond    []int        // accounts that the model has not, and a phone of a wrong row may
}

// listeners are the multicast addresses at which the phone listens, and places to be cleared.
func (w *yealinkWriter) listeners(addresses []string) (out [pbx.MaxPaging]yealinkValue) {
	for i, address := range addresses {
		out[i] = w.value("paging address", address)
	}
	return out
}

// yealinkServer is Asterisk as the phone reaches it.
type yealinkServer struct {
	Address   yealinkValue
	Port      int
	Transport int // 0 UDP, 1 TCP, 2 TLS
}

// yealinkAccount is one registration; a disabled one is written to be cleared.
type yealinkAccount struct {
	N           int
	Enabled     bool
	Label       yealinkValue
	DisplayName yealinkValue
	User        yealinkValue
	Password    yealinkValue
	Voicemail   yealinkValue // number to dial for messages
	Server      yealinkServer
	Second      yealinkServer // while the first does not answer; no address for none
	Proxy       yealinkServer // of all SIP; no address for none
	SRTP        int
	CallerFrom  int // where the caller's name and number stand: 0 From, 2 P-Asserted-Identity before From
	Codecs      [5]yealinkCodec
}

// yealinkWriter makes values and keeps the first refusal, so that a view reads
// as the list it is.
type yealinkWriter struct{ err error }

func (w *yealinkWriter) value(what, s string) yealinkValue {
	v, err := newYealinkValue(s)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s %w, which a Yealink file cannot carry", what, err)
	}
	return v
}

func renderYealink(e *Engine, in *input, m Model, c clock) ([]byte, error) {
	var w yealinkWriter
	own := in.site.ownURL(pbx.NewSecret(in.urlSecret)) + "/"
	view := yealinkView{
		Static:    "static.",
		ServerURL: w.value("own URL", own),
		Password:  w.value("phone password", in.password),
		NTP:       w.value("NTP server", in.ntp()),
		Phonebook: w.value("own URL", own+string(in.mac)+yealinkPhonebook),
		BookName:  w.value("title", readable(in.title, "Directory", yealinkTextBytes)),
		LDAP:      w.ldap(in.book),
		Settings:  w.settings(in, m),
		Clock:     w.clock(c),
		Pickup:    w.value("pickup code", in.pickup),
		Directed:  w.value("directed pickup code", in.directed),
		Server:    w.server(in.site, m, in.site.SIPServer),
		Second:    w.server(in.site, m, in.settings.SecondServer),
		Root:      w.value("root certificate", in.site.rootURL()),
		Keys:      w.keys(in, m),
		Handsets:  w.handsets(in, m),
		Paging:    w.listeners(in.settings.Paging),
	}
	if m.Era == YealinkV70 {
		view.Static = ""
	}
	view.Uploads = w.uploads(in, own)
	view.Firmware = w.value("firmware", in.site.firmwareURL(in.settings.FirmwareOf(m.Name)))
	if !in.dialling.Pound {
		view.SendKey = 1
	}
	view.Emergency = w.value("emergency numbers", strings.Join(in.dialling.Emergency, ","))
	for n := m.Accounts + 1; n <= deskAccounts && m.Era != YealinkDECT && m.Era != YealinkMulticell; n++ {
		view.Beyond = append(view.Beyond, n)
	}
	for n := range ringKeywords {
		view.Rings = append(view.Rings, n+1)
	}
	for n := range m.Accounts {
		view.Accounts = append(view.Accounts, w.account(in, m, n+1))
	}
	for n := range m.Modules {
		view.Modules = append(view.Modules, w.module(in, m, n+1))
	}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render(yealinkTemplates[m.Era], view)
}

// server is a SIP server, perhaps with a port of its own.
func (w *yealinkWriter) server(s Site, m Model, server string) yealinkServer {
	transport := s.TransportOf(m)
	host, port := pbx.SplitServer(server)
	return yealinkServer{Address: w.value("SIP server", host), Port: cmp.Or(port, s.Port(transport)),
		Transport: slices.Index([]string{"udp", "tcp", "tls"}, transport)}
}

func (w *yealinkWriter) account(in *input, m Model, n int) yealinkAccount {
	a := yealinkAccount{N: n}
	l := in.line(n)
	if l == nil {
		return a
	}
	a.Enabled, a.Server, a.SRTP = true, w.server(in.site, m, in.site.SIPServer), yealinkSRTP(in.settings.SRTP, m.Era)
	if m.Era != YealinkMulticell { // whose servers stand in its template, which has no proxy
		a.Second, a.Proxy = w.server(in.site, m, in.settings.SecondServer), w.server(in.site, m, in.settings.OutboundProxy)
	}
	if !m.has(CallerFromOnly) {
		a.CallerFrom = 2
	}
	a.Codecs = yealinkCodecs(in.settings.Codecs)
	label := in.lineLabel(l, yealinkTextBytes)
	a.Label = w.value("label", label)
	a.DisplayName = w.value("name", readable(l.name, label, yealinkTextBytes))
	a.User = w.value("endpoint", l.endpoint)
	a.Password = w.value("SIP password", l.secret)
	a.Voicemail = w.value("voicemail number", l.voicemail)
	return a
}

// yealinkSRTP: firmware up to V73 counts the other way round.
func yealinkSRTP(srtp string, era Era) int {
	n := slices.Index([]string{"off", "optional", "required"}, srtp)
	if n > 0 && era == YealinkV70 {
		n = 3 - n
	}
	return max(n, 0)
}

// yealinkCodec is one codec of an account. Firmware up to V73 has a row of
// numbered ones, each with its name and payload type; newer has them by name.
type yealinkCodec struct {
	Name     string
	N        int // of the row; 0 where old firmware has none
	OldName  string
	Payload  int
	Enabled  int
	Priority int // smaller is better, 0 when disabled
}

// yealinkCodecs lists every codec of pbx.PhoneCodecs, so that what a tenant no
// longer wants is switched off.
func yealinkCodecs(wanted []string) [5]yealinkCodec {
	out := [5]yealinkCodec{
		{Name: "g722", N: 6, OldName: "G722", Payload: 9}, {Name: "pcma", N: 2, OldName: "PCMA", Payload: 8},
		{Name: "pcmu", N: 1, OldName: "PCMU", Payload: 0},
		{Name: "g729", N: 5, OldName: "G729", Payload: 18}, {Name: "opus"},
	}
	for i := range out {
		if n := slices.Index(wanted, out[i].Name); n >= 0 {
			out[i].Enabled, out[i].Priority = 1, n+1
		}
	}
	return out
}

// yealinkSettings is the tenant's wishes in the phone's words.
type yealinkSettings struct {
	Language, Handset, Tones yealinkValue
	Clock24                  int
	Syslog                   yealinkValue
	HasSyslog                bool
	HasVLAN                  bool
	VLAN, VLANPriority       yealinkValue
	VLANEnabled              int
	Mono                     bool // the screen takes a logo, no wallpaper
	LogoMode                 int
	Logo, LogoFile           yealinkValue
}

func (w *yealinkWriter) settings(in *input, m Model) yealinkSettings {
	c := &in.settings
	out := yealinkSettings{
		Language: w.value("language", languageNames[c.Language].yealink),
		Handset:  w.value("language", handsetLanguages[c.Language]),
		Tones:    w.value("tone country", toneCountries[c.ToneCountry]), Syslog: w.value("syslog server", c.SyslogServer),
		HasSyslog: c.SyslogServer != "",
		HasVLAN:   c.VLAN != pbx.KeepVLAN, Mono: m.mono(), Logo: w.value("logo", c.Logo),
	}
	if c.Clock24 {
		out.Clock24 = 1
	}
	if c.VLAN > 0 {
		out.VLANEnabled, out.VLAN, out.VLANPriority = 1, w.value("VLAN", fmt.Sprint(c.VLAN)),
			w.value("VLAN priority", fmt.Sprint(c.VLANPriority))
	}
	if c.Logo != "" {
		out.LogoMode, out.LogoFile = 2, w.value("logo", "Config:"+path.Base(c.Logo))
	}
	return out
}

func renderYealinkEnrol(e *Engine, p *pbx.Phone, site Site) ([]byte, error) {
	var w yealinkWriter
	view := struct {
		Static    string
		ServerURL yealinkValue
	}{"static.", w.value("enrolment URL", site.ownURL(p.EnrolSecret())+"/")}
	if m, ok := Lookup(p.Vendor, p.Model); ok && m.Era == YealinkV70 {
		view.Static = ""
	}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("yealink/enrol.cfg", view)
}

// renderBoot renders the file that firmware of V81 and newer asks for first. It
// names the one file with everything in it, so that the phone skips the common
// files, which it would ask for in vain.
func renderBoot(e *Engine, mac pbx.MAC) ([]byte, error) {
	var w yealinkWriter
	view := struct{ File yealinkValue }{w.value("MAC", string(mac)+".cfg")}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("yealink/boot", view)
}
