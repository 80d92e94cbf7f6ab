package phones

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestCodecsRealAsterisk: two desk phones that offer what their files say, and Asterisk, agree
// on the tenant's best codec that all of them speak, on the wire. Asterisk 22 of the sandbox
// has a module for Opus, 16 has none, and neither has one for G.729.
func TestCodecsRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		o := &codecOffice{lab: l, opus: "G722"}
		if o.translates(t, "opus") {
			o.opus = "opus"
		}
		o.yealink, o.polycom = o.bootsAs(t, "yealink", "T46U", "101"), o.bootsAs(t, "polycom", "VVX450", "102")
		out, in := Connect(t, o.yealink, o.polycom, "102")
		if a, b := out.Stats().Codec, in.Stats().Codec; a != b {
			t.Errorf("with the default the caller has %s and the callee %s", a, b)
		}
		HangUp(t, out, in)
		o.want(t, []string{"g722", "pcmu"})
		o.agree(t, "G722", "G722", "PCMU")

		o.want(t, []string{"opus", "g722", "pcma", "g729"})
		offered := []string{"opus", "G722", "PCMA"}
		if o.opus != "opus" {
			offered = offered[1:]
		}
		o.agree(t, o.opus, offered...)

		o.want(t, []string{"pcma", "g722"})
		o.agree(t, "PCMA", "PCMA", "G722")
		o.mixed(t)
	})
}

type codecOffice struct {
	*lab
	opus             string // the codec of a call whose phones want Opus
	yealink, polycom *phone.Phone
}

// translates asks Asterisk's console, as a person would.
func (o *codecOffice) translates(t *testing.T, format string) bool {
	return strings.Contains(o.Console(t, "core show translation paths "+format), "->(slin@8000)")
}

// bootsAs makes a seat, and its phone boot and register.
func (o *codecOffice) bootsAs(t *testing.T, vendor, model, number string) *phone.Phone {
	t.Helper()
	o.Extension(t, number, "", nil)
	o.Device(t, "desk"+number, number, nil)
	p := NewPhone(t, phone.Options{Model: model, ProvisioningURL: o.Phones + "/"})
	o.Do(t, "PUT", Tenant+"/phones/"+p.MAC(), Object{"vendor": vendor, "model": model,
		"lines": []Object{{"registration": 1, "device": "desk" + number}}}, nil)
	o.Applied(t)
	o.boots(t, p)
	return p
}

// boots lets a phone fetch its files and register with the account that they say.
func (o *codecOffice) boots(t *testing.T, p *phone.Phone) phone.Account {
	t.Helper()
	c, _, err := p.Fetch(Within(t, 15*time.Second))
	if err != nil || len(c.Accounts) != 1 {
		t.Fatalf("%s boots: %v, %+v", p.Model().Name, err, c)
	}
	if err := p.Register(Within(t, 10*time.Second), c.Accounts[0]); err != nil {
		t.Fatal(err)
	}
	return c.Accounts[0]
}

// want changes the tenant's codecs, boots both phones with them, and reads which of them the
// answer says are not used.
func (o *codecOffice) want(t *testing.T, codecs []string) {
	t.Helper()
	var answer struct {
		Apply struct {
			State    string
			Warnings []string
		}
	}
	o.Do(t, "PATCH", Tenant+"/phone-settings", Object{"codecs": codecs}, &answer, "Prefer", "wait=10")
	if answer.Apply.State != "applied" {
		t.Fatalf("codecs %v: %+v", codecs, answer)
	}
	said := strings.Join(answer.Apply.Warnings, "\n")
	for _, c := range []string{"opus", "g729"} {
		unused := slices.Contains(codecs, c) && !o.translates(t, c)
		if strings.Contains(said, "codec "+c+" is not used") != unused {
			t.Errorf("codecs %v, %s translated %v: the answer says %q", codecs, c, o.translates(t, c), said)
		}
	}
	o.boots(t, o.yealink)
	o.boots(t, o.polycom)
}

// agree calls in both directions: both legs talk in the codec, and the callee was offered the
// tenant's, in its order.
func (o *codecOffice) agree(t *testing.T, codec string, offered ...string) {
	t.Helper()
	for _, c := range []struct {
		from, to *phone.Phone
		number   string
	}{{o.yealink, o.polycom, "102"}, {o.polycom, o.yealink, "101"}} {
		out, in := Connect(t, c.from, c.to, c.number)
		if a, b := out.Stats(), in.Stats(); a.Codec != codec || b.Codec != codec || !slices.Equal(b.Offered, offered) {
			t.Errorf("call to %s: caller %s, answered %v; callee %s, offered %v; want %s of %v", c.number, a.Codec, a.Offered,
				b.Codec, b.Offered, codec, offered)
		}
		if codec != "opus" { // in which the simulated phone has no voice
			Talk(t, out, in)
		}
		HangUp(t, out, in)
	}
}

// mixed is a call between phones that have no codec in common, so that Asterisk translates.
func (o *codecOffice) mixed(t *testing.T) {
	t.Helper()
	o.Extension(t, "103", "", nil)
	o.Extension(t, "104", "", nil)
	wide := o.Register(t, o.Device(t, "wide", "103", nil), phone.Options{Codecs: []string{"G722"}})
	narrow := o.Register(t, o.Device(t, "narrow", "104", nil), phone.Options{Codecs: []string{"PCMA"}})
	out, in := Connect(t, wide, narrow, "104")
	if a, b := out.Stats().Codec, in.Stats().Codec; a != "G722" || b != "PCMA" {
		t.Errorf("caller %s, callee %s, want G722 and PCMA", a, b)
	}
	Talk(t, out, in)
	HangUp(t, out, in)
}
