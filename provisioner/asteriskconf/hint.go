package asteriskconf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// hintsFile says what the lamp of each extension shows. The dialplan reads it by
// AST_CONFIG when a phone subscribes and when the dialplan is reloaded.
//
// The dialplan has hints for patterns only, because Asterisk compares each hint with all
// others when it is added (ast_add_hint, main/pbx.c): 10,000 of them took 10 s. Asterisk
// makes the hint of one number when a phone subscribes to it, and drops it at a reload if
// nobody watches it any more. The patterns match the extensions that may be watched and
// nothing else: another number would be a hint that Asterisk keeps for nobody.
const hintsFile = "dialtone/hints.conf"

// hintsView is what hints.conf's template sees.
type hintsView struct{ Tenants []hintsTenant }

// hintsTenant becomes a section.
type hintsTenant struct {
	Name       contextName // of its context of hints
	Extensions []hintedExtension
}

// watched reports whether an extension has a lamp.
func (t hintsTenant) watched() bool { return len(t.Extensions) > 0 }

// hintedExtension becomes a line.
type hintedExtension struct {
	Number  extenName
	Devices dialArg
}

// hintLine is a hint in the dialplan.
type hintLine struct{ At, Shows string }

func hintsOf(s *pbx.Snapshot, _ Options) (any, error) {
	v := hintsView{}
	at := map[string]int{}
	for i, t := range s.Tenants {
		name, err := newContextName("name", t.Name, pbx.HintContext)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
		}
		at[t.Name], v.Tenants = i, append(v.Tenants, hintsTenant{Name: name})
	}
	for _, e := range s.Extensions {
		i, ok := at[e.Tenant]
		if !ok {
			return nil, fmt.Errorf("extension %s: no tenant %s", e.Number, e.Tenant)
		}
		if !e.Presence {
			continue
		}
		view, err := hintOf(s, e)
		if err != nil {
			return nil, fmt.Errorf("extension %s of tenant %s: %w", e.Number, e.Tenant, err)
		}
		v.Tenants[i].Extensions = append(v.Tenants[i].Extensions, view)
	}
	return v, nil
}

func hintOf(s *pbx.Snapshot, e *pbx.Extension) (v hintedExtension, err error) {
	var es pbx.Errors
	into(&es, &v.Number)(newExtenName("number", e.Number))
	into(&es, &v.Devices)(newHintDevices("devices", s, e))
	return v, es.Err()
}

// maxHint bounds what a hint watches in bytes. Asterisk expands it into 4,096 bytes
// (VAR_BUF_SIZE, pbx.h); a longer one would end in half a name.
const maxHint = 4000

// newHintDevices is what the lamp of an extension shows: its devices that register, and do
// not disturb. One without any device is unavailable, as nobodyEndpoint never registers.
func newHintDevices(field string, s *pbx.Snapshot, e *pbx.Extension) (dialArg, *pbx.Error) {
	last := pbx.LampDevice(pbx.FeatureDoNotDisturb, e.Tenant, e.Number)
	if len(s.RungBy(e)) == 0 {
		return dialArg{string(pbx.PJSIP) + "/" + nobodyEndpoint + "&" + last}, nil
	}
	var b strings.Builder
	for _, d := range s.Watched(e) {
		leg := pbx.Leg{Endpoint: d.Endpoint, Technology: d.Technology(), Device: d.Name}
		if _, err := newLegName(field, leg); err != nil {
			return dialArg{}, err
		}
		if b.Len()+len(leg.Channel())+1+len(last) > maxHint {
			break
		}
		b.WriteString(leg.Channel() + "&")
	}
	return dialArg{b.String() + last}, nil
}

// hintLines are the hints of a tenant's extensions that may be watched, of their settings
// and of the keys that forward them.
func hintLines(es *pbx.Errors, s *pbx.Snapshot, tenant string, f featureView, keys forwardKeys) (out []hintLine) {
	var numbers []string
	for _, e := range s.ExtensionsOf(tenant) {
		if e.Presence {
			numbers = append(numbers, e.Number)
		}
	}
	read := "${AST_CONFIG(" + hintsFile + "," + pbx.HintContext(tenant) + ",${EXTEN})}"
	out = hintsAt("", numbers, "", read, func(number string) string {
		var devices dialArg
		into(es, &devices)(newHintDevices("devices", s, s.Extension(tenant, number)))
		return devices.String()
	})
	for _, l := range f.Lamps {
		out = append(out, hintsAt(l.Code.text, numbers, "", l.of(l.Code.Own()), l.of)...)
		if l.feature == pbx.FeatureForwardAll {
			for to, forwarded := range keys[tenant] {
				out = append(out, hintsAt(l.Code.text, forwarded, pbx.ToggleMark+to, l.of(l.Code.Own()), l.of)...)
			}
		}
	}
	slices.SortFunc(out, func(a, b hintLine) int { return cmp.Compare(b.At, a.At) })
	return slices.Compact(out) // two phones of an extension may have the same key
}

// hintsAt are the hints of numbers with a text before and behind them: one for each
// pattern, which shows shown, and one for each number with letters. AST_CONFIG would not
// tell these from the same letters in other case.
func hintsAt(before string, numbers []string, behind, shown string, of func(number string) string) (out []hintLine) {
	var digits []string
	for _, n := range numbers {
		if strings.Trim(n, "0123456789") == "" {
			digits = append(digits, n)
			continue
		}
		out = append(out, hintLine{before + n + behind, of(n)})
	}
	for _, p := range patternsOf(digits) {
		out = append(out, hintLine{"_" + before + p + inPattern(behind), shown})
	}
	return out
}

// forwardKeys are what keys of phones forward calls to, with the extensions that they
// forward: by tenant, then by number called.
type forwardKeys map[string]map[string][]string

// forwardKeysOf reads the keys of all phones. A key that another covers counts as well: it
// is a hint more.
func forwardKeysOf(s *pbx.Snapshot) forwardKeys {
	out := forwardKeys{}
	for _, p := range s.Phones {
		for _, layer := range [][]pbx.Button{s.ButtonsOf(p.Tenant, pbx.DefaultButtons), s.ButtonsOf(p.Tenant, p.Model),
			p.Buttons} {
			for _, b := range layer {
				if b.Kind == pbx.ForwardButton && b.Forwards() {
					out.add(s, p, b)
				}
			}
		}
	}
	return out
}

// add notes the extension that a key forwards: that of its line.
func (k forwardKeys) add(s *pbx.Snapshot, p *pbx.Phone, b pbx.Button) {
	for _, l := range p.Lines {
		d := s.Device(p.Tenant, l.Device)
		if l.Registration != b.Line || d == nil {
			continue
		}
		if e := s.Extension(d.Tenant, d.Extension); e != nil && e.Presence {
			if k[p.Tenant] == nil {
				k[p.Tenant] = map[string][]string{}
			}
			k[p.Tenant][b.Value] = append(k[p.Tenant][b.Value], e.Number)
		}
	}
}
