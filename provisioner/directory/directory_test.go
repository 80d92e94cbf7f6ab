package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// office has people and contacts of two tenants, and a phone of each.
type office struct {
	phone, stranger *pbx.Phone
	url             string
}

// book is what the tests search.
func (o *office) book(phones ...*pbx.Phone) *pbx.Snapshot {
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants: []*pbx.Tenant{{Name: "acme"}, {Name: "beta"}}, Phones: phones,
		Extensions: []*pbx.Extension{{Tenant: "acme", Number: "101", Name: "Zoë Ångström"}, {Tenant: "acme", Number: "102", Name: "Bob"},
			{Tenant: "acme", Number: "103"}, {Tenant: "acme", Number: "104", Name: "Secret", Hidden: true},
			{Tenant: "beta", Number: "101", Name: "Other"}},
		Contacts: []*pbx.Contact{{Tenant: "acme", Name: "taxi", Title: "Taxi (night)", Numbers: []string{"+4930123", "+4930124"}}},
	})
}

// openOffice serves LDAP on loopback until the test ends.
func openOffice(t *testing.T, present func(o *office) *pbx.Snapshot) *office {
	t.Helper()
	o := &office{phone: pbx.NewPhone("acme", "001565aabbcc", time.Time{}), stranger: pbx.NewPhone("beta", "001565aabbcd", time.Time{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.url = "ldap://" + l.Addr().String()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := New(Options{Snapshot: func() *pbx.Snapshot { return present(o) }, Log: slog.New(slog.DiscardHandler)})
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		end()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("serving ended with %v", err)
		}
	})
	return o
}

func everything(o *office) *pbx.Snapshot { return o.book(o.phone, o.stranger) }

// bound is a client that has bound as a phone.
func (o *office) bound(t *testing.T, p *pbx.Phone) *ldap.Conn {
	t.Helper()
	c := o.dial(t)
	if err := c.Bind(p.BookUser(), p.BookPassword().Reveal()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (o *office) dial(t *testing.T) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL(o.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// find returns the names that a filter finds, and how the search ended.
func find(c *ldap.Conn, base, filter string, most int, attributes ...string) (names []string, err error) {
	found, err := c.Search(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, most, 0, false,
		filter, attributes, nil))
	if found != nil {
		for _, e := range found.Entries {
			names = append(names, e.GetAttributeValue("cn"))
		}
	}
	return names, err
}

// TestFindsPeople: by what phones ask for, with a client that is not ours.
func TestFindsPeople(t *testing.T) {
	o := openOffice(t, everything)
	c := o.bound(t, o.phone)
	for filter, want := range map[string]string{
		"(objectclass=*)": "103|Bob|Taxi (night)|Zoë Ångström",
		"(&(objectClass=Person)(|(cn=zo*)(sn=zo*)))": "Zoë Ångström", // Yealink, and what a Polycom puts before it
		"(cn=*NGSTRÖM)":                            "Zoë Ångström",
		"(cn=*ngström)":                            "Zoë Ångström",
		"(cn=z*ë*m)":                               "Zoë Ångström",
		"(cn=t*i*i*i*)":                            "",
		"(|(telephoneNumber=10*)(mobile=10*))":     "103|Bob|Zoë Ångström",
		"(|(telephoneNumber=*124*)(mobile=*124*))": "Taxi (night)",
		"(telephoneNumber=102)":                    "Bob",
		"(!(telephoneNumber=10*))":                 "Taxi (night)",
		"(&(cn=*)(!(mobile=*)))":                   "103|Bob|Zoë Ångström",
		"(!(mobile=x))":                            "Taxi (night)", // of the others it is undefined
		"(cn=Secret)":                              "",
		"(cn=Other)":                               "",
		"(cn=Taxi \\28night\\29)":                  "Taxi (night)",
		"(cn~=bob)":                                "Bob",
		"(uid=@taxi)":                              "Taxi (night)",
		"(telephoneNumber>=1)":                     "",
		"(cn:caseExactMatch:=Bob)":                 "",
		"(|(cn=" + strings.Repeat("a", 200) + ")(sn=b*))": "Bob",
	} {
		names, err := find(c, pbx.BookBase("acme"), filter, 0)
		if got := strings.Join(names, "|"); err != nil || got != want {
			t.Errorf("%s finds %q, %v, want %q", filter, got, err, want)
		}
	}
}

// TestShowsNumbers: an entry has the attributes that were asked for.
func TestShowsNumbers(t *testing.T) {
	o := openOffice(t, everything)
	c := o.bound(t, o.phone)
	found, err := c.Search(ldap.NewSearchRequest("DC=acme, dc=Dialtone", ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0,
		0, false, "(cn=taxi*)",
		[]string{"telephonenumber", "Mobile"}, nil))
	if err != nil || len(found.Entries) != 1 {
		t.Fatal(found, err)
	}
	e := found.Entries[0]
	if len(e.Attributes) != 2 || e.GetAttributeValue("telephoneNumber") != "+4930123" || e.GetAttributeValue("mobile") != "+4930124" ||
		e.DN != "uid=@taxi,dc=acme,dc=dialtone" {
		e.PrettyPrint(2)
		t.Error("the taxi is not shown as asked")
	}
}

// TestTellsThatThereAreMore: what it shows of many is the first by name.
func TestTellsThatThereAreMore(t *testing.T) {
	o := openOffice(t, everything)
	names, err := find(o.bound(t, o.phone), pbx.BookBase("acme"), "(cn=*)", 2)
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || !slices.Equal(names, []string{"103", "Bob"}) {
		t.Errorf("of four with a limit of two: %q, %v", names, err)
	}
}

// TestRefuses: no phone sees what is not its tenant's, and nobody without a password anything.
func TestRefuses(t *testing.T) {
	gone := false
	o := openOffice(t, func(o *office) *pbx.Snapshot {
		if gone {
			return o.book(o.stranger)
		}
		return everything(o)
	})
	password := o.phone.BookPassword().Reveal()
	for _, c := range []struct{ name, password string }{
		{o.phone.BookUser(), "wrong"}, {o.phone.BookUser(), o.stranger.BookPassword().Reveal()}, {o.phone.BookUser(), o.phone.URLSecret.Reveal()},
		{"uid=001565aabbce,dc=acme,dc=dialtone", password}, {"cn=001565aabbcc", password}, {"uid=,dc=acme", password},
		{"uid=001565aabbcc\x00", password},
	} {
		if err := o.dial(t).Bind(c.name, c.password); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
			t.Errorf("%q with %q: %v", c.name, c.password, err)
		}
	}
	if err := o.dial(t).UnauthenticatedBind(o.phone.BookUser()); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Errorf("without a password: %v", err)
	}
	if names, err := find(o.dial(t), pbx.BookBase("acme"), "(cn=*)", 0); !ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights) {
		t.Errorf("without a bind: %q, %v", names, err)
	}
	c := o.bound(t, o.phone)
	for _, base := range []string{pbx.BookBase("beta"), "dc=dialtone", "dc=acme", ""} {
		if names, err := find(c, base, "(cn=*)", 0); !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
			t.Errorf("below %q: %q, %v", base, names, err)
		}
	}
	if err := c.Del(ldap.NewDelRequest("uid=101,"+pbx.BookBase("acme"), nil)); err == nil {
		t.Error("somebody was deleted")
	}
	many := "(|" + strings.Repeat("(cn=a)", 100) + ")"
	if names, err := find(c, pbx.BookBase("acme"), many, 0); !ldap.IsErrorWithCode(err, ldap.LDAPResultUnwillingToPerform) {
		t.Errorf("a hundred conditions: %q, %v", names, err)
	}
	gone = true
	if names, err := find(c, pbx.BookBase("acme"), "(cn=*)", 0); !ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights) {
		t.Errorf("a phone that was taken away since it bound: %q, %v", names, err)
	}
	if names, err := find(o.bound(t, o.stranger), pbx.BookBase("beta"), "(cn=*)", 0); err != nil || !slices.Equal(names, []string{"Other"}) {
		t.Errorf("the other tenant's phone: %q, %v", names, err)
	}
}

// TestGuessingIsSlowed: after some passwords in vain the right one is not asked any more.
func TestGuessingIsSlowed(t *testing.T) {
	o := openOffice(t, everything)
	c := o.dial(t)
	for i := range wrongPasswords.Burst {
		if err := c.Bind(o.phone.BookUser(), fmt.Sprint("guess ", i)); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
			t.Fatal(i, err)
		}
	}
	if err := c.Bind(o.phone.BookUser(), o.phone.BookPassword().Reveal()); !ldap.IsErrorWithCode(err, ldap.LDAPResultBusy) {
		t.Errorf("after %d guesses: %v", wrongPasswords.Burst, err)
	}
}

// TestHostileBytes: what is no request ends its connection, and no other.
func TestHostileBytes(t *testing.T) {
	o := openOffice(t, everything)
	c := o.bound(t, o.phone)
	for _, sent := range []string{"GET / HTTP/1.1\r\n\r\n", "\x30\x84\x7f\xff\xff\xff\x04", "\x30\x03\x02\x01\x01",
		"\x30\x05\x02\x01\x01\x60\x00",
		"\x30\x0c\x02\x01\x01\x63\x07\x04\x00\x0a\x01\x02\x0a\x01", strings.Repeat("\x30\x80", 9000)} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(o.url, "ldap://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		_, _ = io.WriteString(conn, sent)
		_ = conn.(*net.TCPConn).CloseWrite()
		if answer, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%q: %q, %v", sent[:min(len(sent), 20)], answer, err)
		}
		_ = conn.Close()
	}
	if _, err := find(c, pbx.BookBase("acme"), "(cn=bob)", 0); err != nil {
		t.Error("a connection of before:", err)
	}
}

// TestNetworksAreBounded: one address does not take all places.
func TestNetworksAreBounded(t *testing.T) {
	s := New(Options{})
	one := func() net.Conn { a, _ := net.Pipe(); return a }
	var let []net.Conn
	for range mostOfNetwork {
		c := one()
		if let = append(let, c); !s.admit(c, "a") {
			t.Fatal("refused too early")
		}
	}
	if s.admit(one(), "a") || !s.admit(one(), "b") {
		t.Error("one network has more than its share, or leaves nothing to others")
	}
	s.leave(let[0])
	if !s.admit(one(), "a") {
		t.Error("a place that was left is not free")
	}
}

// FuzzRequest: whatever arrives is taken apart or refused.
func FuzzRequest(f *testing.F) {
	filter, err := ldap.CompileFilter("(&(objectClass=person)(|(cn=zo*)(!(sn=*x*))))")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(filter.Bytes())
	f.Add([]byte("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"))
	boundPackets()
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ber.DecodePacketErr(b)
		if err != nil {
			return
		}
		if r, err := readRequest(p); err == nil && r.filter != nil && r.bounded() {
			matches(r.filter, newEntry(pbx.BookEntry{Key: "1", Numbers: []string{"1"}}))
		}
		if conditions(p) <= mostConditions {
			matches(p, newEntry(pbx.BookEntry{Key: "1", Name: "x", Numbers: []string{"1"}}))
		}
	})
}
