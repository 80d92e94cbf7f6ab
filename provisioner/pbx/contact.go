package pbx

import "fmt"

// Contact is somebody outside whom the phonebooks of a tenant's phones show: a supplier, a
// taxi, a branch that has another system.
type Contact struct {
	Tenant   string
	Name     string   // key within the tenant: taxi
	Title    string   // what phones show
	Numbers  []string // as its people dial them, the most important first
	Version  int64
	Revision int64
}

// MaxContactNumbers is the most numbers of one contact.
const MaxContactNumbers = 5

// Validate returns all broken rules.
func (c *Contact) Validate() error {
	var es Errors
	es.Add(CheckName("name", c.Name))
	es.Add(CheckText("title", c.Title, 1, 60, 0))
	es.Add(CheckRange("numbers", len(c.Numbers), 1, MaxContactNumbers, "numbers"))
	seen := map[string]bool{}
	for i, n := range c.Numbers {
		field := fmt.Sprintf("numbers[%d]", i)
		es.Add(CheckExternalNumber(field, n))
		if seen[n] {
			es.Add(Invalidf(field, "%s is given twice", quote(n)))
		}
		seen[n] = true
	}
	return es.Err()
}

// ContactsOf returns the contacts of a tenant, by name.
func (s *Snapshot) ContactsOf(tenant string) []*Contact {
	return rowsOf(s.Contacts, tenant, func(c *Contact) string { return c.Tenant })
}
