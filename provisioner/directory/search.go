package directory

import (
	"cmp"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// mostEntries bounds what one search finds. The phone is told that there are more.
const mostEntries = 500

// entry is a person or contact as LDAP shows it.
type entry struct {
	pbx.BookEntry
	name       string // never empty
	attributes []attribute
}

// attribute is one attribute with its values.
type attribute struct {
	name   string
	values []string
}

// newEntry shows an entry of a phonebook. One without a name has its number. cn and sn are
// the same: names have no parts here.
func newEntry(b pbx.BookEntry) entry {
	e := entry{BookEntry: b, name: cmp.Or(strings.TrimSpace(b.Name), b.Numbers[0])}
	e.attributes = []attribute{{"objectClass", []string{"top", "person", "organizationalPerson", "inetOrgPerson"}},
		{"uid", []string{b.Key}}, {"cn", []string{e.name}}, {"sn", []string{e.name}}}
	for i, n := range b.Numbers[:min(len(b.Numbers), len(pbx.BookAttributes))] {
		e.attributes = append(e.attributes, attribute{pbx.BookAttributes[i], []string{n}})
	}
	return e
}

// values are those of one attribute, by its name in any case.
func (e entry) values(name string) []string {
	for _, a := range e.attributes {
		if strings.EqualFold(a.name, name) {
			return a.values
		}
	}
	return nil
}

// search answers what a phone asks of its tenant's phonebook, by name. A phone that was
// taken away since it bound finds nothing.
func (s *Server) search(phone pbx.MAC, r *request) []*ber.Packet {
	snapshot := s.o.Snapshot()
	p := snapshot.Phone(phone)
	done := func(code resultCode) *ber.Packet { return result(r.id, opSearchDone, code) }
	switch {
	case r.base == "" && r.scope == 0: // a look at what the server can do, which tells nothing
		return []*ber.Packet{done(success)}
	case p == nil:
		return []*ber.Packet{done(noAccess)}
	case plainName(r.base) != plainName(pbx.BookBase(p.Tenant)):
		return []*ber.Packet{done(noSuchObject)}
	case r.scope == 0:
		return []*ber.Packet{done(success)}
	}
	if !r.bounded() {
		return []*ber.Packet{done(unwilling)}
	}
	return answerWith(r, p.Tenant, found(snapshot.PhonebookOf(p.Tenant), r.filter), done)
}

// answerWith lists as many entries as the phone wants, and says whether there are more.
func answerWith(r *request, tenant string, entries []entry, done func(resultCode) *ber.Packet) (out []*ber.Packet) {
	most, code := mostEntries, success
	if r.sizeLimit > 0 {
		most = int(min(r.sizeLimit, mostEntries))
	}
	if len(entries) > most {
		entries, code = entries[:most], sizeLimitExceeded
	}
	for _, e := range entries {
		out = append(out, e.packet(tenant, r))
	}
	return append(out, done(code))
}

// found are the entries that a filter matches, by name as people look through them.
func found(book []pbx.BookEntry, filter *ber.Packet) (out []entry) {
	for _, b := range book {
		if e := newEntry(b); matches(filter, e) == yes {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return strings.Compare(fold(a.name), fold(b.name)) })
	return out
}

// plainName writes a name without what may differ: case, and blanks around its parts.
func plainName(name string) string {
	parts := strings.Split(strings.ToLower(name), ",")
	for i, part := range parts {
		kind, value, _ := strings.Cut(part, "=")
		parts[i] = strings.TrimSpace(kind) + "=" + strings.TrimSpace(value)
	}
	return strings.Join(parts, ",")
}

// packet is an entry with the attributes asked for (RFC 4511, 4.5.2).
func (e entry) packet(tenant string, r *request) *ber.Packet {
	list := ber.NewSequence("attributes")
	for _, a := range e.attributes {
		if !r.wants(a.name) {
			continue
		}
		values := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "values")
		for _, v := range a.values {
			if !r.namesOnly {
				values.AppendChild(octets(v))
			}
		}
		named := ber.NewSequence("attribute")
		named.AppendChild(octets(a.name))
		named.AppendChild(values)
		list.AppendChild(named)
	}
	one := ber.Encode(ber.ClassApplication, ber.TypeConstructed, opEntry, nil, "entry")
	one.AppendChild(octets("uid=" + e.Key + "," + pbx.BookBase(tenant)))
	one.AppendChild(list)
	return message(r.id, one)
}

// wants reports whether a search asks for an attribute. A list without a name asks for all.
func (r *request) wants(name string) bool {
	return len(r.attributes) == 0 || slices.ContainsFunc(r.attributes, func(a string) bool {
		return a == "*" || strings.EqualFold(a, name)
	})
}
