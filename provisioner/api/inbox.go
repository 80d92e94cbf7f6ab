package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// InboxPhone is a phone that asks for files and that nobody has adopted.
type InboxPhone struct {
	MAC       string    `json:"mac"`
	Vendor    string    `json:"vendor,omitempty" enum:"yealink,polycom" doc:"Guessed from user_agent, like model and firmware; absent when it is no phone that is known here"`
	Model     string    `json:"model,omitempty" doc:"As the phone calls itself"`
	Firmware  string    `json:"firmware,omitempty"`
	Address   string    `json:"address" doc:"Where it last asked from"`
	Reason    string    `json:"reason" enum:"not-adopted,other-url,other-certificate" doc:"Why it gets no files. not-adopted: it is nobody's phone yet. other-url: it asks by a secret URL that is no phone's any more, such as that of a deleted phone; adopt it, and give it enrol_url or reset it. other-certificate: it shows the certificate of another phone"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Count     int64     `json:"count" doc:"Requests so far"`
	UserAgent string    `json:"user_agent" doc:"What it says of itself; anybody can send that"`
}

// FailedHandshake is a phone that could not even ask, by its address.
type FailedHandshake struct {
	Address string    `json:"address"`
	Reason  string    `json:"reason" enum:"old-version,no-common-cipher,our-certificate,its-certificate,plain-http,other" doc:"old-version: it speaks older versions of TLS only. no-common-cipher: no cipher suite is known to both. our-certificate: it does not accept the listener's certificate. its-certificate: no authority of --phone-client-ca signed its own. plain-http: it speaks HTTP to the port of HTTPS"`
	Detail  string    `json:"detail" doc:"In the words of the TLS library"`
	Remedy  string    `json:"remedy,omitempty" doc:"What helps"`
	Phones  []string  `json:"phones" nullable:"false" doc:"MACs of known phones that asked from this address before"`
	First   time.Time `json:"first_seen"`
	Last    time.Time `json:"last_seen"`
	Count   int64     `json:"count"`
}

// Adoption is the order to take a phone out of the inbox into a tenant.
type Adoption struct {
	Tenant string      `json:"tenant" doc:"Whose phone it becomes"`
	Vendor string      `json:"vendor,omitempty" doc:"yealink or polycom, if the guess is wrong or missing"`
	Model  string      `json:"model,omitempty" doc:"If the guess is wrong or missing"`
	Lines  []PhoneLine `json:"lines,omitempty" nullable:"false" doc:"Which device each registration uses; none leaves the phone without an account until it is changed"`
}

// InboxKey is the phone in a request's path.
type InboxKey struct {
	MAC string `path:"mac" doc:"Hardware address in any usual spelling"`
}

type adoptInput struct {
	InboxKey
	WriteHeaders
	Body Adoption
}

// ForgottenPhone is the answer to a delete.
type ForgottenPhone struct {
	Deleted string `json:"deleted"`
}

func inboxView(p pbx.InboxPhone) InboxPhone {
	return InboxPhone{p.MAC.Colons(), string(p.Vendor), p.Model, p.Firmware, ipText(p.Address), string(p.Reason),
		p.FirstSeen, p.LastSeen,
		p.Count, p.UserAgent}
}

// ipText prints an address, or "" if it is not set.
func ipText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// registerInbox declares the inbox; adopting makes a phone as k does.
func registerInbox(a *api, k kindOfPhone) {
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"inbox"},
			Errors: []int{401, 404, 422}}
	}
	declare(a, platformAdmins, op("GET", "/v1/inbox", "list-inbox",
		"Phones that ask for files and belong to nobody, last seen first"),
		func(context.Context, *struct{}) (*page[InboxPhone], error) {
			out := &page[InboxPhone]{}
			out.Body.Items = []InboxPhone{}
			for _, p := range a.ctl.Fleet.Inbox.List() {
				out.Body.Items = append(out.Body.Items, inboxView(p))
			}
			return out, nil
		})
	declare(a, platformAdmins, op("GET", "/v1/handshakes", "list-handshakes",
		"TLS handshakes at the phone listener that failed since the start, by address, the last one first"),
		func(context.Context, *struct{}) (*page[FailedHandshake], error) {
			out := &page[FailedHandshake]{}
			out.Body.Items = []FailedHandshake{}
			for _, h := range a.ctl.Fleet.Refused.Handshakes() {
				v := FailedHandshake{Address: ipText(h.Address), Reason: string(h.Reason), Detail: h.Detail,
					Remedy: h.Reason.Remedy(), Phones: []string{}, First: h.First.UTC(), Last: h.Last.UTC(),
					Count: h.Count}
				for _, mac := range a.ctl.Fleet.Seen.At(h.Address) {
					v.Phones = append(v.Phones, mac.Colons())
				}
				out.Body.Items = append(out.Body.Items, v)
			}
			return out, nil
		})
	declare(a, platformAdmins, op("DELETE", "/v1/inbox/{mac}", "delete-inbox-phone",
		"Forget a phone; it comes back when it asks again"), func(_ context.Context,
		in *InboxKey) (*struct{ Body ForgottenPhone }, error) {
		mac, perr := pbx.ParseMAC("mac", in.MAC)
		if perr != nil {
			return nil, a.problem(perr)
		}
		if err := a.ctl.Fleet.Inbox.Forget(mac); err != nil {
			return nil, a.problem(err)
		}
		return &struct{ Body ForgottenPhone }{ForgottenPhone{mac.Colons()}}, nil
	})
	adopt := op("POST", "/v1/inbox/{mac}/adopt", "adopt-phone",
		"Make it a phone of a tenant and open its enrolment window; answers the phone")
	adopt.Errors, adopt.DefaultStatus = append(adopt.Errors, 409, 412), http.StatusCreated
	declare(a, platformAdmins, adopt, func(ctx context.Context, in *adoptInput) (*answer[Phone],
		error) {
		return a.adopt(ctx, k, in)
	})
}

// TenantAdoption is the order to take a phone out of the inbox of a tenant.
type TenantAdoption struct {
	Vendor string      `json:"vendor,omitempty" doc:"yealink or polycom, if the guess is wrong or missing"`
	Model  string      `json:"model,omitempty" doc:"If the guess is wrong or missing"`
	Lines  []PhoneLine `json:"lines,omitempty" nullable:"false" doc:"Which device each registration uses"`
}

type tenantAdoptInput struct {
	Place
	WriteHeaders
	Body TenantAdoption
}

// registerTenantInbox declares the part of the inbox that a tenant's own people see: the
// phones that ask from a network in phone_networks of the tenant.
func registerTenantInbox(a *api, k kindOfPhone) {
	const path = "/v1/tenants/{tenant}/inbox"
	list := k.operation("GET", path, "list-tenant-inbox",
		"Phones that belong to nobody and ask from a network in phone_networks of the tenant, last seen first")
	list.Tags = []string{"inbox"}
	declare(a, operators, list, func(ctx context.Context, in *getInput) (*page[InboxPhone], error) {
		if _, err := a.ctl.Tenants.Get(ctx, "", in.tenant); err != nil {
			return nil, a.problem(err)
		}
		out := &page[InboxPhone]{}
		out.Body.Items = []InboxPhone{}
		for _, p := range a.ctl.Fleet.Inbox.List() {
			if a.asksFrom(ctx, in.tenant, p) {
				out.Body.Items = append(out.Body.Items, inboxView(p))
			}
		}
		return out, nil
	})
	adopt := k.operation("POST", path+"/{mac}/adopt", "adopt-tenant-phone",
		"Make it a phone of the tenant and open its enrolment window; answers the phone")
	adopt.Tags, adopt.DefaultStatus = []string{"inbox"}, http.StatusCreated
	declare(a, tenantAdmins, adopt, func(ctx context.Context, in *tenantAdoptInput) (*answer[Phone], error) {
		key, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		waiting, err := a.ctl.Fleet.Inbox.Phone(pbx.MAC(key))
		if err != nil || !a.asksFrom(ctx, in.tenant, waiting) {
			return nil, a.problem(pbx.NotFoundf("phone %s is not in the inbox of the tenant", pbx.MAC(key).Colons()))
		}
		return a.adopt(ctx, k, &adoptInput{InboxKey{key}, in.WriteHeaders,
			Adoption{in.tenant, in.Body.Vendor, in.Body.Model, in.Body.Lines}})
	})
}

func (a *api) adopt(ctx context.Context, k kindOfPhone, in *adoptInput) (*answer[Phone], error) {
	mac, perr := pbx.ParseMAC("mac", in.MAC)
	if perr != nil {
		return nil, a.problem(perr)
	}
	guess, err := a.ctl.Fleet.Inbox.Phone(mac)
	if err != nil {
		return nil, a.problem(err)
	}
	if perr := pbx.CheckTenantName("tenant", in.Body.Tenant); perr != nil {
		return nil, a.problem(perr)
	}
	if _, err := a.ctl.Tenants.Get(ctx, "", in.Body.Tenant); pbx.KindOf(err) == pbx.NotFound {
		return nil, a.problem(pbx.Refusedf("tenant", "tenant %s does not exist", in.Body.Tenant))
	}
	body := PhoneFields{Vendor: string(pbx.ParseVendor(in.Body.Vendor)), Model: in.Body.Model, Lines: in.Body.Lines}
	if body.Vendor == "" {
		body.Vendor = string(guess.Vendor)
	}
	if body.Model == "" && body.Vendor == string(guess.Vendor) {
		body.Model = guess.Model
	}
	if body.Vendor == "" {
		return nil, a.problem(pbx.Invalidf("vendor",
			"is required, because this phone does not say its make: use yealink or polycom"))
	}
	if body.Model == "" {
		return nil, a.problem(pbx.Invalidf("model", "is required, because this phone does not say its model"))
	}
	in.IfNoneMatch = "*"
	out, err := k.write(ctx, a, Place{in.Body.Tenant, string(mac)}, in.WriteHeaders,
		func(*pbx.Phone) (PhoneFields, error) { return body, nil })
	return out, k.existing(err)
}
