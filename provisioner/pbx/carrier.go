package pbx

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/url"
	"strings"
)

// Adapter is the API that a carrier of text messages speaks.
type Adapter string

// The adapters. A profile without one is a name: no message comes or goes by it.
const (
	AdapterGeneric   Adapter = "generic" // JSON of ours, see the manual's page messages
	AdapterTwilio    Adapter = "twilio"
	AdapterTelnyx    Adapter = "telnyx"
	AdapterBandwidth Adapter = "bandwidth"
)

// Adapters are all of them.
var Adapters = []Adapter{AdapterGeneric, AdapterTwilio, AdapterTelnyx, AdapterBandwidth}

// Carrier is a carrier for voice, or the profile of one for SMS, by name.
type Carrier struct {
	Reseller    string // owner; "" is the platform
	Name        string // key; the rules of a device's name
	Service     string // voice or sms
	Standard    bool   // of numbers that name none, below the owner
	Description string // 0–100 characters
	Adapter     Adapter
	URL         string // of the carrier's API; "" is the adapter's usual one
	// PublicURL is where the carrier reaches our API, such as https://pbx.example.com.
	PublicURL string
	// Account is the carrier's name for the account that pays; see AccountParts for Bandwidth.
	Account string
	// Secret proves to the carrier that we ask, and of Twilio to us that Twilio calls; see SecretParts
	// for Bandwidth.
	Secret Secret
	// CallbackKey proves to us that another carrier calls. Of Telnyx it is the public key of the
	// account.
	CallbackKey Secret
	Version     int64 // row version
	Revision    int64 // configuration revision of the last change
}

// Validate returns all broken rules.
func (c *Carrier) Validate() error {
	var es Errors
	es.Add(CheckName("name", c.Name))
	if c.Service != "voice" && c.Service != "sms" {
		es.Add(Invalidf("service", "%s is not a choice: use voice or sms", quote(c.Service)))
	}
	es.Add(CheckText("description", c.Description, 0, 100, 0))
	es.Add(CheckText("account", c.Account, 0, 64, 0))
	if strings.ContainsAny(c.Account, "/?#% ") {
		es.Add(Invalidf("account", "has a character in it that no account has"))
	}
	es.Add(checkCarrierURL("url", c.URL))
	es.Add(checkCarrierURL("public_url", c.PublicURL))
	es.Add(checkCarrierSecret("secret", c.Secret))
	es.Add(checkCarrierSecret("callback_key", c.CallbackKey))
	c.checkAdapter(&es)
	return es.Err()
}

// carrierFields says of each adapter which fields it needs.
var carrierFields = map[Adapter][]string{
	AdapterGeneric: {"url", "callback_key"},
	AdapterTwilio:  {"account", "secret", "public_url"},
	// Telnyx repeats our reference only as part of the address that it is told for callbacks.
	AdapterTelnyx:    {"secret", "callback_key", "public_url"},
	AdapterBandwidth: {"account", "secret", "callback_key"},
}

func (c *Carrier) checkAdapter(es *Errors) {
	set := map[string]bool{"url": c.URL != "", "public_url": c.PublicURL != "", "account": c.Account != "",
		"secret": !c.Secret.IsZero(), "callback_key": !c.CallbackKey.IsZero()}
	needed, known := carrierFields[c.Adapter]
	switch {
	case c.Adapter == "":
		for _, field := range []string{"url", "public_url", "account", "secret", "callback_key"} {
			if set[field] {
				es.Add(Refusedf(field, "%s is of no use without an adapter", field))
			}
		}
	case !known:
		es.Add(Invalidf("adapter", "%s is not a choice: use %s", quote(string(c.Adapter)), adapterNames()))
	case c.Service != "sms":
		es.Add(Refusedf("adapter", "an adapter is for the service sms: calls are carried by trunks"))
	}
	for _, field := range needed {
		if !set[field] {
			es.Add(Invalidf(field, "is required with the adapter %s", c.Adapter))
		}
	}
	c.checkParts(set, es)
}

// checkParts refuses values that an adapter cannot take apart.
func (c *Carrier) checkParts(set map[string]bool, es *Errors) {
	if c.Adapter == AdapterTelnyx && set["callback_key"] && c.PublicKey() == nil {
		es.Add(Invalidf("callback_key", "must be the public key of the Telnyx account: 44 characters of base64"))
	}
	if c.Adapter != AdapterBandwidth {
		return
	}
	account, application := c.AccountParts()
	if set["account"] && (account == "" || strings.Trim(account, "0123456789") != "" || application == "") {
		es.Add(Invalidf("account", "must be the id of the Bandwidth account, a colon and the id of the application, such as "+
			"5500001:93de2206-9669-4e07-948d-329f4b722ee2"))
	}
	user, password := c.SecretParts()
	if set["secret"] && (user == "" || password.IsZero()) {
		es.Add(Invalidf("secret", "must be the user name of Bandwidth's API, a colon and the password"))
	}
}

// PublicKey is the key that Telnyx signs by, or nil where CallbackKey is no such key.
func (c *Carrier) PublicKey() ed25519.PublicKey {
	key, err := base64.StdEncoding.DecodeString(c.CallbackKey.Reveal())
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil
	}
	return key
}

// AccountParts are the account and the application of Bandwidth.
func (c *Carrier) AccountParts() (account, application string) {
	account, application, _ = strings.Cut(c.Account, ":")
	return account, application
}

// SecretParts are the user name and the password of Bandwidth's API.
func (c *Carrier) SecretParts() (user string, password Secret) {
	user, text, _ := strings.Cut(c.Secret.Reveal(), ":")
	return user, NewSecret(text)
}

func adapterNames() string {
	names := make([]string, len(Adapters))
	for i, a := range Adapters {
		names[i] = string(a)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func checkCarrierURL(field, s string) *Error {
	if s == "" {
		return nil
	}
	if err := checkWebhookURL(field, s); err != nil {
		return err
	}
	if u, err := url.Parse(s); err != nil || u.RawQuery != "" || strings.HasSuffix(s, "/") {
		return Invalidf(field, "ends in a query or a slash")
	}
	return nil
}

func checkCarrierSecret(field string, s Secret) *Error {
	text := s.Reveal()
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) || len(text) > 200 {
		return Invalidf(field, "must be at most 200 printable ASCII characters without spaces")
	}
	if text != "" && len(text) < 16 {
		return Invalidf(field, "must have at least 16 characters")
	}
	return nil
}

// NewCallbackKey returns a key of 24 random bytes.
func NewCallbackKey() Secret { return RandomSecret(24) }

// CallbackPath is where the carrier sends what comes, below PublicURL.
func (c *Carrier) CallbackPath() string {
	if c.Reseller == "" {
		return "/v1/carriers/" + c.Name + "/callback"
	}
	return "/v1/resellers/" + c.Reseller + "/carriers/" + c.Name + "/callback"
}

// BasicAuth is the value of an Authorization header (RFC 7617).
func BasicAuth(user string, password Secret) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password.Reveal()))
}
