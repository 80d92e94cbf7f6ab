package pbx

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Vendor is the make of a phone.
type Vendor string

// The makes whose files we write.
const (
	Yealink Vendor = "yealink"
	Polycom Vendor = "polycom"
)

// Phone is a desk phone: a MAC address, a make, a model, and lines.
type Phone struct {
	Tenant string
	MAC    MAC // key, unique over all tenants
	Vendor Vendor
	Model  string // as the vendor spells it without the make: T46U, VVX450
	Lines  []Line // sorted by Registration, no two the same
	// Buttons are this phone's own; templates fill the keys that they leave.
	// Sorted by Module and Key, no two the same.
	Buttons []Button
	// Settings are this phone's own, before those of its tenant and its user.
	Settings OwnSettings
	// URLSecret is the part of its own provisioning URL that nobody can guess
	// (256 bits in base32). It never changes unless it is replaced on purpose.
	URLSecret Secret
	// FormerSecret is the URLSecret before, which serves until the phone has used the URL of
	// the present one; zero when there is no such secret. See EnrolAgain.
	FormerSecret Secret
	// FormerMAC and FormerModel are the phone whose place this one took, if FormerSecret was
	// that phone's; "" otherwise. See Replacement.
	FormerMAC   MAC
	FormerModel string
	// EnrolUntil ends the window in which the generic URL answers this phone
	// with the address of its enrolment URL (and nothing else), see EnrolSecret.
	EnrolUntil time.Time
	Version    int64
	Revision   int64
}

// EnrolWindow is how long a phone may ask the generic URL after it was created
// or enrolled again.
const EnrolWindow = 24 * time.Hour

// EnrolOpen is the EnrolUntil of a window that stays open until the phone has its files.
var EnrolOpen = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// EnrolEnd is the end of an enrolment window that opens at a time and lasts for a while, in
// whole seconds, as in the database; 0 is until the phone has its files.
func EnrolEnd(at time.Time, lasts time.Duration) time.Time {
	if lasts == 0 {
		return EnrolOpen
	}
	return at.Add(lasts).UTC().Truncate(time.Second)
}

// ParseVendor reads the name of a make as people write it; one that is not known stays as it
// is, for Validate to refuse.
func ParseVendor(s string) Vendor {
	switch name := strings.ToLower(strings.TrimSpace(s)); name {
	case "poly", "hp poly", "polycom":
		return Polycom
	default:
		return Vendor(name)
	}
}

// Line is one registration of a phone.
type Line struct {
	Registration int    `json:"registration"` // 1 is the first line key
	Device       string `json:"device"`       // name of the device whose account it registers
}

// NewPhone returns a phone with a URL of its own, and without vendor, model and lines.
func NewPhone(tenant string, mac MAC, enrolUntil time.Time) *Phone {
	return &Phone{Tenant: tenant, MAC: mac, URLSecret: NewURLSecret(), EnrolUntil: enrolUntil}
}

// NewURLSecret returns the secret of a per-phone URL.
func NewURLSecret() Secret { return RandomSecret(32) }

// EnrolAgain gives the phone a new own URL and opens its enrolment window until a time.
//
// The URL by which a working phone asks has to serve on: only the files that it gets there
// tell it the new one. That is the present URL if the phone has used it (moved), or if none
// serves beside it. Otherwise it is the one that serves beside it.
func (p *Phone) EnrolAgain(moved bool, until time.Time) {
	if moved || p.FormerSecret.IsZero() {
		p.FormerSecret, p.FormerMAC, p.FormerModel = p.URLSecret, "", ""
	}
	p.URLSecret, p.EnrolUntil = NewURLSecret(), until
}

// Replacement is the phone of another MAC that takes the place of p, with its lines, buttons
// and settings, and URLs of its own. p is served by its own URL until the new one has used its own.
// moved tells whether p has used its present own URL.
func (p *Phone) Replacement(mac MAC, moved bool, until time.Time) *Phone {
	out := NewPhone(p.Tenant, mac, until)
	out.Vendor, out.Model, out.Lines, out.Buttons = p.Vendor, p.Model, slices.Clone(p.Lines), slices.Clone(p.Buttons)
	out.Settings = p.Settings
	out.FormerSecret, out.FormerMAC, out.FormerModel = p.URLSecret, p.MAC, p.Model
	if !moved && !p.FormerSecret.IsZero() && p.FormerMAC == "" {
		out.FormerSecret = p.FormerSecret
	}
	return out
}

// EnrolSecret is the secret of the URL that the generic URL gives the phone.
//
// Every client with the MAC can ask for it in the enrolment window. So it is not
// URLSecret and does not lead to it. The files behind it move the phone to its own URL,
// and it ends when the phone has used that.
func (p *Phone) EnrolSecret() Secret {
	if p.URLSecret.IsZero() {
		return Secret{}
	}
	sum := sha256.Sum256([]byte("enrolment URL of " + string(p.MAC) + " beside " + p.URLSecret.Reveal()))
	return NewSecret(base32Text(sum[:]))
}

// MaxLines is the most registrations any model has (Yealink W90B).
const MaxLines = 250

// Validate returns all broken rules; whether the model exists and has that many
// lines is phoneconf's to say.
func (p *Phone) Validate() error {
	var es Errors
	if _, err := ParseMAC("mac", string(p.MAC)); err != nil {
		es.Add(err)
	}
	if p.Vendor != Yealink && p.Vendor != Polycom {
		es.Add(Invalidf("vendor", "%s is not a vendor: use yealink or polycom", quote(string(p.Vendor))))
	}
	es.Add(CheckText("model", p.Model, 1, 20, 0))
	seenReg, seenDev := map[int]bool{}, map[string]bool{}
	for i, l := range p.Lines {
		field := fmt.Sprintf("lines[%d]", i)
		es.Add(CheckRange(field+".registration", l.Registration, 1, MaxLines, ""))
		es.Add(CheckName(field+".device", l.Device))
		if seenReg[l.Registration] {
			es.Add(Invalidf(field+".registration", "%d is used twice", l.Registration))
		}
		if seenDev[l.Device] {
			es.Add(Invalidf(field+".device", "%s is used twice", quote(l.Device)))
		}
		seenReg[l.Registration], seenDev[l.Device] = true, true
	}
	checkButtons(&es, p.Buttons)
	p.Settings.validate(&es)
	return es.Err()
}
