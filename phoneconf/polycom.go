package phoneconf

import (
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The ends of the file names that our master files list.
const (
	polycomParameters = "-dialtone.cfg"
	polycomEnrol      = "-enrol.cfg"
)

// polycomLabelBytes is the one length found in the guides (directory labels, 40
// bytes of UTF-8); names get twice that, which holds every name of pbx.
const (
	polycomLabelBytes = 40
	polycomNameBytes  = 80
)

// polycomView is what templates/polycom/phone.cfg prints.
type polycomView struct {
	Server   polycomServer
	Password xmlAttr // of the phone's web page
	NTP      xmlAttr
	HasNTP   bool // false leaves the clock's server to DHCP
	Clock    polycomClock
	Lines    []polycomLine
	LineKeys []polycomLineKey
}

// polycomServer says where a phone finds its files.
type polycomServer struct {
	Name xmlAttr // host, port and path, without scheme
	Type xmlAttr // HTTP or HTTPS
}

// polycomLine is one registration; an unused one is written to be cleared.
type polycomLine struct {
	N            int
	Enabled      bool
	HasVoicemail bool
	Endpoint     xmlAttr
	Password     xmlAttr
	DisplayName  xmlAttr
	Label        xmlAttr
	Server       xmlAttr
	Port         int
	Transport    xmlAttr // UDPOnly or TCPOnly
	Voicemail    xmlAttr // number to dial for messages
}

// polycomLineKey is one key beside the screen; Line 0 leaves it unassigned.
type polycomLineKey struct{ N, Line int }

// polycomClock holds the tcpIpApp.sntp parameters.
type polycomClock struct {
	Offset     int // seconds east of UTC
	Summer     bool
	Start, End polycomChange
}

// polycomChange is one end of summer: on the first Day on or after Date.
type polycomChange struct {
	Month, Date, Hour int // Date is 1, 8, 15 or 22
	Day               int // Sunday is 1: a Yealink's numbers would be a day off here
	Last              int // 1: the last Day of the month, whatever Date says
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

func renderPolycom(e *Engine, in *input, m Model, c clock) ([]byte, error) {
	var w attrWriter
	view := polycomView{
		Server:   w.server(in.site, pbx.NewSecret(in.urlSecret)),
		Password: w.attr("phone password", in.password),
		NTP:      w.attr("NTP server", in.site.NTPServer),
		HasNTP:   in.site.NTPServer != "",
		Clock:    polycomClockOf(c),
	}
	for n := 1; n <= m.Accounts; n++ {
		view.Lines = append(view.Lines, w.line(in, n))
	}
	for n := 1; n <= m.LineKeys; n++ {
		k := polycomLineKey{N: n}
		if n <= m.Accounts && in.line(n) != nil {
			k.Line = n
		}
		view.LineKeys = append(view.LineKeys, k)
	}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("polycom/phone.cfg", view)
}

// server splits the phone's own URL the way device.prov wants it.
func (w *attrWriter) server(site Site, secret pbx.Secret) polycomServer {
	scheme, rest, _ := strings.Cut(site.ownURL(secret), "://")
	return polycomServer{Name: w.attr("own URL", rest), Type: w.attr("scheme", strings.ToUpper(scheme))}
}

func (w *attrWriter) line(in *input, n int) polycomLine {
	out := polycomLine{N: n}
	l := in.line(n)
	if l == nil {
		return out
	}
	label := in.lineLabel(l, polycomLabelBytes)
	out.Enabled = true
	out.Label = w.attr("label", label)
	out.DisplayName = w.attr("name", readable(l.name, label, polycomNameBytes))
	out.Endpoint = w.attr("endpoint", l.endpoint)
	out.Password = w.attr("SIP password", l.secret)
	out.Server = w.attr("SIP server", in.site.SIPServer)
	out.Port = in.site.SIPPort
	out.Transport = w.attr("transport", strings.ToUpper(in.site.Transport)+"Only")
	if l.voicemail {
		out.HasVoicemail = true
		out.Voicemail = w.attr("voicemail number", pbx.VoicemailCode)
	}
	return out
}

// polycomClockOf drops the summer of a zone that moves by other than an hour
// (Lord Howe): the phone has no parameter for it.
func polycomClockOf(c clock) polycomClock {
	out := polycomClock{Offset: c.Offset}
	if c.Save == 3600 {
		out.Summer = true
		out.Start, out.End = polycomChangeOf(c.Start), polycomChangeOf(c.End)
	}
	return out
}

func polycomChangeOf(c change) polycomChange {
	out := polycomChange{Month: int(c.Month), Date: 1, Hour: c.Hour, Day: int(c.Weekday) + 1}
	if c.Week == 5 {
		out.Last = 1
	} else {
		out.Date = (c.Week-1)*7 + 1
	}
	return out
}

// renderMaster renders the file that a Polycom asks for first; it names the one
// parameter file, and the phone asks for that next to it.
func renderMaster(e *Engine, mac pbx.MAC, ending string) ([]byte, error) {
	var w attrWriter
	view := struct{ ConfigFiles xmlAttr }{w.attr("file name", string(mac)+ending)}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("polycom/master.cfg", view)
}

func renderPolycomEnrol(e *Engine, p *pbx.Phone, site Site) ([]byte, error) {
	var w attrWriter
	view := struct{ Server polycomServer }{w.server(site, p.URLSecret)}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("polycom/enrol.cfg", view)
}
