package api

import (
	"context"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TenantFields is what a client may write.
type TenantFields struct {
	Name                 string   `json:"name,omitempty" doc:"1 to 31 lower-case letters, digits and hyphens; taken from the path in PUT and PATCH"`
	Reseller             *string  `json:"reseller,omitempty" doc:"The reseller that owns it; another one moves it. Left out, it stays as it is; a new one is the platform's, or of the reseller whose admin makes it" row:"Reseller,by hand"`
	Title                string   `json:"title,omitempty" doc:"What people call it, at most 100 characters; phones show it"`
	Timezone             string   `json:"timezone,omitempty" doc:"IANA name such as Europe/Berlin, for the clocks of phones and the times in voicemail; UTC if left out"`
	MaxExtensions        int      `json:"max_extensions,omitempty" minimum:"0" maximum:"1000000" doc:"How many extensions the licence allows; 0 is without limit"`
	Country              string   `json:"country,omitempty" doc:"Two letters of ISO 3166-1, for extensions that have none: how numbers are dialled, and tones. Without one only numbers with + can be dialled outside. That of tenant default if left out for another one"`
	ClassOfService       string   `json:"class_of_service,omitempty" doc:"Class of service of extensions that have none, and of ring groups. Without one, numbers of their country are called that have no price of their own, toll-free and emergency numbers, and nobody abroad"`
	ForwardCaller        string   `json:"forward_caller,omitempty" doc:"Whose number a carrier is shown for a call that is forwarded outside: that of the extension that forwards, or the caller's own, with the extension's in a Diversion header; extension if left out"`
	Anonymous            string   `json:"anonymous,omitempty" doc:"What becomes of calls to its numbers without a caller's number, or with one that is withheld: allow or refuse; allow if left out. A number may say otherwise"`
	FirstExtension       string   `json:"first_extension,omitempty" doc:"Where the search for a free number begins, 2 to 6 digits, for seats and for users whose extension is auto; the tenant's lowest extension if left out"`
	PhonePassword        *string  `json:"phone_password,omitempty" writeOnly:"true" doc:"Admin password of the phones' own web pages, 8 to 32 letters and digits; random if left out"`
	PhoneNetworks        []string `json:"phone_networks,omitempty" nullable:"false" doc:"Networks (192.0.2.0/24) that its phones may ask for files from; everybody else gets the same 404 as a stranger. None means anywhere"`
	MaxCalls             *int     `json:"max_calls,omitempty" minimum:"0" maximum:"10000" doc:"How many calls its trunks carry at once, 120 if left out; 0 is without limit. A further one is refused (503), a call for help never"`
	MaxNumbers           int      `json:"max_numbers,omitempty" minimum:"0" maximum:"1000000" doc:"How many numbers it may have; 0 is without limit"`
	MaxTexts             *int     `json:"max_texts,omitempty" minimum:"0" maximum:"1000000" doc:"How many segments of text messages it may send in a day of its time zone, 1000 if left out; 0 is none. Its admins are told at 80 %"`
	AllowExternalNumbers bool     `json:"allow_external_numbers,omitempty" doc:"Its admins may add numbers, and upload them, that no account above has given it"`
	ClaimNumbers         bool     `json:"claim_numbers,omitempty" doc:"Its admins may find and claim available numbers of the account above"`
	Guard                Guard    `json:"guard,omitzero" doc:"Bounds the calls outside of all its extensions in sum"`
	GuardCeiling         Guard    `json:"guard_ceiling,omitzero" doc:"The same, set by the account above; the smaller bound of both holds"`
	VoicemailSubject     string   `json:"voicemail_subject,omitempty" doc:"Subject of mails about voicemail messages, such as Voicemail from ${caller}; in the mailbox's language if left out"`
	VoicemailText        string   `json:"voicemail_text,omitempty" doc:"Text of such mails, up to 100 lines, with the fields ${caller}, ${caller_name}, ${caller_number}, ${date}, ${length}, ${mailbox}, ${mailbox_name} and ${time}"`
	EmergencyMail        []string `json:"emergency_mail,omitempty" nullable:"false" maxItems:"10" doc:"Addresses that are told when a call for help begins"`
	EmergencyTestNumber  string   `json:"emergency_test_number,omitempty" doc:"Number of 2 to 6 digits that tests a call for help: the phone hears its number, and activated if its location is known, de-activated if not; those who are told of calls for help are told of the test, and nobody is called"`
	Music                []string `json:"music,omitempty" nullable:"false" maxItems:"20" doc:"Announcements that are its music on hold, played one after the other, where extensions and ring groups have none; Asterisk's own if left out"`
	RecordingDays        int      `json:"recording_days,omitempty" minimum:"0" maximum:"36500" doc:"For how many days recordings of calls are kept; 0 is for ever"`
	RecordingMegabytes   int      `json:"recording_megabytes,omitempty" minimum:"0" maximum:"1000000000" doc:"How many megabytes of recordings are kept, the oldest removed first; 0 is without limit"`
	CDRDays              int      `json:"cdr_days,omitempty" doc:"For how many days records of calls are kept; 0 is for ever"`
}

// Tenant is what a client reads.
type Tenant struct {
	Name                 string     `json:"name"`
	Reseller             string     `json:"reseller,omitempty" doc:"That owns it; absent: the platform"`
	Title                string     `json:"title"`
	Timezone             string     `json:"timezone"`
	MaxExtensions        int        `json:"max_extensions" doc:"0 is without limit"`
	PhoneNetworks        []string   `json:"phone_networks,omitempty"`
	MaxCalls             int        `json:"max_calls" doc:"0 is without limit"`
	MaxNumbers           int        `json:"max_numbers" doc:"0 is without limit"`
	MaxTexts             int        `json:"max_texts" doc:"In a day; 0 is none"`
	AllowExternalNumbers bool       `json:"allow_external_numbers"`
	ClaimNumbers         bool       `json:"claim_numbers"`
	Guard                Guard      `json:"guard,omitzero"`
	GuardCeiling         Guard      `json:"guard_ceiling,omitzero"`
	VoicemailSubject     string     `json:"voicemail_subject,omitempty"`
	VoicemailText        string     `json:"voicemail_text,omitempty"`
	EmergencyMail        []string   `json:"emergency_mail,omitempty"`
	EmergencyTestNumber  string     `json:"emergency_test_number,omitempty"`
	Music                []string   `json:"music,omitempty"`
	RecordingDays        int        `json:"recording_days" doc:"0 is for ever"`
	RecordingMegabytes   int        `json:"recording_megabytes" doc:"0 is without limit"`
	CDRDays              int        `json:"cdr_days" doc:"0 is for ever"`
	Country              string     `json:"country,omitempty"`
	ClassOfService       string     `json:"class_of_service,omitempty"`
	ForwardCaller        string     `json:"forward_caller" enum:"extension,caller"`
	Anonymous            string     `json:"anonymous" enum:"allow,refuse"`
	FirstExtension       string     `json:"first_extension,omitempty"`
	CallsOutside         string     `json:"calls_outside" doc:"What its extensions may call outside that have no country and class of service of their own, once there is a trunk"`
	PhonePassword        string     `json:"phone_password,omitempty" doc:"Shown once, by the write that set it"`
	Apply                ApplyBlock `json:"apply"`
}

func registerTenants(a *api) {
	registerKind(a, newKind(kind[pbx.Tenant, TenantFields, Tenant]{
		name: "tenant", plural: "tenants", path: "/v1/tenants", keyName: "name", rows: a.ctl.Tenants, who: ofPlatform,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckTenantName(field, s) },
		fresh: func(_, name string) *pbx.Tenant {
			return &pbx.Tenant{Name: name, Timezone: "UTC", ForwardCaller: pbx.ShowExtension, Anonymous: pbx.AnonymousAllowed,
				MaxCalls: pbx.DefaultTenantCalls, MaxTexts: pbx.DefaultTextsPerDay,
				PhonePassword: pbx.RandomSecret(10)}
		},
		toView: func(_ context.Context, t *pbx.Tenant, v *Tenant) { v.CallsOutside = t.CallsOutside() },
		mayChange: func(ctx context.Context, old, t *pbx.Tenant) error {
			if by := caller(ctx); old == nil && t.Reseller == "" {
				t.Reseller = by.Reseller
			}
			return mayChangeTenant(ctx, old, t)
		},
		toRow: func(w TenantFields, old, t *pbx.Tenant) error {
			t.PhoneNetworks = pbx.CleanNetworks(w.PhoneNetworks)
			t.Reseller = stays(w.Reseller, old, func(o *pbx.Tenant) string { return o.Reseller })
			return nil
		},
		toFields: func(t *pbx.Tenant, w *TenantFields) { w.Reseller = &t.Reseller },
		reveal: func(old, t *pbx.Tenant, v *Tenant) {
			if old == nil || !old.PhonePassword.Equal(t.PhonePassword) {
				v.PhonePassword = t.PhonePassword.Reveal()
			}
		},
		revision: func(t *pbx.Tenant) int64 { return t.Revision },
		apply:    func(v *Tenant) *ApplyBlock { return &v.Apply },
	}))
}

// mayChangeTenant leaves to the account above what the tenant is given: its owner, its licence,
// its trunks' calls, its numbers, and for how long its records are kept. The networks of its
// phones are a platform admin's to set: phones that no tenant has yet are told apart by them.
func mayChangeTenant(ctx context.Context, old, t *pbx.Tenant) error {
	by := caller(ctx)
	if by.Everywhere() {
		return nil
	}
	before := pbx.Tenant{MaxCalls: t.MaxCalls, MaxExtensions: t.MaxExtensions, MaxNumbers: t.MaxNumbers, CDRDays: t.CDRDays,
		RecordingMegabytes: t.RecordingMegabytes, MaxTexts: t.MaxTexts,
		Reseller: t.Reseller, AllowExternalNumbers: t.AllowExternalNumbers, ClaimNumbers: t.ClaimNumbers}
	if old != nil {
		before = *old
	}
	var es pbx.Errors
	for _, f := range []struct {
		field, by string
		changed   bool
	}{{"guard_ceiling", "branch", t.GuardCeiling != before.GuardCeiling},
		{"cdr_days", "branch", t.CDRDays != before.CDRDays}, {"max_calls", "branch", t.MaxCalls != before.MaxCalls},
		{"recording_megabytes", "branch", t.RecordingMegabytes != before.RecordingMegabytes},
		{"max_extensions", "branch", t.MaxExtensions != before.MaxExtensions},
		{"max_numbers", "branch", t.MaxNumbers != before.MaxNumbers},
		{"max_texts", "branch", t.MaxTexts != before.MaxTexts},
		{"phone_networks", "platform", !slices.Equal(t.PhoneNetworks, before.PhoneNetworks)},
		{"allow_external_numbers", "branch", t.AllowExternalNumbers != before.AllowExternalNumbers},
		{"claim_numbers", "branch", t.ClaimNumbers != before.ClaimNumbers},
		{"reseller", "branch", t.Reseller != before.Reseller}} {
		switch {
		case !f.changed || f.by == "branch" && by.Reseller != "":
		case f.by == "branch":
			es.Add(&pbx.Error{Kind: pbx.Forbidden, Field: f.field, Message: f.field + " is set by a platform admin or a reseller admin"})
		default:
			es.Add(&pbx.Error{Kind: pbx.Forbidden, Field: f.field, Message: f.field + " is set by a platform admin"})
		}
	}
	return es.Err()
}
