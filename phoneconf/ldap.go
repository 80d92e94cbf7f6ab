package phoneconf

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// bookInput is where a phone searches the phonebook over LDAP, and as whom; without a host
// nowhere.
type bookInput struct {
	host, base, user, password string
	port                       int
	tls                        bool
}

// bookOf leaves phones out that could not reach the server: those whose software knows no
// TLS 1.2, where it speaks TLS alone.
func bookOf(site Site, p *pbx.Phone) bookInput {
	host := site.ldapHost()
	if m, ok := Lookup(p.Vendor, p.Model); host == "" || site.LDAPTLS && (!ok || !m.SpeaksTLS()) {
		return bookInput{}
	}
	return bookInput{host, pbx.BookBase(p.Tenant), p.BookUser(), p.BookPassword().Reveal(), site.LDAPPort, site.LDAPTLS}
}

// yealinkLDAP is what templates/yealink/ldap.tmpl prints.
type yealinkLDAP struct {
	Host, Base, User, Password, NameFilter, NumberFilter, NumberAttributes yealinkValue
	Enabled, Port                                                          int
	TLS                                                                    int // 0 in clear, 2 from the first byte
}

// ldap asks for names and numbers that begin as typed; a % is what was typed.
func (w *yealinkWriter) ldap(b bookInput) (out yealinkLDAP) {
	if b.host == "" {
		return out
	}
	numbers := pbx.BookAttributes[:]
	out = yealinkLDAP{Enabled: 1, Port: b.port, Host: w.value("LDAP host", b.host), Base: w.value("LDAP base", b.base),
		User: w.value("LDAP user", b.user), Password: w.value("LDAP password", b.password),
		NameFilter:       w.value("LDAP filter", "(|(cn=%)(sn=%))"),
		NumberFilter:     w.value("LDAP filter", "(|("+strings.Join(numbers, "=%)(")+"=%))"),
		NumberAttributes: w.value("LDAP attributes", strings.Join(numbers, " "))}
	if b.tls {
		out.TLS = 2
	}
	return out
}

// polycomLDAP is what templates/polycom/ldap.tmpl prints.
type polycomLDAP struct {
	Host, Base, User, Password xmlAttr
	Enabled, Port              int
	Transport                  string // TCP or TLS
	Numbers                    []polycomBookNumber
}

// polycomBookNumber is an attribute with a number; the first attribute is the name.
type polycomBookNumber struct {
	N    int
	Name string
}

func (w *attrWriter) ldap(b bookInput) (out polycomLDAP) {
	if b.host == "" {
		return out
	}
	out = polycomLDAP{Enabled: 1, Port: b.port, Transport: "TCP", Host: w.attr("LDAP host", b.host),
		Base: w.attr("LDAP base", b.base), User: w.attr("LDAP user", b.user), Password: w.attr("LDAP password", b.password)}
	if b.tls {
		out.Transport = "TLS"
	}
	for i, name := range pbx.BookAttributes {
		out.Numbers = append(out.Numbers, polycomBookNumber{i + 2, name})
	}
	return out
}
