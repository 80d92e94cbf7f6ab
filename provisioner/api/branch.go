package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// checkBranch refuses a reseller admin what is outside the own branch: with the same answer as
// for what does not exist, except that a name which is taken there cannot be taken again.
func (a *api) checkBranch(by *signin.Caller, ctx huma.Context) error {
	path := ctx.Operation().Path
	named, what, within := tenantNamed(ctx, path), "tenant", a.tenantWithin
	if p := resellerParam(path); p != "" {
		named, what, within = ctx.Param(p), "reseller", a.resellerWithin
	}
	if named == "" {
		return nil
	}
	exists, in, err := within(ctx.Context(), by, named)
	put := ctx.Method() == http.MethodPut && (path == "/v1/tenants/{name}" || path == "/v1/resellers/{name}")
	switch {
	case err != nil:
		return err
	case put && exists && !in:
		return nameTaken(what, named)
	case !in && !put:
		return pbx.NotFoundf("%s %s does not exist", what, named)
	}
	return nil
}

// nameTaken is the answer to a new account with a name that another branch has.
func nameTaken(what, name string) error {
	return pbx.Conflictf("name", "this %s exists already; PUT or PATCH changes it", what)
}

// tenantWithin reports whether a tenant exists, and whether it is within a caller's reach.
func (a *api) tenantWithin(ctx context.Context, by *signin.Caller, name string) (exists, in bool, err error) {
	t, err := a.ctl.Tenants.Get(ctx, "", name)
	if pbx.KindOf(err) == pbx.NotFound && err != nil {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	in, err = a.reaches(ctx, by, t)
	return true, in, err
}

// reaches reports whether a tenant is within a caller's reach.
func (a *api) reaches(ctx context.Context, by *signin.Caller, t *pbx.Tenant) (bool, error) {
	if by.Tenant != "" {
		return by.Tenant == t.Name, nil
	}
	return a.ctl.InBranch(ctx, by.Reseller, t.Reseller)
}

// resellerWithin reports whether a reseller exists, and whether it is within a caller's branch.
func (a *api) resellerWithin(ctx context.Context, by *signin.Caller, name string) (exists, in bool, err error) {
	_, err = a.ctl.Resellers.Get(ctx, "", name)
	if pbx.KindOf(err) == pbx.NotFound && err != nil {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	in, err = a.ctl.InBranch(ctx, by.Reseller, name)
	return true, in, err
}

// needInBranch refuses a body that names a reseller outside the caller's branch, as if it did
// not exist. "" is the platform, which is outside every branch.
func (a *api) needInBranch(ctx context.Context, field, reseller string) *pbx.Error {
	by := caller(ctx)
	if by.Reseller == "" {
		return nil
	}
	if in, err := a.ctl.InBranch(ctx, by.Reseller, reseller); err == nil && in {
		return nil
	}
	if reseller == "" {
		return pbx.Refusedf(field, "only a platform admin can make it the platform's: name reseller %s or one below it", by.Reseller)
	}
	return pbx.Refusedf(field, "reseller %s does not exist", reseller)
}

// TenantQuery narrows a list to a tenant. A caller of one tenant never sees another's:
// authenticate has refused the name of any other. A reseller admin must name one.
type TenantQuery struct {
	Tenant string `query:"tenant" doc:"Only of this tenant; who belongs to a tenant gets that one's only, and a reseller admin has to name one"`
}

// Resolve implements huma.Resolver.
func (q *TenantQuery) Resolve(ctx huma.Context) []error {
	by := caller(ctx.Context())
	if by.Tenant != "" {
		q.Tenant = by.Tenant
	}
	if by.Reseller != "" && q.Tenant == "" {
		return []error{&huma.ErrorDetail{Location: "query.tenant",
			Message: "tenant is required for the role reseller-admin: ?tenant=NAME"}}
	}
	return nil
}

// BranchQuery narrows a list as TenantQuery does. Without a tenant, a reseller admin gets the
// whole branch.
type BranchQuery struct {
	Tenant string `query:"tenant" doc:"Only of this tenant; who belongs to a tenant gets that one's only, and a reseller admin those of the own branch"`
	branch string
}

// Resolve implements huma.Resolver.
func (q *BranchQuery) Resolve(ctx huma.Context) []error {
	by := caller(ctx.Context())
	if by.Tenant != "" {
		q.Tenant = by.Tenant
	}
	q.branch = by.Reseller
	return nil
}

// reach is what the list is narrowed to.
func (q *BranchQuery) reach() db.Reach { return db.Reach{Tenant: q.Tenant, Reseller: q.branch} }

var errNotInBranch = errors.New("the tenant has left the branch")

// stillReaches returns an error when a tenant has left a caller's branch.
func (a *api) stillReaches(ctx context.Context, by *signin.Caller, tenant string) error {
	if by.Reseller == "" {
		return nil
	}
	_, in, err := a.tenantWithin(ctx, by, tenant)
	if err == nil && !in {
		err = errNotInBranch
	}
	return err
}
