package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PhoneSettingsFields is what a client may write.
type PhoneSettingsFields struct {
	Language      string   `json:"language,omitempty" doc:"Of the menus: en, en-GB, de, fr, es, es-419, it, …; where a make has no such language, and if left out, phones keep theirs"`
	ToneCountry   string   `json:"tone_country,omitempty" doc:"Two letters of the country whose dial and busy tones phones play (Yealink only: a Polycom has no parameter for it)"`
	NTPServer     string   `json:"ntp_server,omitempty" doc:"Time server; the installation's if left out"`
	SyslogServer  string   `json:"syslog_server,omitempty" doc:"Where phones send their logs"`
	VLAN          *int     `row:"VLAN,by hand" json:"vlan,omitempty" minimum:"0" maximum:"4094" doc:"1 to 4094; 0 switches tagging off; left out, phones keep what they were told by hand, LLDP or DHCP. A wrong VLAN takes a phone off the network for good"`
	VLANPriority  int      `json:"vlan_priority,omitempty" minimum:"0" maximum:"7" doc:"0 to 7 (Yealink only)"`
	Codecs        []string `json:"codecs,omitempty" nullable:"false" doc:"g722, pcma, pcmu, g729, opus; best first, those left out are switched off, on the phones and in Asterisk. At least one of the first three; g722, pcma, pcmu if left out. Where Asterisk runs no module for opus or g729, apply.warnings says so and phones talk in the next one"`
	SRTP          string   `json:"srtp,omitempty" enum:"off,optional,required," doc:"Encryption of the voice; off if left out. The keys travel in SIP: without TLS (--sip-transport tls) whoever sees that can decrypt"`
	Clock24       *bool    `json:"clock24,omitempty" doc:"13:00 and not 1 PM; true if left out"`
	OutboundProxy string   `json:"outbound_proxy,omitempty" doc:"Host, perhaps with a port, to which phones send all SIP, such as a session border controller; none if left out. It has to bring the phones' registrations to Asterisk, and Asterisk's calls to the phones"`
	SecondServer  string   `json:"second_server,omitempty" doc:"Host, perhaps with a port, where phones register and call while the server does not answer: another address of it, or a standby; none if left out"`
	Paging        []string `json:"paging,omitempty" nullable:"false" doc:"Multicast addresses with a port at which phones listen for pages, at most 10, such as 224.0.1.75:10000; a key of kind paging speaks there. The network has to carry multicast (Yealink only)"`
	// Uploads is a pointer, because an empty list differs from an absent one.
	Uploads *[]string `json:"uploads,omitempty" doc:"What phones send here, to be read under …/phones/{mac}/files: contacts, calls, logs (once an hour), changes (what people set on the phone itself, which then counts before what is configured here). contacts and calls if left out. Yealink from V80; a Polycom sends all of them always"`
	// Firmware is a map so that a merge patch can change one model.
	Firmware map[string]string `row:"Firmware,by hand" json:"firmware,omitempty" doc:"Which firmware the phones of a model run: a name of GET /v1/firmware, which becomes the hash of the bytes it has now, '/' and the name. Phones fetch it when they next ask for their files; a model that is left out keeps what it has"`
	Logo     string            `json:"logo,omitempty" doc:"Web address of a picture in the format of the phones: .dob for Yealinks with two grey levels, .jpg or .png for colour. A Polycom without colours shows none"`
}

// PhoneSettings is what a client reads.
type PhoneSettings struct {
	PhoneSettingsFields
	Apply ApplyBlock `json:"apply"`
}

// registerPhoneSettings declares reading and changing: each tenant has exactly
// one of these.
func registerPhoneSettings(a *api) {
	const path = "/v1/tenants/{tenant}/phone-settings"
	k := newKind(kind[pbx.PhoneSettings, PhoneSettingsFields, PhoneSettings]{
		name: "phone-settings", plural: "phone-settings", path: path, rows: a.ctl.PhoneSettings, who: ofTenant,
		parseKey: func(_, _ string) (string, *pbx.Error) { return "phone-settings", nil },
		fresh:    func(tenant, _ string) *pbx.PhoneSettings { return pbx.DefaultPhoneSettings(tenant) },
		toRow: func(w PhoneSettingsFields, _, p *pbx.PhoneSettings) (err error) {
			if p.VLAN = or(w.VLAN, pbx.KeepVLAN); w.VLAN != nil && *w.VLAN < 0 {
				return pbx.Invalidf("vlan", "is %d, allowed are 0 to 4094", *w.VLAN)
			}
			p.NTPServer, p.SyslogServer = pbx.CleanHost(p.NTPServer), pbx.CleanHost(p.SyslogServer)
			p.OutboundProxy, p.SecondServer = pbx.CleanServer(p.OutboundProxy), pbx.CleanServer(p.SecondServer)
			p.Firmware, err = a.ctl.Fleet.Firmware.Resolve(w.Firmware)
			return err
		},
		toFields: phoneSettingsFields,
		revision: func(p *pbx.PhoneSettings) int64 { return p.Revision },
		apply:    func(v *PhoneSettings) *ApplyBlock { return &v.Apply },
	})
	declare(a, operators, k.operation("GET", path, "get-phone-settings",
		"What all desk phones of the tenant have in common"), func(ctx context.Context,
		in *getInput) (*answer[PhoneSettings], error) {
		return k.get(ctx, a, in.Place)
	})
	declare(a, tenantAdmins, k.operation("PUT", path, "put-phone-settings", "Replace"),
		func(ctx context.Context, in *bodyInput[PhoneSettingsFields]) (*answer[PhoneSettings], error) {
			return k.write(ctx, a, in.Place, in.WriteHeaders, func(*pbx.PhoneSettings) (PhoneSettingsFields,
				error) {
				return in.Body, nil
			})
		})
	registerPatch(a, k, path)
}

func phoneSettingsFields(p *pbx.PhoneSettings, w *PhoneSettingsFields) {
	if w.Uploads == nil {
		w.Uploads = &[]string{}
	}
	for _, x := range p.Firmware {
		if w.Firmware == nil {
			w.Firmware = map[string]string{}
		}
		w.Firmware[x.Model] = x.File()
	}
	if p.VLAN != pbx.KeepVLAN {
		w.VLAN = &p.VLAN
	}
}
