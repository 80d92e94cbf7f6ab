package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// CarrierFields is what a client may write.
type CarrierFields struct {
	Name        string `json:"name,omitempty" doc:"1 to 40 lower-case letters, digits, dots, hyphens and underscores; taken from the path in PUT and PATCH"`
	Service     string `json:"service,omitempty" enum:"voice,sms" doc:"voice: a voice carrier; sms: an SMS carrier profile"`
	Standard    bool   `json:"default,omitempty" doc:"Numbers below its owner that have the capability and name no carrier get this one"`
	Description string `json:"description,omitempty" doc:"For people, at most 100 characters"`
	// The rest is of SMS carrier profiles.
	Adapter     string  `json:"adapter,omitempty" enum:"generic,twilio,telnyx,bandwidth" doc:"API that the carrier of an SMS carrier profile speaks; without one no text message comes or goes by it"`
	URL         string  `json:"url,omitempty" doc:"Of the carrier's API: where a generic one takes messages; the adapter's usual one if left out"`
	PublicURL   string  `json:"public_url,omitempty" doc:"Where the carrier reaches this API, such as https://pbx.example.com; Twilio signs it, Telnyx is told it with each message"`
	Account     string  `json:"account,omitempty" doc:"The carrier's name for the account: Twilio's Account SID; ACCOUNT:APPLICATION, both ids, for Bandwidth; the user name for a generic one that wants basic authentication"`
	Secret      *string `json:"secret,omitempty" writeOnly:"true" doc:"Proves to the carrier that we ask: Twilio's Auth Token, by which it signs too; Telnyx's API key; USER:PASSWORD of Bandwidth's API; the password, or bearer token, for a generic one. Left out, it stays as it is"`
	CallbackKey *string `json:"callback_key,omitempty" writeOnly:"true" doc:"Tells whether what comes is the carrier's. A generic carrier sends it as bearer token, Bandwidth as password of basic authentication with any user name; of Telnyx it is the public key of the account, in base64. Left out, a new profile of a generic carrier or Bandwidth gets one of ours, which the answer shows once, and an existing one keeps its own while its adapter stays"`
}

// Carrier is what a client reads.
type Carrier struct {
	Name        string     `json:"name"`
	Service     string     `json:"service" enum:"voice,sms"`
	Standard    bool       `json:"default"`
	Description string     `json:"description"`
	Reseller    string     `json:"reseller,omitempty" doc:"Owner; absent: the platform"`
	Adapter     string     `json:"adapter,omitempty" enum:"generic,twilio,telnyx,bandwidth"`
	URL         string     `json:"url,omitempty"`
	PublicURL   string     `json:"public_url,omitempty"`
	Account     string     `json:"account,omitempty"`
	CallbackURL string     `json:"callback_url,omitempty" doc:"Where the carrier is to send what comes, and how far messages are"`
	CallbackKey string     `json:"callback_key,omitempty" row:"CallbackKey,by hand" doc:"Only in the answer to the write that set it"`
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
		toRow: carrierSecrets,
		toView: func(_ context.Context, c *pbx.Carrier, v *Carrier) {
			if c.Adapter != "" {
				v.CallbackURL = c.PublicURL + c.CallbackPath()
			}
		},
		reveal: func(old, c *pbx.Carrier, v *Carrier) {
			if old == nil || !old.CallbackKey.Equal(c.CallbackKey) {
				v.CallbackKey = c.CallbackKey.Reveal()
			}
		},
		revision: func(c *pbx.Carrier) int64 { return c.Revision },
		apply:    func(v *Carrier) *ApplyBlock { return &v.Apply },
	}
	registerKind(a, newKind(k))
	k.name, k.plural, k.path, k.who = "reseller-carrier", "reseller-carriers", "/v1/resellers/{reseller}/carriers", ofBranch
	registerKind(a, newKind(k))
}

// carrierSecrets takes from a profile the secrets that its adapter does not use, and gives it a key
// for callbacks where it needs one. A key does not outlive its adapter: that of Telnyx is public, and
// would let anybody pass for another carrier.
func carrierSecrets(w CarrierFields, old, c *pbx.Carrier) error {
	if c.Adapter == "" && w.Secret == nil {
		c.Secret = pbx.Secret{}
	}
	if w.CallbackKey != nil {
		return nil
	}
	if c.Adapter == "" || c.Adapter == pbx.AdapterTwilio || old != nil && old.Adapter != c.Adapter {
		c.CallbackKey = pbx.Secret{}
	}
	ours := c.Adapter == pbx.AdapterGeneric || c.Adapter == pbx.AdapterBandwidth
	if ours && c.CallbackKey.IsZero() {
		c.CallbackKey = pbx.NewCallbackKey()
	}
	return nil
}
