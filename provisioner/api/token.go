package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// Token is an API token as it is listed.
type Token struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`
	Role         string     `json:"role" enum:"platform-admin,reseller-admin,tenant-admin,operator"`
	Tenant       string     `json:"tenant,omitempty" doc:"The only one within its reach"`
	Reseller     string     `json:"reseller,omitempty" doc:"Root of the branch within its reach; deleting the reseller ends the token"`
	Token        string     `json:"token,omitempty" doc:"Its text; shown once, when it is created"`
	Created      time.Time  `json:"created"`
	CreatedBy    string     `json:"created_by,omitempty" doc:"Who made it, as the audit trail names actors"`
	Username     string     `json:"username,omitempty" doc:"The user with whom it ends: when the user is deleted, may not sign in, or may not make tokens any more"`
	UserReseller string     `json:"user_reseller,omitempty" doc:"The reseller whose user that is; absent: the tenant's"`
	Expires      *time.Time `json:"expires,omitempty" doc:"Absent: never"`
	Revoked      *time.Time `json:"revoked,omitempty"`
	LastUsed     *time.Time `json:"last_used,omitempty" doc:"Right to within a minute"`
}

// TokenOrder says what a token is to be.
type TokenOrder struct {
	Name     string     `json:"name" doc:"Who or what will use it; it is the actor of its changes"`
	Role     string     `json:"role,omitempty" enum:"platform-admin,reseller-admin,tenant-admin,operator" doc:"What it may do; tenant-admin if left out and a tenant is named, reseller-admin if a reseller is, and else what the caller is"`
	Tenant   string     `json:"tenant,omitempty" doc:"The only tenant within its reach; required for tenant-admin and operator"`
	Reseller string     `json:"reseller,omitempty" doc:"Root of the branch within its reach; for reseller-admin. The caller's own if a reseller admin leaves it out"`
	Expires  *time.Time `json:"expires,omitempty" doc:"When it ends by itself; never if left out"`
}

type createToken struct {
	BranchQuery
	Body TokenOrder
}

// createToken makes a token. A caller of one tenant makes tokens for that tenant only, a
// reseller admin for the own branch.
func (a *api) createToken(ctx context.Context, in *createToken) (*answer[Token], error) {
	by := caller(ctx)
	o := signin.TokenOrder{Name: in.Body.Name, Tenant: cmp.Or(in.Body.Tenant, in.Tenant), Reseller: in.Body.Reseller,
		Role: pbx.Role(in.Body.Role), Expires: in.Body.Expires}
	if o.Tenant == "" && o.Reseller == "" && (o.Role == "" || o.Role == pbx.RoleResellerAdmin) {
		o.Reseller = by.Reseller
	}
	if o.Role == "" {
		o.Role = pbx.RolePlatformAdmin
		if o.Reseller != "" {
			o.Role = pbx.RoleResellerAdmin
		}
		if o.Tenant != "" {
			o.Role = pbx.RoleTenantAdmin
		}
	}
	if err := a.mayMakeToken(ctx, in, o); err != nil {
		return nil, a.problem(err)
	}
	t, text, err := a.ctl.SignIn.CreateToken(ctx, caller(ctx), o)
	if err != nil {
		return nil, a.problem(err)
	}
	v := tokenView(t)
	v.Token = text.Reveal()
	return &answer[Token]{Status: 201, Location: "/v1/tokens/" + t.ID, Body: v}, nil
}

// mayMakeToken refuses a token that would reach further than the caller does.
func (a *api) mayMakeToken(ctx context.Context, in *createToken, o signin.TokenOrder) error {
	by := caller(ctx)
	if in.Tenant != "" && o.Tenant != in.Tenant {
		return pbx.Invalidf("tenant", "must be %s", in.Tenant)
	}
	switch {
	case by.Everywhere():
		return nil
	case by.Tenant != "" && (o.Reseller != "" || o.Role == pbx.RoleResellerAdmin):
		return pbx.Invalidf("role", "cannot be reseller-admin: choose tenant-admin or operator")
	case by.Reseller != "" && o.Role == pbx.RolePlatformAdmin:
		return pbx.Invalidf("role", "cannot be platform-admin: choose reseller-admin, tenant-admin or operator")
	case by.Reseller != "" && o.Reseller != "":
		if err := a.needInBranch(ctx, "reseller", o.Reseller); err != nil {
			return err
		}
	case by.Reseller != "" && o.Tenant != "":
		if _, in, err := a.tenantWithin(ctx, by, o.Tenant); err != nil || !in {
			return cmp.Or(err, error(pbx.Refusedf("tenant", "tenant %s does not exist", o.Tenant)))
		}
	}
	return nil
}

func tokenView(t *db.Token) Token {
	v := Token{ID: t.ID, Name: t.Name, Role: string(t.Role), Tenant: t.Tenant, Reseller: t.Reseller, Created: t.CreatedAt,
		CreatedBy: t.CreatedBy, Username: t.Username, UserReseller: t.UserReseller,
		Expires: given(t.ExpiresAt)}
	if !t.RevokedAt.IsZero() {
		v.Revoked = &t.RevokedAt
	}
	if !t.LastUsedAt.IsZero() {
		v.LastUsed = &t.LastUsedAt
	}
	return v
}

func (a *api) registerTokens() {
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"tokens"},
			Errors: []int{401, 404, 422}}
	}
	declare(a, tenantAdmins, op("GET", "/v1/tokens", "list-tokens", "List tokens"),
		func(ctx context.Context, in *struct{ BranchQuery }) (*page[Token], error) {
			tokens, err := a.ctl.SignIn.Tokens(ctx, in.reach())
			if err != nil {
				return nil, a.problem(err)
			}
			out := &page[Token]{}
			out.Body.Items = make([]Token, 0, len(tokens))
			for _, t := range tokens {
				out.Body.Items = append(out.Body.Items, tokenView(t))
			}
			return out, nil
		})
	create := op("POST", "/v1/tokens", "create-token", "Create a token; its text is shown once")
	create.DefaultStatus = http.StatusCreated
	declare(a, tenantAdmins, create, a.createToken)
	declare(a, tenantAdmins, op("DELETE", "/v1/tokens/{id}", "revoke-token", "Revoke a token at once"),
		func(ctx context.Context, in *struct {
			BranchQuery
			ID string `path:"id"`
		}) (*struct{}, error) {
			if err := a.ctl.SignIn.RevokeToken(ctx, caller(ctx), in.reach(), in.ID); err != nil {
				return nil, a.problem(err)
			}
			return nil, nil //nolint:nilnil // 204: no body
		})
}
