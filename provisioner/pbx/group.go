package pbx

import "slices"

// Group is a phone group: its members may pick up each other's ringing calls.
// Its members are named by the extensions, see Extension.Groups.
type Group struct {
	Tenant   string
	Name     string // key within the tenant
	Version  int64
	Revision int64
}

// Validate returns all broken rules.
func (g *Group) Validate() error {
	var es Errors
	es.Add(CheckName("name", g.Name))
	return es.Err()
}

// maxGroups keeps the list of an endpoint's groups within one line of a file.
const maxGroups = 20

// checkGroups refuses names that no group can have, one named twice, and more
// than maxGroups. Lists are kept sorted, so that an index would mislead.
func checkGroups(field string, names []string) *Error {
	if len(names) > maxGroups {
		return Invalidf(field, "names %d groups, at most %d are allowed", len(names), maxGroups)
	}
	for i, n := range names {
		if err := CheckName(field, n); err != nil {
			return err
		}
		if slices.Contains(names[:i], n) {
			return Invalidf(field, "%s is named twice", quote(n))
		}
	}
	return nil
}

// PickupGroup is how Asterisk names a group of a tenant: it has one name space
// for all tenants, and no tenant's name has a slash.
func PickupGroup(tenant, name string) string { return tenant + "/" + name }
