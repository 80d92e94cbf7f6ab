package phone

import "fmt"

// Config is what the phone understood of its files.
type Config struct {
	Vendor   Vendor
	Accounts []Account         // enabled ones, by index
	LineKeys []LineKey         // keys that do something, by index
	TimeZone map[string]string // the raw time parameters (local_time.*, tcpIpApp.sntp.*)
	Values   map[string]string // every parameter read, after the vendor's rule which file wins
}

// Value is one parameter as the phone took it, "" if no file set it.
func (c *Config) Value(name string) string { return c.Values[name] }

// trust makes all accounts trust an authority, which the phone has from its files.
func (c *Config) trust(root string) {
	for i := range c.Accounts {
		c.Accounts[i].Trusts = root
	}
}

// BLF lists the keys that watch an extension.
func (c *Config) BLF() []LineKey {
	var keys []LineKey
	for _, k := range c.LineKeys {
		if k.Kind == "blf" {
			keys = append(keys, k)
		}
	}
	return keys
}

// Account is one registration.
type Account struct {
	Index           int // 1-based, as on the phone
	Label           string
	DisplayName     string
	UserName        string
	AuthName        string // empty: UserName
	Password        string
	Server          string // host of the registrar
	Port            int    // 0: 5060
	OutboundProxy   string // host:port, or empty
	Transport       string // udp, tcp, tls or dns (let DNS decide)
	Expires         int    // seconds; 0: 3600
	VoicemailNumber string
	Trusts          string   // with tls: the certificate of the one authority that is trusted, in PEM form
	SRTP            SRTP     // the zero value encrypts nothing
	Codecs          []string // PCMU, PCMA, G722, G729, opus; best first. Empty: PCMU and PCMA
}

// String shows the account without its password.
func (a Account) String() string {
	return fmt.Sprintf("account %d: %s <sip:%s@%s> auth %s password %s over %s, expires %d s, voicemail %q",
		a.Index, a.DisplayName, a.UserName, a.hostPort(), a.authName(), mask(a.Password), a.Transport, a.Expires,
		a.VoicemailNumber)
}

// GoString keeps the password out of %#v too.
func (a Account) GoString() string { return a.String() }

func (a Account) authName() string {
	if a.AuthName != "" {
		return a.AuthName
	}
	return a.UserName
}

func (a Account) hostPort() string {
	if a.Port == 0 {
		return a.Server
	}
	return fmt.Sprintf("%s:%d", a.Server, a.Port)
}

func mask(secret string) string {
	if secret == "" {
		return "none"
	}
	return "****"
}

// LineKey is one programmed key.
type LineKey struct {
	Index  int
	Kind   string // line, blf, speed-dial, park, voicemail, or "type N"
	Value  string // monitored extension, number, park slot
	Label  string
	Line   int    // account the key works on
	Pickup string // pickup code of a BLF key
}
