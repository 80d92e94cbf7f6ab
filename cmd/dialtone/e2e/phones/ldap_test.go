package phones

import (
	"fmt"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// searched looks a number up over LDAP as a phone does: where its file says, as its file says.
// It returns the name that the phone would show.
func searched(t *testing.T, c *phone.Config, number string) string {
	t.Helper()
	value := func(yealink, polycom string) string {
		if c.Vendor == phone.Yealink {
			return c.Value(yealink)
		}
		return c.Value(polycom)
	}
	conn, err := ldap.DialURL(fmt.Sprintf("ldap://%s:%s", value("ldap.host", "dir.corp.address"), value("ldap.port", "dir.corp.port")))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(value("ldap.user", "dir.corp.user"), value("ldap.password", "dir.corp.password")); err != nil {
		t.Fatal(err)
	}
	number = value("ldap.numb_attr", "dir.corp.attribute.2.name")[:len("telephoneNumber")] + "=" + number
	found, err := conn.Search(ldap.NewSearchRequest(value("ldap.base", "dir.corp.baseDN"), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		50, 0, false, "(&(objectclass=person)("+number+"))", []string{value("ldap.display_name", "dir.corp.attribute.1.name"), "cn"}, nil))
	if err != nil || len(found.Entries) != 1 {
		t.Fatalf("%s finds %v, %v", number, found, err)
	}
	return found.Entries[0].GetAttributeValue("cn")
}
