package phone

import (
	"strconv"
	"strings"
)

// What a phone does by itself: what its files say, and the way of its factory where they
// are silent (administrators' guides of both makes; a Polycom's own sip.cfg).

// factoryYealinkMap is the string of a Yealink whose digit map is switched on alone.
const factoryYealinkMap = FactoryDigitMap + "|**x.T|+x.T|00x.T"

// own is a parameter as the files have it, or the factory's.
func (c *Config) own(name, factory string) string {
	s, ok := c.Values[name]
	if !ok || s == "%NULL%" || c.Vendor == Yealink && s == "" {
		return factory
	}
	return s
}

func (c *Config) ownNumber(name string, factory int) int {
	n, err := strconv.Atoi(c.own(name, ""))
	if err != nil {
		return factory
	}
	return n
}

// OffHook is what the phone dials when a number is typed digit by digit after lifting the
// handset. Patterns that the phone cannot read are left out.
func (c *Config) OffHook(number string) Sent {
	if c.Vendor == Yealink {
		return c.yealinkOffHook(number)
	}
	m, err := NewDigitMap(c.own("dialplan.digitmap", FactoryDigitMap), c.ownNumber("dialplan.impossibleMatchHandling", 0))
	if err != nil && len(m.patterns) == 0 {
		return Sent{}
	}
	sent := m.Type(number)
	if c.ownNumber("dialplan.removeEndOfDial", 1) == 1 {
		sent.Number = strings.TrimSuffix(sent.Number, "#")
	}
	return sent
}

// yealinkOffHook: a pause sends, so does '#' where that is the key for it. A rule to dial
// now sends at once; with a digit map the rules are dead.
func (c *Config) yealinkOffHook(number string) Sent {
	if c.own("features.key_as_send", c.own("features.pound_key.mode", "1")) == "1" {
		number, _, _ = strings.Cut(number, "#")
	}
	if c.own("account.1.dialplan.digitmap.enable", c.own("dialplan.digitmap.enable", "0")) == "1" {
		m, err := NewDigitMap(c.own("dialplan.digitmap.string", factoryYealinkMap),
			c.ownNumber("dialplan.digitmap.no_match_action", 0))
		if err != nil && len(m.patterns) == 0 {
			return Sent{}
		}
		return m.Type(number)
	}
	for i := 1; i <= 100; i++ {
		rule := c.own("dialplan.dialnow.rule."+strconv.Itoa(i), "")
		p, ok := newDigitPattern(rule)
		for n := 1; ok && n <= len(number); n++ {
			if p.complete(p.read(number[:n])) {
				return Sent{Number: number[:n]}
			}
		}
	}
	return Sent{Number: number, Paused: true}
}

// TakesRinging is what the key of a lamp dials while the number that it watches rings; ""
// when it takes nothing.
func (c *Config) TakesRinging(number string) string {
	code := c.own("features.pickup.direct_pickup_code", "")
	switch {
	case c.Vendor == Yealink:
		code = c.own("account.1.direct_pickup_code", code)
	case c.own("attendant.restrictPickup", "0") == "1" || c.own("call.directedCallPickupMethod", "legacy") == "native":
		return "" // the native way needs a Call-ID in dialog-info, which Asterisk does not send
	default:
		code = c.own("call.directedCallPickupString", "*97")
	}
	if code == "" {
		return ""
	}
	return code + number
}

// CallerFrom lists the headers in which the phone looks for the caller, best first.
func (c *Config) CallerFrom() []string {
	if c.Vendor == Polycom {
		return strings.Split(c.own("voIpProt.SIP.CID.sourcePreference", "P-Asserted-Identity,Remote-Party-ID,From"), ",")
	}
	switch c.ownNumber("account.1.cid_source", 0) {
	case 1:
		return []string{"P-Asserted-Identity"}
	case 2:
		return []string{"P-Asserted-Identity", "From"}
	}
	return []string{"From"}
}

// Strangers reports whether an INVITE from anywhere rings.
func (c *Config) Strangers() bool {
	if c.Vendor == Yealink {
		return c.own("sip.trust_ctrl", "0") == "0"
	}
	return c.own("voIpProt.SIP.requestValidation.1.request", "") != "INVITE" ||
		c.own("voIpProt.SIP.requestValidation.1.method", "") == ""
}

// Forwards reports whether a user can have the phone answer calls with 302.
func (c *Config) Forwards() bool {
	if c.Vendor == Yealink {
		return c.own("features.fwd.allow", "1") == "1" || c.own("forward.always.enable", "0") == "1"
	}
	return c.own("divert.fwd.1.enabled", "1") == "1"
}

// DoNotDisturb is the status with which the phone's own do not disturb answers.
func (c *Config) DoNotDisturb() int {
	if c.Vendor == Yealink {
		return c.ownNumber("features.dnd_refuse_code", 480)
	}
	if c.own("call.rejectBusyOnDnd", "1") == "1" {
		return 486
	}
	return 0 // it lets the call ring unheard
}

// Refused is the status of a call that is refused by hand.
func (c *Config) Refused() int {
	if c.Vendor == Yealink {
		return c.ownNumber("features.normal_refuse_code", 486)
	}
	if c.own("voIpProt.SIP.use486forReject", "0") == "1" {
		return 486
	}
	return 603
}

// RingsFor is for how many seconds the phone rings, and waits while it hears ringing; 0
// is as long as the server wants.
func (c *Config) RingsFor() (incoming, outgoing int) {
	if c.Vendor == Yealink {
		return c.ownNumber("phone_setting.ringing_timeout", 300), 0
	}
	return c.ownNumber("call.offeringTimeOut", 60), c.ownNumber("call.ringBackTimeOut", 60)
}
