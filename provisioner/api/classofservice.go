package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// ClassOfServiceFields is what a client may write.
type ClassOfServiceFields struct {
	Name        string   `json:"name,omitempty" doc:"1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Description string   `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
	Allow       []string `row:",sorted" json:"allow,omitempty" nullable:"false" doc:"What may be called: prefixes in E.164 such as +4989, and the words national (short numbers such as 116117 and +800 too), international, premium and shared-cost (numbers with a price of their own, where national or international allows the rest) and any (whatever the carrier takes). Of the entries that fit a number the longest prefix decides, before the words; where both lists have it, deny wins; what no entry fits is refused. Emergency numbers are always allowed"`
	Deny        []string `row:",sorted" json:"deny,omitempty" nullable:"false" doc:"What may not be called: the same but any, and the word internal for the tenant's extensions"`
}

// ClassOfService is what a client reads.
type ClassOfService struct {
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Allow       []string   `json:"allow" nullable:"false"`
	Deny        []string   `json:"deny" nullable:"false"`
	Apply       ApplyBlock `json:"apply"`
}

func registerClassesOfService(a *api) {
	registerKind(a, newKind(kind[pbx.ClassOfService, ClassOfServiceFields, ClassOfService]{
		name: "class-of-service", plural: "classes-of-service", path: "/v1/tenants/{tenant}/classes-of-service",
		keyName: "name", rows: a.ctl.ClassesOfService, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    func(tenant, name string) *pbx.ClassOfService { return &pbx.ClassOfService{Tenant: tenant, Name: name} },
		revision: func(c *pbx.ClassOfService) int64 { return c.Revision },
		apply:    func(v *ClassOfService) *ApplyBlock { return &v.Apply },
	}))
}
