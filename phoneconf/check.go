package phoneconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// CheckPhone returns the rules that p breaks because of its model: an unknown
// model, a line beyond the model's registrations, a button that the model has
// not. All others are pbx.Phone.Validate's; an unknown vendor is reported there
// alone. It spells the model's name as the tables do.
func CheckPhone(p *pbx.Phone) error {
	if p.Vendor != pbx.Yealink && p.Vendor != pbx.Polycom {
		return nil
	}
	m, ok := Lookup(p.Vendor, p.Model)
	if !ok {
		return pbx.Errors{UnknownModel("model", p.Vendor, p.Model)}
	}
	p.Model = m.Name
	var es pbx.Errors
	lines := map[int]bool{}
	for i, l := range p.Lines {
		lines[l.Registration] = true
		if l.Registration > m.Accounts {
			es.Add(pbx.Invalidf(fmt.Sprintf("lines[%d].registration", i), "is %d, a %s has registrations 1 to %d",
				l.Registration, m.Name, m.Accounts))
		}
	}
	for _, h := range p.Handsets {
		es.Add(m.checkHandset(h, lines))
	}
	for _, b := range p.Buttons {
		es.Add(m.checkButton(b))
		if b.Kind != pbx.NoButton && !lines[b.Line] {
			es.Add(pbx.Invalidf(b.Field("line"), "is %d, and the phone has no line with that registration", b.Line))
		}
	}
	return es.Err()
}

// CheckTemplate returns the rules that the buttons of a model's template break
// because of the model. The tenant's default fits every model: what a phone has
// not is left out there.
func CheckTemplate(t *pbx.ButtonTemplate) error {
	if t.Model == pbx.DefaultButtons {
		return nil
	}
	m, ok := LookupAny(t.Model)
	if !ok {
		return pbx.Errors{UnknownModel("model", "", t.Model)}
	}
	var es pbx.Errors
	for _, b := range t.Buttons {
		es.Add(m.checkButton(b))
		if b.Line > m.Accounts {
			es.Add(pbx.Invalidf(b.Field("line"), "is %d, a %s has registrations 1 to %d", b.Line, m.Name, m.Accounts))
		}
	}
	return es.Err()
}

// Fitting splits the buttons of a phone into those that its model has, and others.
func Fitting(p *pbx.Phone) (kept, others []pbx.Button) {
	m, known := Lookup(p.Vendor, p.Model)
	for _, b := range p.Buttons {
		if known && m.checkButton(b) != nil {
			others = append(others, b)
		} else {
			kept = append(kept, b)
		}
	}
	return kept, others
}

// checkButton refuses a key that the model has not, and a kind that its files
// cannot say.
func (m Model) checkButton(b pbx.Button) *pbx.Error {
	switch {
	case b.Module == 0 && b.Key > m.Keys() && m.LineKeys == 0:
		return pbx.Refusedf(b.Field(""), "a %s has no keys to put anything on", m.Name)
	case b.Module == 0 && b.Key > m.Keys():
		return pbx.Refusedf(b.Field(""), "a %s has keys 1 to %d", m.Name, m.Keys())
	case b.Module > m.Modules && m.Modules == 0:
		return pbx.Refusedf(b.Field(""), "a %s has no expansion modules that are known here", m.Name)
	case b.Module > m.Modules:
		return pbx.Refusedf(b.Field(""), "a %s takes %d expansion modules", m.Name, m.Modules)
	case b.Module > 0 && (b.Key > m.ModuleKeys || b.Key == 21 && m.has(NoModuleKey21)):
		return pbx.Refusedf(b.Field(""), "key %d of an %s cannot be set: it has keys 1 to %d%s", b.Key, m.Module,
			m.ModuleKeys, m.exceptKey())
	}
	if !m.can(b.Kind) {
		return &pbx.Error{Kind: pbx.NotImplemented, Field: b.Field("kind"),
			Message: fmt.Sprintf("a %s has no button of kind %s that its files could set", m.Name, b.Kind)}
	}
	return nil
}

func (m Model) exceptKey() string {
	if m.has(NoModuleKey21) {
		return " but 21"
	}
	return ""
}

// can reports whether the files of a model can say this kind of button.
// Yealink's have a number for most. A Polycom's key that switches a setting, or
// shows a parked call, is a lamp that is pressed; its oldest software has no key
// with a macro behind it. It pages in a way of its own, which nobody else hears, and no
// key of it is known to open the search over LDAP.
func (m Model) can(k pbx.ButtonKind) bool {
	switch {
	case k == pbx.NoButton:
		return true
	case m.Vendor == pbx.Yealink:
		return yealinkTypes[k] != 0 || k.Lamp()
	case k == pbx.PagingButton || k == pbx.LDAPButton:
		return false
	case m.Era == PolycomSIP3:
		return k == pbx.LineButton || k == pbx.BLFButton || k == pbx.SpeedDialButton || k.Lamp()
	}
	return true
}

// fits reports whether a button of the tenant's default can be on a model.
func (m Model) fits(b pbx.Button) bool { return m.checkButton(b) == nil && b.Line <= m.Accounts }
