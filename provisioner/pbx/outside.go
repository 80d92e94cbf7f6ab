package pbx

import (
	"cmp"
	"slices"
)

// SetOutside adds the external numbers and trunks to a snapshot that is being
// built; once it is shared, nobody may.
func (s *Snapshot) SetOutside(ns []*ExternalNumber, ts []*Trunk) *Snapshot {
	s.ExternalNumbers, s.Trunks = ns, ts
	s.numbers, s.trunks = make(map[key]*ExternalNumber, len(ns)), make(map[key]*Trunk, len(ts))
	s.trunkEndpoints = make(map[string]*Trunk, len(ts))
	slices.SortFunc(ns, func(a, b *ExternalNumber) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Number, b.Number))
	})
	slices.SortFunc(ts, func(a, b *Trunk) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Name, b.Name))
	})
	for _, n := range ns {
		s.numbers[key{n.Tenant, n.Number}] = n
	}
	for _, t := range ts {
		s.trunks[key{t.Tenant, string(t.Reaches())}], s.trunkEndpoints[t.Endpoint] = t, t
	}
	return s
}

// ExternalNumber returns an external number of a tenant, or nil.
func (s *Snapshot) ExternalNumber(tenant, number string) *ExternalNumber {
	return s.numbers[key{tenant, number}]
}

// TrunkOf returns the trunk with that endpoint, or nil.
func (s *Snapshot) TrunkOf(endpoint string) *Trunk { return s.trunkEndpoints[endpoint] }

// TrunkFor returns the trunk through which a tenant reaches numbers of a type, or nil.
func (s *Snapshot) TrunkFor(tenant string, t NumberType) *Trunk {
	return s.trunks[key{tenant, string(t)}]
}
