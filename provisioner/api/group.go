package api

import (
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
	registerKind(a, kind[pbx.Group, GroupFields, Group]{
		name: "group", plural: "groups", path: "/v1/tenants/{tenant}/groups", keyName: "name", rows: a.ctl.Groups, who: ofTenant,
		key:      func(w GroupFields) string { return w.Name },
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fields:   func(g *pbx.Group) GroupFields { return GroupFields{Name: g.Name} },
		build: func(_ GroupFields, _ *pbx.Group, tenant, name string) (*pbx.Group, error) {
			return &pbx.Group{Tenant: tenant, Name: name}, nil
		},
		view: func(g *pbx.Group) Group {
			v := Group{GroupFields: GroupFields{Name: g.Name}, Members: []string{}}
			for _, e := range a.ctl.Snapshot().Extensions {
				if e.Tenant == g.Tenant && slices.Contains(e.Groups, g.Name) {
					v.Members = append(v.Members, e.Number)
				}
			}
			return v
		},
		revision: func(g *pbx.Group) int64 { return g.Revision },
		apply:    func(v *Group) *ApplyBlock { return &v.Apply },
	})
}

// sorted returns a sorted copy; nil for an empty list.
func sorted(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return slices.Sorted(slices.Values(names))
}
