package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// ContactFields is what a client may write.
type ContactFields struct {
	Name    string   `json:"name,omitempty" doc:"Its key: letters, digits, '-', '_' and '.'; it never changes; taken from the path in PUT and PATCH"`
	Title   string   `json:"title" doc:"What phones show: 1 to 60 characters of plain text"`
	Numbers []string `row:",number" json:"numbers" nullable:"false" doc:"1 to 5 numbers outside as people of the tenant dial them, the most important first: 3 to 20 digits, with or without a + before them"`
}

// Contact is what a client reads.
type Contact struct {
	ContactFields
	Apply ApplyBlock `json:"apply"`
}

func registerContacts(a *api) {
	registerKind(a, newKind(kind[pbx.Contact, ContactFields, Contact]{
		name: "contact", plural: "contacts", path: "/v1/tenants/{tenant}/contacts", keyName: "name",
		rows: a.ctl.Contacts, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    func(tenant, name string) *pbx.Contact { return &pbx.Contact{Tenant: tenant, Name: name} },
		revision: func(c *pbx.Contact) int64 { return c.Revision },
		apply:    func(v *Contact) *ApplyBlock { return &v.Apply },
	}))
}
