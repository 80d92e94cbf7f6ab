package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PhoneFields is what a client may write.
type PhoneFields struct {
	MAC    string      `json:"mac,omitempty" doc:"Hardware address in any usual spelling; taken from the path in PUT and PATCH"`
	Vendor string      `json:"vendor" doc:"yealink or polycom (poly)"`
	Model  string      `json:"model" doc:"T46U, VVX450, W60P, IP650; GET /v1/phone-models lists all"`
	Lines  []PhoneLine `json:"lines,omitempty" nullable:"false" doc:"Which device each registration uses"`
	// Buttons is a map, so that a merge patch can change one key alone.
	Buttons  map[string]Button `row:"Buttons,by hand" json:"buttons,omitempty" doc:"What single keys do, by place: 5 is key 5 of the phone, m2-7 key 7 of its second expansion module. PATCH with {\"buttons\":{\"5\":null}} gives a key back to the template"`
	Settings *PhoneOwnSettings `row:"Settings,omitzero" json:"settings,omitempty" doc:"What this phone has otherwise than the tenant's phones; PATCH with {\"settings\":{\"language\":null}} takes one back, with {\"settings\":null} all"`
}

// PhoneOwnSettings is what one phone has otherwise.
type PhoneOwnSettings struct {
	Language      string    `json:"language,omitempty" doc:"Of the menus, also where its user has another"`
	ToneCountry   string    `json:"tone_country,omitempty" doc:"Two letters of the country whose tones it plays (Yealink only)"`
	Timezone      string    `json:"timezone,omitempty" doc:"IANA name such as Europe/Berlin, for its clock"`
	NTPServer     string    `json:"ntp_server,omitempty" doc:"Time server"`
	SyslogServer  string    `json:"syslog_server,omitempty" doc:"Where it sends its logs"`
	VLAN          *int      `json:"vlan,omitempty" minimum:"0" maximum:"4094" doc:"1 to 4094; 0 switches tagging off. Taken back where the tenant has none, the phone keeps it"`
	VLANPriority  int       `json:"vlan_priority,omitempty" minimum:"0" maximum:"7" doc:"0 to 7; needs vlan (Yealink only)"`
	SRTP          string    `json:"srtp,omitempty" enum:"off,optional,required," doc:"Encryption of the voice, on the phone and in Asterisk"`
	Clock24       *bool     `json:"clock24,omitempty" doc:"13:00 and not 1 PM"`
	Logo          string    `json:"logo,omitempty" doc:"Web address of a picture"`
	OutboundProxy string    `json:"outbound_proxy,omitempty" doc:"Host, perhaps with a port, to which it sends all SIP"`
	SecondServer  string    `json:"second_server,omitempty" doc:"Host, perhaps with a port, where it registers while the server does not answer"`
	Paging        *[]string `json:"paging,omitempty" doc:"Multicast addresses at which it listens; an empty list for none"`
	Uploads       *[]string `json:"uploads,omitempty" doc:"What it sends here; an empty list for nothing"`
}

// PhoneLine is one registration of a phone.
type PhoneLine struct {
	Registration int    `json:"registration" minimum:"1" maximum:"250" doc:"1 is the first"`
	Device       string `json:"device" doc:"Name of the device whose SIP account it uses; a device is on one phone at most"`
}

// Phone is what a client reads.
type Phone struct {
	MAC             string            `json:"mac"`
	Vendor          string            `json:"vendor"`
	Model           string            `json:"model"`
	Lines           []PhoneLine       `json:"lines" nullable:"false"`
	Buttons         map[string]Button `row:"Buttons,by hand" json:"buttons" doc:"The phone's own; templates fill the other keys"`
	Settings        *PhoneOwnSettings `row:",omitzero" json:"settings,omitempty" doc:"What it has otherwise than the tenant's phones"`
	EnrolURL        string            `json:"enrol_url" doc:"What DHCP option 66 or the phone's own menu must say; answers this phone until enrol_until or until it has its full file"`
	EnrolUntil      time.Time         `json:"enrol_until" doc:"End of the window in which the phone may ask enrol_url; the year 9999 when only its first fetch ends it"`
	EnrolledAt      *time.Time        `json:"enrolled_at,omitempty" doc:"When it fetched its full file by its own URL, which closed the window"`
	ProvisioningURL string            `row:"URLSecret,by hand" json:"provisioning_url,omitempty" doc:"The phone's own secret URL, for typing it in by hand; shown once, by the write that made it"`
	FormerURL       bool              `row:"FormerSecret,by hand" json:"former_url,omitempty" doc:"The own URL before the present one serves as well, until the phone has used the present one"`
	Replaces        string            `row:"FormerMAC,by hand" json:"replaces,omitempty" doc:"MAC of the phone whose place it took and which its own URL still serves, until this one has used its own"`
	ReplacesModel   string            `row:"FormerModel,by hand" json:"replaces_model,omitempty" doc:"The model of that phone"`
	DroppedButtons  map[string]Button `json:"dropped_buttons,omitempty" doc:"Of the phone whose place it took; this model does not have them. Shown once, by the replacement"`
	Unfollowed      []string          `json:"unfollowed,omitempty" doc:"What has no effect on this phone, and why: settings of the tenant, its user or the installation that the model cannot follow (language, tone_country, vlan_priority, codecs, logo, outbound_proxy, paging, uploads, transport), and keys that do nothing (buttons.5)"`
	Apply           ApplyBlock        `json:"apply"`
}

func registerPhones(a *api) {
	k := newKind(kindOfPhone{
		name: "phone", plural: "phones", path: "/v1/tenants/{tenant}/phones", keyName: "mac", rows: a.ctl.Phones,
		who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) {
			mac, err := pbx.ParseMAC(field, s)
			return string(mac), err
		},
		mayAdd:    func(ctx context.Context, tenant, mac string) error { return a.mayAddPhone(ctx, tenant, pbx.MAC(mac)) },
		elsewhere: func(mac string) error { return notYours(pbx.MAC(mac)) },
		fresh: func(tenant, mac string) *pbx.Phone {
			return pbx.NewPhone(tenant, pbx.MAC(mac), enrolEnd())
		},
		toRow: func(w PhoneFields, _, p *pbx.Phone) (err error) {
			p.Vendor = pbx.ParseVendor(w.Vendor)
			p.Settings.Clean()
			p.Buttons, err = buildButtons(w.Buttons)
			return err
		},
		toFields: func(p *pbx.Phone, w *PhoneFields) { w.Buttons = buttonFields(p.Buttons) },
		toView: func(ctx context.Context, p *pbx.Phone, v *Phone) {
			v.Buttons, v.EnrolURL = buttonFields(p.Buttons), a.PhoneURL+"/"
			v.Unfollowed = a.unfollowed(ctx, p)
			v.FormerURL = !p.FormerSecret.IsZero() && !a.ctl.Fleet.Seen.Moved(p)
			if v.FormerURL && p.FormerMAC != "" {
				v.FormerURL, v.Replaces, v.ReplacesModel = false, p.FormerMAC.Colons(), p.FormerModel
			}
			if at := a.ctl.Fleet.Seen.Of(p).EnrolledAt; !at.IsZero() {
				v.EnrolledAt = &at
			}
		},
		reveal: func(old, p *pbx.Phone, v *Phone) {
			if old == nil || !old.URLSecret.Equal(p.URLSecret) {
				v.ProvisioningURL = a.PhoneURL + "/p/" + p.URLSecret.Reveal() + "/"
			}
		},
		revision: func(p *pbx.Phone) int64 { return p.Revision },
		apply:    func(v *Phone) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerPhoneActions(a, k)
	registerReplace(a, k)
	registerInbox(a, k)
	registerTenantInbox(a, k)
	registerResyncs(a, k)
	a.registerDrift()
	registerUploads(a, k)
	a.registerFirmware()
	a.registerSiteTemplates()
}

// unfollowed is left out where it cannot be read: the phone itself could.
func (a *api) unfollowed(ctx context.Context, p *pbx.Phone) []string {
	said, err := a.ctl.Unfollowed(ctx, p)
	if err != nil {
		a.Logger.ErrorContext(ctx, "cannot tell what a phone does not follow", "phone", p.MAC, "error", err)
	}
	return said
}

// enrolEnd is the end of an enrolment window that opens now. It is in whole seconds, as in
// the database.
func enrolEnd() time.Time { return pbx.EnrolEnd(time.Now(), pbx.EnrolWindow) }

// Fetch is one request of a phone.
type Fetch struct {
	File      string    `json:"file"`
	Status    int       `json:"status"`
	SHA256    string    `json:"sha256,omitempty" doc:"Hash of the bytes it got"`
	Address   string    `json:"address"`
	UserAgent string    `json:"user_agent"`
	Own       bool      `json:"own" doc:"It proved to be this phone, by its own URL or its certificate"`
	Reason    string    `json:"reason,omitempty" enum:"window-closed,other-network,other-certificate,other-url,unknown-file,nothing-sent" doc:"Why it got a 404. window-closed: it asked enrol_url after its window, or in it once it had its files. other-network: from elsewhere than phone_networks. other-certificate: with the certificate of another phone. other-url: by a secret URL that is not its own or has ended. unknown-file: phones of its make have no such file. nothing-sent: it has not sent that file yet"`
	At        time.Time `json:"at"`
}

type enrolInput struct {
	Place
	WriteHeaders
	EnrolWindow
	Forget bool `query:"forget" doc:"End the URL before at once, such as that of a stolen phone: a phone that still asks there has to be reset"`
}

// registerPhoneActions declares the operations on a phone beside writing it.
func registerPhoneActions(a *api, k kindOfPhone) {
	one := k.path + "/{mac}"
	declare(a, operators, k.operation("GET", one+"/fetches", "list-phone-fetches",
		"The phone's last requests, newest first"), func(ctx context.Context, in *getInput) (*page[Fetch], error) {
		return phoneFetches(ctx, a, in.Place)
	})
	registerEnrolOne(a, k)
	registerEnrol(a, k)
}

type replaceInput struct {
	Place
	WriteHeaders
	Body struct {
		MAC   string `json:"mac" doc:"Of the new phone"`
		Model string `json:"model,omitempty" doc:"Of the new phone; that of the present one if left out"`
	}
}

// registerReplace declares the exchange of a phone by one of another MAC.
func registerReplace(a *api, k kindOfPhone) {
	op := k.operation("POST", k.path+"/{mac}/replace", "replace-phone",
		"Put another phone in its place. Lines, buttons, settings and contacts go along; the phone before is served by its own URL "+
			"until the new one has used its own")
	op.DefaultStatus = http.StatusCreated
	declare(a, tenantAdmins, op, func(ctx context.Context, in *replaceInput) (*answer[Phone], error) {
		from, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		to, err := k.newKey(a, in.Body.MAC)
		if err != nil {
			return nil, err
		}
		cond, err := in.condition()
		if err != nil {
			return nil, a.problem(err)
		}
		if err := a.mayAddPhone(ctx, in.tenant, pbx.MAC(to)); err != nil {
			return nil, a.problem(err)
		}
		p, dropped, err := a.ctl.ReplacePhone(ctx, author(ctx), in.tenant, pbx.MAC(from),
			provisioner.Replacement{MAC: pbx.MAC(to), Model: in.Body.Model}, cond)
		if err != nil {
			return nil, a.problem(a.othersPhone(ctx, in.tenant, to, err))
		}
		out := k.made(ctx, a, p, in.tenant, to, in.WriteHeaders)
		k.reveal(nil, p, &out.Body)
		if len(dropped) > 0 {
			out.Body.DroppedButtons = buttonFields(dropped)
		}
		return out, nil
	})
}

// othersPhone keeps from a caller of one tenant that another tenant has a phone.
func (a *api) othersPhone(ctx context.Context, tenant, mac string, err error) error {
	if caller(ctx).Everywhere() || pbx.KindOf(err) != pbx.Conflict {
		return err
	}
	if _, own := a.ctl.Phones.Get(ctx, tenant, mac); pbx.KindOf(own) == pbx.NotFound {
		return notYours(pbx.MAC(mac))
	}
	return err
}

type kindOfPhone = kind[pbx.Phone, PhoneFields, Phone]

// phone returns a phone of a tenant by its MAC, in any spelling. Errors are ready for the
// client.
func (a *api) phone(ctx context.Context, tenant, key string) (*pbx.Phone, error) {
	mac, perr := pbx.ParseMAC("mac", key)
	if perr != nil {
		return nil, a.problem(perr)
	}
	p, err := a.ctl.Phones.Get(ctx, tenant, string(mac))
	if err != nil {
		return nil, a.problem(err)
	}
	return p, nil
}

func phoneFetches(ctx context.Context, a *api, p Place) (*page[Fetch], error) {
	phone, err := a.phone(ctx, p.tenant, p.key)
	if err != nil {
		return nil, err
	}
	fetches, err := a.ctl.Fleet.Fetches.Last(ctx, phone.MAC)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[Fetch]{}
	out.Body.Items = make([]Fetch, 0, len(fetches))
	for _, f := range fetches {
		out.Body.Items = append(out.Body.Items, Fetch{f.File, f.Status, f.Hash, ipText(f.Address), f.UserAgent, f.Own,
			string(f.Reason), f.At})
	}
	return out, nil
}

// mayAddPhone refuses a caller of one tenant a phone that asks for files from elsewhere
// than the tenant's own networks. A phone that never asked may be added.
func (a *api) mayAddPhone(ctx context.Context, tenant string, mac pbx.MAC) error {
	waiting, err := a.ctl.Fleet.Inbox.Phone(mac)
	if caller(ctx).Everywhere() || pbx.KindOf(err) == pbx.NotFound {
		return nil
	}
	if err == nil && a.asksFrom(ctx, tenant, waiting) {
		return nil
	}
	return notYours(mac)
}

// asksFrom reports whether a phone of the inbox asks from a network of the tenant.
func (a *api) asksFrom(ctx context.Context, tenant string, waiting pbx.InboxPhone) bool {
	t, err := a.ctl.Tenants.Get(ctx, "", tenant)
	return err == nil && slices.ContainsFunc(t.Networks(), func(p netip.Prefix) bool {
		return p.Contains(waiting.Address.Unmap())
	})
}

// notYours is the one answer for a phone of another tenant and for one that may become so.
func notYours(mac pbx.MAC) *pbx.Error {
	return &pbx.Error{Kind: pbx.Forbidden, Field: "mac", Message: "phone " + mac.Colons() +
		" is added by a platform admin: it is known here, and not from a network in phone_networks of the tenant"}
}
