package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// TrunkFields is what a client may write.
type TrunkFields struct {
	Name         string  `json:"name,omitempty" doc:"What people call it: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Host         string  `json:"host" doc:"The carrier's server: a host name or an IP address"`
	Port         *int    `json:"port,omitempty" minimum:"1" maximum:"65535" doc:"1 to 65535; 5060 if left out"`
	Transport    string  `json:"transport,omitempty" doc:"udp or tcp; udp if left out"`
	Username     string  `json:"username,omitempty" doc:"Answers the carrier's challenge; leave it out when the carrier knows us by our address"`
	Secret       *string `json:"secret,omitempty" writeOnly:"true" doc:"Password of username: 1 to 64 printable ASCII characters without spaces; left out, an existing trunk keeps its own"`
	Register     bool    `json:"register,omitempty" doc:"Tell the carrier where we are; needs username"`
	CallerNumber string  `json:"caller_number,omitempty" doc:"Number shown to the carrier as the caller's, in every call; left out, it gets the caller's own"`
	Teams        bool    `json:"teams,omitempty" doc:"Reaches the external numbers of type teams, and no others; a tenant has one trunk with it and one without"`
}

// Trunk is what a client reads.
type Trunk struct {
	Name         string     `json:"name"`
	Host         string     `json:"host"`
	Port         int        `json:"port"`
	Transport    string     `json:"transport" enum:"udp,tcp"`
	Username     string     `json:"username,omitempty"`
	Register     bool       `json:"register"`
	CallerNumber string     `json:"caller_number,omitempty"`
	Teams        bool       `json:"teams"`
	Endpoint     string     `json:"endpoint" doc:"Name of its endpoint in Asterisk"`
	Apply        ApplyBlock `json:"apply"`
}

func registerTrunks(a *api) {
	registerKind(a, kind[pbx.Trunk, TrunkFields, Trunk]{
		name: "trunk", plural: "trunks", path: "/v1/tenants/{tenant}/trunks", keyName: "name", rows: a.ctl.Trunks, who: ofTenant,
		key:      func(w TrunkFields) string { return w.Name },
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fields: func(t *pbx.Trunk) TrunkFields {
			return TrunkFields{Name: t.Name, Host: t.Host, Port: &t.Port, Transport: string(t.Transport), Username: t.Username,
				Register: t.Register, CallerNumber: t.CallerNumber, Teams: t.Teams}
		},
		build: buildTrunk,
		view: func(t *pbx.Trunk) Trunk {
			return Trunk{Name: t.Name, Host: t.Host, Port: t.Port, Transport: string(t.Transport), Username: t.Username,
				Register: t.Register, CallerNumber: t.CallerNumber, Teams: t.Teams, Endpoint: t.Endpoint}
		},
		revision: func(t *pbx.Trunk) int64 { return t.Revision },
		apply:    func(v *Trunk) *ApplyBlock { return &v.Apply },
	})
}

func buildTrunk(w TrunkFields, old *pbx.Trunk, tenant, name string) (*pbx.Trunk, error) {
	t := &pbx.Trunk{Tenant: tenant, Name: name, Host: w.Host, Port: or(w.Port, pbx.DefaultTrunkPort), Transport: pbx.Transport(w.Transport),
		Username: w.Username, Register: w.Register, CallerNumber: w.CallerNumber, Teams: w.Teams}
	if w.Transport == "" {
		t.Transport = pbx.TransportUDP
	}
	t.Endpoint = pbx.NewTrunkEndpoint()
	if old != nil {
		t.Endpoint = old.Endpoint
	}
	switch {
	case w.Secret != nil:
		t.Secret = pbx.NewSecret(*w.Secret)
	case old != nil && w.Username != "": // without its user name a password is of no use
		t.Secret = old.Secret
	}
	return t, nil
}
