package api

import (
	"context"
	"net/http"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// EnrolWindow says how long an enrolment window is open.
type EnrolWindow struct {
	Hours  int  `json:"hours,omitempty" query:"hours" minimum:"1" maximum:"720" doc:"How long the window is open; 24 if left out"`
	Always bool `json:"until_first_fetch,omitempty" query:"until_first_fetch" doc:"Leave it open until the phone has its files; enrol_until is the year 9999 then"`
}

// until is the end of a window that opens now.
func (w EnrolWindow) until() (time.Time, *pbx.Error) {
	switch {
	case w.Always && w.Hours != 0:
		return time.Time{}, pbx.Invalidf("hours", "has no effect with until_first_fetch: leave one of them out")
	case w.Always:
		return pbx.EnrolOpen, nil
	case w.Hours == 0:
		return enrolEnd(), nil
	}
	return pbx.EnrolEnd(time.Now(), time.Duration(w.Hours)*time.Hour), nil
}

// EnrolOrder opens the enrolment windows of many phones.
type EnrolOrder struct {
	EnrolWindow
	Filter EnrolFilter `json:"filter,omitempty" doc:"Which phones; all of the tenant if left out"`
	Again  bool        `json:"again,omitempty" doc:"Also phones that have their files: these get a new secret URL, and the one before serves until they have used it"`
}

// EnrolFilter chooses phones; an omitted field chooses all.
type EnrolFilter struct {
	Vendor string   `json:"vendor,omitempty" enum:"yealink,polycom"`
	Model  string   `json:"model,omitempty" maxLength:"40"`
	MACs   []string `json:"macs,omitempty" nullable:"false" maxItems:"1000"`
}

// EnrolledPhone is a phone whose window was opened.
type EnrolledPhone struct {
	MAC             string    `json:"mac"`
	Vendor          string    `json:"vendor"`
	Model           string    `json:"model"`
	EnrolUntil      time.Time `json:"enrol_until"`
	ProvisioningURL string    `json:"provisioning_url,omitempty" doc:"The new secret URL of a phone that had its files; shown once"`
}

// maxEnrolled bounds the phones of one order: each is a change of its own in the audit.
const maxEnrolled = 1000

// registerEnrol declares the order to open many windows.
func registerEnrol(a *api, k kindOfPhone) {
	op := k.operation("POST", "/v1/tenants/{tenant}/enrol", "enrol-phones",
		"Open the enrolment windows of many phones; those that have their files are left out, unless `again` is set")
	declare(a, tenantAdmins, op, func(ctx context.Context, in *struct {
		Place
		Body EnrolOrder
	}) (*page[EnrolledPhone], error) {
		return a.enrolMany(ctx, in.tenant, in.Body)
	})
}

func (a *api) enrolMany(ctx context.Context, tenant string, in EnrolOrder) (*page[EnrolledPhone], error) {
	until, wrong := in.until()
	if wrong != nil {
		return nil, a.problem(wrong)
	}
	choice, wrong := ResyncFilter{Vendor: in.Filter.Vendor, Model: in.Filter.Model, MACs: in.Filter.MACs}.choice()
	if wrong != nil {
		return nil, a.problem(wrong)
	}
	phones, err := a.chosen(ctx, tenant, choice, in.Again)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[EnrolledPhone]{}
	out.Body.Items = make([]EnrolledPhone, 0, len(phones))
	for _, p := range phones {
		v, err := a.openWindow(ctx, p, until)
		if pbx.KindOf(err) == pbx.NotFound {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, a.problem(err)
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

// chosen are the phones of a tenant whose windows are to be opened, at most maxEnrolled.
func (a *api) chosen(ctx context.Context, tenant string, choice fleet.ResyncChoice, again bool) (out []*pbx.Phone,
	err error) {
	for _, mac := range choice.MACs {
		if _, err := a.ctl.Phones.Get(ctx, tenant, string(mac)); pbx.KindOf(err) == pbx.NotFound {
			return nil, pbx.Refusedf("filter.macs", "phone %s does not exist in tenant %s", mac.Colons(), tenant)
		}
	}
	if _, err := a.ctl.Tenants.Get(ctx, "", tenant); err != nil {
		return nil, err
	}
	all, err := a.ctl.Phones.List(ctx, tenant, db.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if choice.Has(p) && (again || !a.ctl.Fleet.Seen.Enrolled(p)) {
			out = append(out, p)
		}
	}
	if len(out) > maxEnrolled {
		return nil, pbx.Refusedf("filter", "chooses %d phones, at most %d windows are opened at once: name a vendor, "+
			"a model or macs", len(out), maxEnrolled)
	}
	return out, nil
}

// openWindow opens one window. A phone that has its files needs a new secret, or the generic
// URL would give it nothing.
func (a *api) openWindow(ctx context.Context, p *pbx.Phone, until time.Time) (EnrolledPhone, error) {
	v := EnrolledPhone{MAC: p.MAC.Colons(), Vendor: string(p.Vendor), Model: p.Model, EnrolUntil: until}
	_, _, err := a.ctl.Phones.Edit(ctx, author(ctx), p.Tenant, string(p.MAC), provisioner.Condition{},
		func(old *pbx.Phone) (*pbx.Phone, error) {
			if old == nil {
				return nil, pbx.NotFoundf("phone %s does not exist", p.MAC.Colons())
			}
			if !a.ctl.Fleet.Seen.Enrolled(old) {
				old.EnrolUntil = until
				return old, nil
			}
			old.EnrolAgain(a.ctl.Fleet.Seen.Moved(old), until)
			v.ProvisioningURL = a.PhoneURL + "/p/" + old.URLSecret.Reveal() + "/"
			return old, nil
		})
	return v, err
}

// registerEnrolOne declares the same for one phone, which gets a new secret in any case.
func registerEnrolOne(a *api, k kindOfPhone) {
	declare(a, tenantAdmins, k.operation("POST", k.path+"/{mac}/enrol", "enrol-phone",
		"Open the enrolment window again and make a new secret URL. The URL before serves until the phone has used "+
			"the new one, which its files tell it"), func(ctx context.Context, in *enrolInput) (*answer[Phone], error) {
		until, wrong := in.until()
		if wrong != nil {
			return nil, a.problem(wrong)
		}
		out, err := k.write(ctx, a, in.Place, in.WriteHeaders, func(old *pbx.Phone) (PhoneFields, error) {
			if old == nil {
				return PhoneFields{}, pbx.NotFoundf("phone %q does not exist", in.key)
			}
			old.EnrolAgain(a.ctl.Fleet.Seen.Moved(old), until)
			if in.Forget {
				old.FormerSecret, old.FormerMAC, old.FormerModel = pbx.Secret{}, "", ""
			}
			return k.fields(old), nil
		})
		if out != nil {
			out.Status = http.StatusOK
		}
		return out, err
	})
}
