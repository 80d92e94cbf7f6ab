package phoneconf

import (
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// yealinkTextBytes is how long a label or name may be; guides quote limits from
// 64 to 99 [K].
const yealinkTextBytes = 64

// yealinkView is what templates/yealink/phone.cfg prints.
type yealinkView struct {
	ServerURL yealinkValue // the phone's own URL, with a slash at the end
	Password  yealinkValue // of the phone's web page
	NTP       yealinkValue
	Clock     yealinkClock
	Accounts  []yealinkAccount
	LineKeys  []yealinkLineKey
}

// yealinkAccount is one registration; a disabled one is written to be cleared.
type yealinkAccount struct {
	N           int
	Enabled     bool
	Label       yealinkValue
	DisplayName yealinkValue
	User        yealinkValue
	Password    yealinkValue
	Server      yealinkValue
	Port        int
	Transport   int          // 0 UDP, 1 TCP
	Voicemail   yealinkValue // number to dial for messages
}

// yealinkLineKey is one key beside the screen; Type 15 is a line, 0 nothing.
type yealinkLineKey struct {
	N, Type     int
	Line, Label yealinkValue
}

// yealinkClock holds the local_time parameters.
type yealinkClock struct {
	Zone       yealinkValue // hours from UTC: +1, -3:30, +5:45
	Summer     int          // 1 when Start and End apply
	Start, End yealinkValue // Month/Week/Weekday/Hour, week 5 the last, Sunday 7
	Minutes    int          // added in summer
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
	view := yealinkView{
		ServerURL: w.value("own URL", in.site.ownURL(pbx.NewSecret(in.urlSecret))+"/"),
		Password:  w.value("phone password", in.password),
		NTP:       w.value("NTP server", in.site.NTPServer),
		Clock:     w.clock(c),
		Accounts:  make([]yealinkAccount, m.Accounts),
		LineKeys:  make([]yealinkLineKey, m.LineKeys),
	}
	for i := range view.Accounts {
		view.Accounts[i] = w.account(in, i+1)
	}
	for i := range view.LineKeys {
		view.LineKeys[i] = w.lineKey(in, i+1, m.Accounts)
	}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("yealink/phone.cfg", view)
}

func (w *yealinkWriter) account(in *input, n int) yealinkAccount {
	a := yealinkAccount{N: n}
	l := in.line(n)
	if l == nil {
		return a
	}
	a.Enabled = true
	label := in.lineLabel(l, yealinkTextBytes)
	a.Label = w.value("label", label)
	a.DisplayName = w.value("name", readable(l.name, label, yealinkTextBytes))
	a.User = w.value("endpoint", l.endpoint)
	a.Password = w.value("SIP password", l.secret)
	a.Server = w.value("SIP server", in.site.SIPServer)
	a.Port = in.site.SIPPort
	if in.site.Transport == "tcp" {
		a.Transport = 1
	}
	if l.voicemail {
		a.Voicemail = w.value("voicemail number", pbx.VoicemailCode)
	}
	return a
}

// lineKey puts each registration on the key of its number.
func (w *yealinkWriter) lineKey(in *input, n, accounts int) yealinkLineKey {
	k := yealinkLineKey{N: n}
	if l := in.line(n); l != nil && n <= accounts {
		k.Type = 15
		k.Line = w.value("line", fmt.Sprint(n))
		k.Label = w.value("label", in.lineLabel(l, yealinkTextBytes))
	}
	return k
}

func (w *yealinkWriter) clock(c clock) yealinkClock {
	out := yealinkClock{Zone: w.value("time zone", yealinkOffset(c.Offset)), Minutes: c.Save / 60}
	if c.Save != 0 {
		out.Summer = 1
		out.Start, out.End = w.value("summer", yealinkChange(c.Start)), w.value("summer", yealinkChange(c.End))
	}
	return out
}

// yealinkOffset writes seconds east of UTC as 0, +1, -3:30, +5:45.
func yealinkOffset(seconds int) string {
	sign, minutes := "+", seconds/60
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	switch {
	case minutes == 0:
		return "0"
	case minutes%60 == 0:
		return fmt.Sprintf("%s%d", sign, minutes/60)
	}
	return fmt.Sprintf("%s%d:%02d", sign, minutes/60, minutes%60)
}

// yealinkChange writes Month/Week/Weekday/Hour. The vendor's own comment on the
// order is muddled; the US rule is 3/2/7/2 (second Sunday of March at two).
func yealinkChange(c change) string {
	day := int(c.Weekday)
	if c.Weekday == time.Sunday {
		day = 7
	}
	return fmt.Sprintf("%d/%d/%d/%d", c.Month, c.Week, day, c.Hour)
}

func renderYealinkEnrol(e *Engine, p *pbx.Phone, site Site) ([]byte, error) {
	var w yealinkWriter
	view := struct{ ServerURL yealinkValue }{w.value("own URL", site.ownURL(p.URLSecret)+"/")}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("yealink/enrol.cfg", view)
}
