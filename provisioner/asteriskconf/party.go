package asteriskconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Party is the caller's identity and rights in a device's endpoint, whatever the
// technology. Views embed it under an exported name: stencils read no other fields.
type Party struct {
	Name, Number varValue // as variables take them one by one
	CallerID     callerID
	Extension    extenName // "" for none; the dialplan looks up the extension of a phone by it
	HasMailbox   bool
	Mailbox      mailboxName
	Groups       groupList
	PickupMark   pickupMark
	Monitored    bool // by those who may: channels carry the pickup mark as their SPYGROUP as well
	OnDemand     onDemandName
	Anonymous    bool
	Record       string        // variable that says so; "" when calls are not recorded
	Language     languageName  // of prompts; "" is Asterisk's default
	Tones        languageName  // name of a zone in indications.conf; "" is Asterisk's default
	Shown        outsideNumber // what carriers are shown when no controller says it
}

// partyOf collects what is wrong with the values in es; an error means that the
// snapshot is not consistent.
func partyOf(es *pbx.Errors, s *pbx.Snapshot, d *pbx.Device) (v Party, err error) {
	name, number := d.Name, noExtension
	if d.Extension != "" {
		e := s.Extension(d.Tenant, d.Extension)
		if e == nil {
			return v, fmt.Errorf("extension %s: no such extension", d.Extension)
		}
		if e.Record {
			v.Record = pbx.RecordVariable
		}
		v.Monitored = e.Monitored
		v.OnDemand = onDemandOf(es, s, e)
		into(es, &v.Tones)(newLanguageName("country", toneZones[s.CountryOf(e)]))
		if e.PresentationNumber != "" {
			into(es, &v.Shown)(newOutsideNumber("presentation_number", e.PresentationNumber))
		}
		into(es, &v.Extension)(newExtenName("number", e.Number))
		name, number, v.Anonymous = e.Name, e.Number, e.Anonymous
		into(es, &v.Groups)(newGroupList("groups", d.Tenant, e.Groups))
		into(es, &v.PickupMark)(newPickupMark("number", d.Tenant, e.Number))
		if v.HasMailbox = e.Mailbox != ""; v.HasMailbox {
			into(es, &v.Mailbox)(newMailboxName("mailbox", e.Tenant, e.Mailbox))
		}
		if u := s.UserOf(d.Tenant, d.Extension); u != nil {
			into(es, &v.Language)(newLanguageName("language", u.Language))
		}
	}
	into(es, &v.CallerID)(newCallerID("name", name, number))
	into(es, &v.Name)(newVarValue("name", name))
	into(es, &v.Number)(newVarValue("number", number))
	return v, nil
}

// varValue is the value of a variable. Print it after "setvar = NAME=", where Asterisk
// keeps all that follows, blanks included.
type varValue struct{ text string }

// newVarValue takes what newConfValue takes.
func newVarValue(field, s string) (varValue, *pbx.Error) {
	v, err := newConfValue(field, s)
	return varValue(v), err
}

func (v varValue) String() string { return escapeComment(v.text) }
