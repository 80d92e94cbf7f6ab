package pbx

func (s *Snapshot) indexTrunks() {
	s.trunks, s.trunkEndpoints = make(map[key]*Trunk, len(s.Trunks)), make(map[string]*Trunk, len(s.Trunks))
	byKey(s.Trunks, func(t *Trunk) key { return key{t.Tenant, t.Name} })
	for _, t := range s.Trunks {
		s.trunks[key{t.Tenant, string(t.Reaches())}], s.trunkEndpoints[t.Endpoint] = t, t
	}
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
