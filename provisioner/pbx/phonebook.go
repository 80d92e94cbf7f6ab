package pbx

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// BookEntry is a person or contact as phones look it up.
type BookEntry struct {
	Key     string   // within the tenant: the number of an extension, or '@' and the name of a contact
	Name    string   // as somebody typed it; may be empty
	Numbers []string // at least one, the most important first
}

// PhonebookOf returns the phonebook of a tenant: its extensions by number, then its contacts
// by name. Hidden people are left out.
func (s *Snapshot) PhonebookOf(tenant string) []BookEntry {
	var out []BookEntry
	for _, e := range s.ExtensionsOf(tenant) {
		if !e.Hidden {
			out = append(out, BookEntry{e.Number, e.Name, []string{e.Number}})
		}
	}
	for _, c := range s.ContactsOf(tenant) {
		out = append(out, BookEntry{"@" + c.Name, c.Title, c.Numbers})
	}
	return out
}

// BookAttributes hold the numbers of an entry in LDAP, the most important first (RFC 4519, RFC
// 2798): phones list one number of each.
var BookAttributes = [MaxContactNumbers]string{"telephoneNumber", "mobile", "homePhone", "otherTelephone", "ipPhone"}

// BookSuffix ends every name in LDAP.
const BookSuffix = "dc=dialtone"

// BookBase is the name in LDAP below which the phonebook of a tenant is.
func BookBase(tenant string) string { return "dc=" + tenant + "," + BookSuffix }

// BookUser is the name by which the phone binds to LDAP.
func (p *Phone) BookUser() string { return "uid=" + string(p.MAC) + "," + BookBase(p.Tenant) }

// BookPassword is the phone's password where it looks people up by LDAP. It follows from the
// URLSecret and does not lead to it: LDAP may be in clear.
func (p *Phone) BookPassword() Secret {
	if p.URLSecret.IsZero() {
		return Secret{}
	}
	mac := hmac.New(sha256.New, []byte(p.URLSecret.Reveal()))
	mac.Write([]byte("phonebook of " + string(p.MAC)))
	return NewSecret(strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:15])))
}
