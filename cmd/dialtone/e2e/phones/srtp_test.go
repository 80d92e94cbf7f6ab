package phones

import (
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestSRTPRealAsterisk: phones that are told to encrypt do so with Asterisk, by what their files
// say and their vendors' firmware offers, and talk to a phone without encryption, both ways.
func TestSRTPRealAsterisk(t *testing.T) {
	onBoth(t, func(t *testing.T, l *lab) {
		o := &srtpOffice{lab: l, desks: map[string]*factory.Desk{}}
		l.Extension(t, "101", "", nil)
		o.plain = l.Register(t, l.Device(t, "plain", "101", nil), phone.Options{})
		o.bring(t, "yealink", "T46U", "108.87.0.15", "102")
		o.bring(t, "polycom", "VVX450", "", "103")
		o.bring(t, "yealink", "T28P", "", "104")
		o.calls(t, "102", "103", "", "")

		const best = "AES_CM_128_HMAC_SHA1_80"
		o.want(t, "optional")
		o.calls(t, "102", "103", "", "") // they have their old files
		o.boot(t)
		o.calls(t, "102", "103", best, best)
		o.calls(t, "103", "101", best, "")
		o.calls(t, "101", "102", "", best)
		o.want(t, "required")
		o.boot(t)
		o.calls(t, "104", "103", best, best)
		o.calls(t, "103", "101", best, "")
		o.calls(t, "101", "104", "", best)
	})
}

type srtpOffice struct {
	*lab
	plain *phone.Phone
	desks map[string]*factory.Desk // by their numbers
}

// bring makes a seat with a phone as its vendor ships it.
func (o *srtpOffice) bring(t *testing.T, vendor, model, firmware, number string) {
	t.Helper()
	o.Extension(t, number, "", nil)
	o.Device(t, "desk"+number, number, nil)
	d, err := factory.NewDesk(factory.Options{Options: phone.Options{MAC: NewMAC(), Model: model, Firmware: firmware,
		ProvisioningURL: o.Phones + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Logf("closing a phone: %v", err)
		}
	})
	o.Do(t, "PUT", Tenant+"/phones/"+d.MAC(), Object{"vendor": vendor, "model": model,
		"lines": []Object{{"registration": 1, "device": "desk" + number}}}, nil)
	o.Applied(t)
	o.desks[number] = d
	if err := d.Boot(Within(t, 15*time.Second)); err != nil {
		t.Fatal(err)
	}
}

func (o *srtpOffice) want(t *testing.T, srtp string) {
	t.Helper()
	o.Do(t, "PATCH", Tenant+"/phone-settings", Object{"srtp": srtp}, nil)
	o.Applied(t)
}

func (o *srtpOffice) boot(t *testing.T) {
	t.Helper()
	for _, d := range o.desks {
		if err := d.Boot(Within(t, 15*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
}

// calls makes a call whose sides have such ciphers, "" for none.
func (o *srtpOffice) calls(t *testing.T, from, to, caller, callee string) {
	t.Helper()
	at := func(number string) *phone.Phone {
		if d := o.desks[number]; d != nil {
			return d.Phone
		}
		return o.plain
	}
	out, in := Connect(t, at(from), at(to), to)
	Talk(t, out, in)
	if a, b := out.Stats(), in.Stats(); a.Cipher != caller || b.Cipher != callee || a.Undeciphered+b.Undeciphered > 0 {
		t.Errorf("%s calls %s: caller %q, callee %q, want %q and %q; %d and %d packets did not fit", from, to, a.Cipher, b.Cipher,
			caller, callee, a.Undeciphered, b.Undeciphered)
	}
	HangUp(t, out, in)
}
