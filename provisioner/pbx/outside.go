package pbx

import (
	"cmp"
	"slices"
)

func (s *Snapshot) indexTrunks() {
	s.trunks, s.trunkEndpoints = make(map[key][]*Trunk, len(s.Trunks)), make(map[string]*Trunk, len(s.Trunks))
	byKey(s.Trunks, func(t *Trunk) key { return key{t.Tenant, t.Name} })
	for _, t := range s.Trunks {
		k := key{t.Tenant, string(t.Reaches())}
		s.trunks[k], s.trunkEndpoints[t.Endpoint] = append(s.trunks[k], t), t
	}
	for _, of := range s.trunks {
		slices.SortStableFunc(of, func(a, b *Trunk) int {
			return cmp.Or(compareBool(a.Disabled, b.Disabled), cmp.Compare(a.Priority, b.Priority))
		})
	}
}

// ExternalNumber returns an external number of a tenant, or nil.
func (s *Snapshot) ExternalNumber(tenant, number string) *ExternalNumber {
	return s.numbers[key{tenant, number}]
}

// TrunkOf returns the trunk with that endpoint, or nil.
func (s *Snapshot) TrunkOf(endpoint string) *Trunk { return s.trunkEndpoints[endpoint] }

// Trunk returns the trunk of a tenant with that name, or nil.
func (s *Snapshot) Trunk(tenant, name string) *Trunk {
	i := slices.IndexFunc(s.Trunks, func(t *Trunk) bool { return t.Tenant == tenant && t.Name == name })
	if i < 0 {
		return nil
	}
	return s.Trunks[i]
}

// TrunkName returns the name of a tenant's trunk with that endpoint; "" for all else.
func (s *Snapshot) TrunkName(tenant, endpoint string) string {
	if t := s.trunkEndpoints[endpoint]; t != nil && t.Tenant == tenant {
		return t.Name
	}
	return ""
}

// TrunksFor returns the trunks through which a tenant reaches numbers of a type, in the order
// in which they are tried: by priority, then by name. Those that are disabled are left out.
func (s *Snapshot) TrunksFor(tenant string, t NumberType) []*Trunk {
	all := s.trunks[key{tenant, string(t)}]
	enabled := len(all)
	for enabled > 0 && all[enabled-1].Disabled {
		enabled--
	}
	return all[:enabled:enabled]
}

// TrunksForHelp returns the trunks that calls for help try, in order. Those that are disabled
// come last.
func (s *Snapshot) TrunksForHelp(tenant string) []*Trunk {
	return s.trunks[key{tenant, string(NumberSIP)}]
}

// TrunkFor returns the first of TrunksFor, or nil.
func (s *Snapshot) TrunkFor(tenant string, t NumberType) *Trunk {
	if trunks := s.TrunksFor(tenant, t); len(trunks) > 0 {
		return trunks[0]
	}
	return nil
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
