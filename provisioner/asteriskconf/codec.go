package asteriskconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Codec is one of pbx.PhoneCodecs as Asterisk knows it.
type Codec struct {
	Name   string // of pbx.PhoneCodecs
	format string // Asterisk's name
	// Modules translate it, whichever of them runs: Digium's and others'. Empty where every
	// Asterisk does.
	Modules []string
}

var codecs = []Codec{
	{Name: "g722", format: "g722"}, {Name: "pcma", format: "alaw"}, {Name: "pcmu", format: "ulaw"},
	{"g729", "g729", []string{"codec_g729", "codec_g729a"}},
	{"opus", "opus", []string{"codec_opus", "codec_opus_open_source"}},
}

// codecNamed returns the codec of a name of pbx.PhoneCodecs; the zero value for another name.
func codecNamed(name string) Codec {
	for _, c := range codecs {
		if c.Name == name {
			return c
		}
	}
	return Codec{}
}

// OptionalCodecs are those that an Asterisk translates only with a module of their own.
func OptionalCodecs() []Codec {
	return slices.DeleteFunc(slices.Clone(codecs), func(c Codec) bool { return len(c.Modules) == 0 })
}

// plainFormats are in every Asterisk from 16 on. They hold where no tenant says otherwise, in
// the order that carriers have too, so that nothing is translated: a leg outside that is held
// with music behind a leg of its own was silent on Asterisk 22.10 where the two differed, and
// heard it on 16.
var plainFormats = []string{"ulaw", "alaw", "g722"}

// formatsOf are the formats of a tenant's devices, best first; plainFormats where the tenant
// leaves its codecs as they are. A codec that Asterisk only
// hands through is left out: voicemail, announcements and conferences would be silent.
func (o Options) formatsOf(p *pbx.PhoneSettings) []string {
	if slices.Equal(p.Codecs, pbx.DefaultPhoneSettings("").Codecs) {
		return plainFormats
	}
	return o.formatsNamed(p.Codecs)
}

// formatsNamed are the formats of codecs that Asterisk translates.
func (o Options) formatsNamed(names []string) (out []string) {
	for _, name := range names {
		if c := codecNamed(name); c.format != "" && o.speaks(c) {
			out = append(out, c.format)
		}
	}
	if len(out) == 0 { // a rule of the settings forbids it, and an endpoint without codecs refuses all calls
		return plainFormats
	}
	return out
}

// formatsOfTrunk are the formats of a trunk, best first. Where it does not choose, they are
// those of the tenant's devices, so that nothing is translated, and the plain ones behind them:
// carriers may speak nothing else.
func (o Options) formatsOfTrunk(s *pbx.Snapshot, t *pbx.Trunk) []string {
	if len(t.Codecs) > 0 {
		return o.formatsNamed(t.Codecs)
	}
	out := slices.Clone(o.formatsOf(s.SettingsOf(t.Tenant)))
	for _, f := range plainFormats {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// speaks reports whether Asterisk translates a codec.
func (o Options) speaks(c Codec) bool {
	return len(c.Modules) == 0 || slices.Contains(o.Translates, c.Name)
}

// WantedCodecs are the optional codecs that a tenant of the snapshot wants for its phones
// or a trunk.
func WantedCodecs(s *pbx.Snapshot) []Codec {
	return slices.DeleteFunc(OptionalCodecs(), func(c Codec) bool {
		return !slices.ContainsFunc(s.Tenants, func(t *pbx.Tenant) bool {
			return slices.Contains(s.SettingsOf(t.Name).Codecs, c.Name)
		}) && !slices.ContainsFunc(s.Trunks, func(t *pbx.Trunk) bool { return slices.Contains(t.Codecs, c.Name) })
	})
}

// Unspoken has a sentence for each codec that a tenant wants and Asterisk does not translate.
// It names no tenant: each tenant reads it.
func (o Options) Unspoken(s *pbx.Snapshot) []string {
	var out []string
	for _, c := range WantedCodecs(s) {
		if !o.speaks(c) {
			out = append(out, fmt.Sprintf("codec %s is not used: Asterisk cannot translate it without the module %s; phones "+
				"and trunks talk in the next codec of their list", c.Name, strings.Join(c.Modules, " or ")))
		}
	}
	return out
}
