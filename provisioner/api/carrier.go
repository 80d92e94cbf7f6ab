package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// CarrierFields is what a client may write.
type CarrierFields struct {
	Name        string `json:"name,omitempty" doc:"1 to 40 lower-case letters, digits, dots, hyphens and underscores; taken from the path in PUT and PATCH"`
	Service     string `json:"service,omitempty" enum:"voice,sms" doc:"voice: a voice carrier; sms: an SMS carrier profile"`
	Standard    bool   `json:"default,omitempty" doc:"Numbers below its owner that have the capability and name no carrier get this one"`
	Description string `json:"description,omitempty" doc:"For people, at most 100 characters"`
}

// Carrier is what a client reads.
type Carrier struct {
	Name        string     `json:"name"`
	Service     string     `json:"service" enum:"voice,sms"`
	Standard    bool       `json:"default"`
	Description string     `json:"description"`
	Reseller    string     `json:"reseller,omitempty" doc:"Owner; absent: the platform"`
	Apply       ApplyBlock `json:"apply"`
}

// registerCarriers declares the carriers of the platform and those of resellers.
func registerCarriers(a *api) {
	k := kind[pbx.Carrier, CarrierFields, Carrier]{
		name: "carrier", plural: "carriers", path: "/v1/carriers", keyName: "name", rows: a.ctl.Carriers, who: onlyPlatform,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(reseller, name string) *pbx.Carrier {
			return &pbx.Carrier{Reseller: reseller, Name: name, Service: "voice"}
		},
		revision: func(c *pbx.Carrier) int64 { return c.Revision },
		apply:    func(v *Carrier) *ApplyBlock { return &v.Apply },
	}
	registerKind(a, newKind(k))
	k.name, k.plural, k.path, k.who = "reseller-carrier", "reseller-carriers", "/v1/resellers/{reseller}/carriers", ofBranch
	registerKind(a, newKind(k))
}
