package pbx

import (
	"cmp"
	"errors"
)

// OwnSettings is what one phone has otherwise than the phones of its tenant. What is left out
// is the tenant's, or its user's. The names in JSON are those of PhoneSettings.
//
// Codecs are not among them: Asterisk has those of the tenant for all its devices.
type OwnSettings struct {
	Language      string    `json:"language,omitempty"`
	ToneCountry   string    `json:"tone_country,omitempty"`
	Timezone      string    `json:"timezone,omitempty"` // an IANA name
	NTPServer     string    `json:"ntp_server,omitempty"`
	SyslogServer  string    `json:"syslog_server,omitempty"`
	VLAN          *int      `json:"vlan,omitempty"`
	VLANPriority  int       `json:"vlan_priority,omitempty"` // needs VLAN
	SRTP          string    `json:"srtp,omitempty"`
	Clock24       *bool     `json:"clock24,omitempty"`
	Logo          string    `json:"logo,omitempty"`
	OutboundProxy string    `json:"outbound_proxy,omitempty"`
	SecondServer  string    `json:"second_server,omitempty"`
	Paging        *[]string `json:"paging,omitempty"`  // empty: listens nowhere
	Uploads       *[]string `json:"uploads,omitempty"` // empty: sends nothing
}

// Over returns the settings of a tenant with what the phone has otherwise.
func (o OwnSettings) Over(c PhoneSettings) PhoneSettings {
	c.Language, c.ToneCountry = cmp.Or(o.Language, c.Language), cmp.Or(o.ToneCountry, c.ToneCountry)
	c.NTPServer, c.SyslogServer = cmp.Or(o.NTPServer, c.NTPServer), cmp.Or(o.SyslogServer, c.SyslogServer)
	c.SRTP, c.Logo = cmp.Or(o.SRTP, c.SRTP), cmp.Or(o.Logo, c.Logo)
	c.OutboundProxy, c.SecondServer = cmp.Or(o.OutboundProxy, c.OutboundProxy), cmp.Or(o.SecondServer, c.SecondServer)
	if o.VLAN != nil {
		c.VLAN, c.VLANPriority = *o.VLAN, o.VLANPriority
	}
	if o.Clock24 != nil {
		c.Clock24 = *o.Clock24
	}
	if o.Paging != nil {
		c.Paging = *o.Paging
	}
	if o.Uploads != nil {
		c.Uploads = *o.Uploads
	}
	return c
}

// Clean spells addresses as they are stored.
func (o *OwnSettings) Clean() {
	o.NTPServer, o.SyslogServer = CleanHost(o.NTPServer), CleanHost(o.SyslogServer)
	o.OutboundProxy, o.SecondServer = CleanServer(o.OutboundProxy), CleanServer(o.SecondServer)
}

// validate returns the rules that they break, which are those of a tenant's settings.
func (o OwnSettings) validate(es *Errors) {
	if o.Timezone != "" {
		es.Add(CheckTimezone("settings.timezone", o.Timezone))
	}
	if o.VLAN == nil && o.VLANPriority != 0 {
		es.Add(Invalidf("settings.vlan_priority", "needs a vlan beside it"))
	}
	if o.VLAN != nil && *o.VLAN < 0 {
		es.Add(Invalidf("settings.vlan", "is %d, allowed are 0 to 4094", *o.VLAN))
		return
	}
	whole := o.Over(*DefaultPhoneSettings(""))
	var broken Errors
	errors.As(whole.Validate(), &broken)
	for _, e := range broken {
		e.Field = "settings." + e.Field
		es.Add(e)
	}
}

// SettingsOfPhone returns the settings of a tenant with what the phone has otherwise.
func (s *Snapshot) SettingsOfPhone(p *Phone) PhoneSettings {
	return p.Settings.Over(*s.SettingsOf(p.Tenant))
}
