package api

import (
	"context"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// GroupFields is what a client may write.
type GroupFields struct {
	Name string `json:"name,omitempty" doc:"1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
}

// Group is what a client reads.
type Group struct {
	GroupFields
	Members []string   `json:"members" nullable:"false" doc:"Numbers of its extensions, which name it in their groups"`
	Apply   ApplyBlock `json:"apply"`
}

func registerGroups(a *api) {
	registerKind(a, newKind(kind[pbx.Group, GroupFields, Group]{
		name: "group", plural: "groups", path: "/v1/tenants/{tenant}/groups", keyName: "name", rows: a.ctl.Groups,
		who:      ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    func(tenant, name string) *pbx.Group { return &pbx.Group{Tenant: tenant, Name: name} },
		toView: func(_ context.Context, g *pbx.Group, v *Group) {
			v.Members = []string{}
			for _, e := range a.ctl.Snapshot().Extensions {
				if e.Tenant == g.Tenant && slices.Contains(e.Groups, g.Name) {
					v.Members = append(v.Members, e.Number)
				}
			}
		},
		revision: func(g *pbx.Group) int64 { return g.Revision },
		apply:    func(v *Group) *ApplyBlock { return &v.Apply },
	}))
}
