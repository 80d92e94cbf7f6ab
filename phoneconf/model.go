package phoneconf

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Model is what files depend on in a model of phone. Every model is one row of
// models/<vendor>.csv; nothing else in the program knows a model's name.
type Model struct {
	Vendor pbx.Vendor
	Name   string   // as the phone's User-Agent spells it: T46U, VVX450, SPIP650
	Also   []string // other names people know it by: IP650, W60P
	Kind   string   // desk, video, conference, handset, dect
	// Accounts counts SIP registrations, LineKeys the keys beside the screen, over
	// all pages and without expansion modules.
	Accounts, LineKeys int
	Pages              int    // pages of keys, 0 where no source says
	Module             string // its expansion module, "" for none
	ModuleKeys         int    // keys of one module
	Modules            int    // modules at most
	Screen             string
	// FileCode is the number in the name of Yealink's common file
	// (y000000000108.cfg has 108); "" where there is none or none is known.
	FileCode  string
	Firmware  string // newest branch that the sources show
	Era       Era
	Quirks    []Quirk
	Sources   []string // tags of the fact sheets
	Uncertain string   // what no second source confirms, for people; "" when nothing
}

// Era is a generation of firmware that shares its parameter names.
type Era string

// The eras.
const (
	YealinkV70       Era = "v70"       // up to V73: no "static.", numbered codecs
	YealinkV80       Era = "v80"       // V80 and newer
	YealinkDECT      Era = "dect"      // V80 and newer, a base with handsets
	YealinkMulticell Era = "multicell" // a base whose accounts take their server from a template
	PolycomSIP3      Era = "sip3"      // SIP 1.x to 3.2
	PolycomUCS4      Era = "ucs4"      // UC Software 3.3 and 4.0
	PolycomUCS       Era = "ucs"       // UC Software 5.x and newer
)

// Quirk is a way in which one model differs from its era.
type Quirk string

// The quirks.
const (
	// BLFFromZero: the account of a BLF key counts from zero.
	BLFFromZero Quirk = "blf-from-zero"
	// NoModuleKey21: key 21 of a module only turns its page.
	NoModuleKey21 Quirk = "no-module-key-21"
	// TenMemoryKeys: ten more keys beside the paper label, which files call memory
	// keys 1 to 10; here they go on counting after the line keys.
	TenMemoryKeys Quirk = "ten-memory-keys"
	// CallerFromOnly: names and numbers are read from From, or from P-Asserted-Identity
	// alone, which shows a call without it as anonymous.
	CallerFromOnly Quirk = "caller-from-only"
)

// Keys counts the keys that buttons can be put on, without modules.
func (m Model) Keys() int {
	if m.has(TenMemoryKeys) {
		return m.LineKeys + 10
	}
	return m.LineKeys
}

func (m Model) has(q Quirk) bool { return slices.Contains(m.Quirks, q) }

// OldTLS reports that its newest firmware speaks TLS 1.0 alone, or has no ECDHE: Polycom
// before UC Software 5, Yealink before V85, of which public server configurations add suites
// with RSA key exchange. Where no source is certain it is taken to be so.
func (m Model) OldTLS() bool {
	switch m.Era {
	case PolycomSIP3, PolycomUCS4, YealinkV70:
		return true
	case PolycomUCS:
		return false
	}
	branch, err := strconv.Atoi(m.Firmware)
	return err == nil && branch < 85
}

// mono reports whether the screen shows no colours.
func (m Model) mono() bool { return strings.Contains(m.Screen, "mono") }

// SpeaksTLS reports whether the model's software knows TLS 1.2, the least that Asterisk takes.
// Firmware of Yealink up to V73 and Polycom's before UC Software 5 end at TLS 1.0.
func (m Model) SpeaksTLS() bool {
	return m.Era != YealinkV70 && m.Era != PolycomSIP3 && m.Era != PolycomUCS4
}

// CommonFile is the name of the file that all Yealinks of this model ask for
// before their own; "" for other makes and where the code is not known. What it
// sets, <mac>.cfg overrides; we put everything there and serve no common file.
func (m Model) CommonFile() FileName {
	if m.FileCode == "" {
		return ""
	}
	return FileName(fmt.Sprintf("y%012s.cfg", m.FileCode))
}

// Models returns the known models, sorted by vendor and name.
func Models() []Model { return slices.Clone(models) }

// plainName is how names are compared: without case, blanks, '-' and '_'.
func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(s))
}

// Lookup returns the model of a vendor by any of its names.
func Lookup(vendor pbx.Vendor, name string) (Model, bool) {
	m, ok := byName[modelKey{vendor, name}] // as it is stored, in most cases
	if ok {
		return m, true
	}
	plain := plainName(name)
	if m, ok = byName[modelKey{vendor, plain}]; ok {
		return m, true
	}
	for _, before := range beforeModel {
		if rest, is := strings.CutPrefix(plain, before); is {
			if m, ok = byName[modelKey{vendor, rest}]; ok {
				return m, true
			}
			plain = rest
		}
	}
	return Model{}, false
}

// beforeModel are words that stand before the name of a model on the phone, on its box or in
// its User-Agent, in this order: Yealink SIP-T46U, SoundPoint IP 650, Poly VVX 450.
var beforeModel = []string{"hp", "yealink", "polycom", "poly", "sip", "soundpoint", "soundstation"}

// LookupAny returns the model of that name, whoever makes it. No name belongs to
// two makes (a test holds that).
func LookupAny(name string) (Model, bool) {
	for _, v := range []pbx.Vendor{pbx.Yealink, pbx.Polycom} {
		if m, ok := Lookup(v, name); ok {
			return m, true
		}
	}
	return Model{}, false
}

// UnknownModel is the error about a model that is not in the tables; it names
// those that are spelt most like it. An empty vendor looks at all.
func UnknownModel(field string, vendor pbx.Vendor, name string) *pbx.Error {
	if other, ok := LookupAny(name); ok {
		return pbx.Invalidf(field, "%s is a %s: set vendor to %s", other.Name, other.Vendor, other.Vendor)
	}
	whose := "any vendor"
	if vendor != "" {
		whose = string(vendor)
	}
	return pbx.Invalidf(field,
		"%.30q is not a model of %s that is known here: did you mean %s? GET /v1/phone-models lists all", name, whose,
		strings.Join(near(vendor, name, 5), ", "))
}

// near returns the n names that are spelt most like name: those that begin as it does, then
// those of which the fewest letters differ.
func near(vendor pbx.Vendor, name string, n int) []string {
	type candidate struct {
		name        string
		begins, far int
	}
	plain := plainName(name)
	for _, before := range beforeModel {
		plain = strings.TrimPrefix(plain, before)
	}
	var all []candidate
	for _, m := range models {
		if vendor != "" && m.Vendor != vendor {
			continue
		}
		c := candidate{m.Name, 0, len(name) + 40}
		for _, known := range append([]string{m.Name}, m.Also...) {
			c.begins = max(c.begins, common(plainName(known), plain))
			c.far = min(c.far, distance(plainName(known), plain))
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		if a.begins == len(plain) || b.begins == len(plain) { // one goes on where the name ends
			return cmp.Or(cmp.Compare(b.begins, a.begins), cmp.Compare(a.far, b.far))
		}
		return cmp.Compare(a.far, b.far)
	})
	var out []string
	for _, c := range all[:min(n, len(all))] {
		out = append(out, c.name)
	}
	return out
}

// common is how many letters two texts begin with in common.
func common(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// distance counts the letters to insert, drop or replace to get from a to b
// (Levenshtein). Texts beyond 40 bytes are as far as they are long.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Named reports whether one of the model's names contains a text, in any
// spelling.
func (m Model) Named(text string) bool {
	return slices.ContainsFunc(append([]string{m.Name}, m.Also...), func(name string) bool {
		return strings.Contains(plainName(name), plainName(text))
	})
}
