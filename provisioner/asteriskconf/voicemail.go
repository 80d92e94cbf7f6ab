package asteriskconf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// voicemailView is what voicemail.conf's template sees.
type voicemailView struct {
	Tenants []voicemailTenant
	Zones   []confValue // IANA names that users chose, each once
}

// voicemailTenant becomes a context and a zone for the spoken time.
type voicemailTenant struct {
	Context   contextName
	Zone      confValue // IANA name
	Mailboxes []voicemailBox
}

// voicemailBox is one line.
type voicemailBox struct {
	Context   contextName
	Number    extenName
	PIN, Name vmField
	Zone      confValue    // its own, or of its owner; "" is the tenant's
	Language  languageName // its own, or of its owner
	// MaxMessages, MaxSeconds and MinSeconds are 0 where the host's file says them.
	MaxMessages, MaxSeconds, MinSeconds int
}

func voicemailOf(s *pbx.Snapshot, _ Options) (any, error) {
	v := voicemailView{}
	at, zones := map[string]int{}, map[string]confValue{}
	for i, t := range s.Tenants {
		var es pbx.Errors
		var view voicemailTenant
		into(&es, &view.Context)(newVoicemailContext("name", t.Name))
		into(&es, &view.Zone)(newZone("timezone", t.Timezone))
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
		}
		at[t.Name] = i
		v.Tenants = append(v.Tenants, view)
	}
	for _, m := range s.Mailboxes {
		i, ok := at[m.Tenant]
		if !ok {
			return nil, fmt.Errorf("mailbox %s: no tenant %s", m.Number, m.Tenant)
		}
		view, err := voicemailBoxOf(m, s.OwnerOfMailbox(m.Tenant, m.Number))
		if err != nil {
			return nil, fmt.Errorf("mailbox %s of tenant %s: %w", m.Number, m.Tenant, err)
		}
		v.Tenants[i].Mailboxes = append(v.Tenants[i].Mailboxes, view)
		if view.Zone.Any() {
			zones[view.Zone.text] = view.Zone
		}
	}
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		v.Zones = append(v.Zones, zones[name])
	}
	return v, nil
}

func voicemailBoxOf(m *pbx.Mailbox, owner *pbx.User) (v voicemailBox, err error) {
	var es pbx.Errors
	into(&es, &v.Context)(newVoicemailContext("tenant", m.Tenant))
	into(&es, &v.Number)(newExtenName("number", m.Number))
	into(&es, &v.PIN)(newVMPIN("pin", m.PIN.Reveal()))
	into(&es, &v.Name)(newVMField("name", m.Name, maxMailboxName))
	zone, language := m.Timezone, m.Language
	if owner != nil {
		zone, language = cmp.Or(zone, owner.Timezone), cmp.Or(language, owner.Language)
	}
	into(&es, &v.Zone)(newZone("timezone", zone))
	into(&es, &v.Language)(newLanguageName("language", language))
	v.MaxMessages, v.MaxSeconds, v.MinSeconds = m.MaxMessages, m.MaxSeconds, m.MinSeconds
	return v, es.Err()
}

// newZone refuses what would end the name of the zone in its line, which goes on
// with '|' and how to say the time.
func newZone(field, s string) (confValue, *pbx.Error) {
	for _, c := range []byte(s) {
		if !isWord(string(c)) && c != '/' && c != '+' && c != '-' {
			return confValue{}, pbx.Invalidf(field, "is not the name of a time zone")
		}
	}
	return newConfValue(field, s)
}
