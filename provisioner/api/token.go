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
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Role      string     `json:"role" enum:"platform-admin,tenant-admin,operator"`
	Tenant    string     `json:"tenant,omitempty" doc:"The only one within its reach"`
	Token     string     `json:"token,omitempty" doc:"Its text; shown once, when it is created"`
	Created   time.Time  `json:"created"`
	CreatedBy string     `json:"created_by,omitempty" doc:"Who made it, as the audit trail names actors"`
	Username  string     `json:"username,omitempty" doc:"The user of the tenant with whom it ends: when the user is deleted, may not sign in, or is no tenant admin any more"`
	Expires   *time.Time `json:"expires,omitempty" doc:"Absent: never"`
	Revoked   *time.Time `json:"revoked,omitempty"`
	LastUsed  *time.Time `json:"last_used,omitempty" doc:"Right to within a minute"`
}

// TokenOrder says what a token is to be.
type TokenOrder struct {
	Name    string     `json:"name" doc:"Who or what will use it; it is the actor of its changes"`
	Role    string     `json:"role,omitempty" enum:"platform-admin,tenant-admin,operator" doc:"What it may do; platform-admin if left out, tenant-admin if a tenant is named"`
	Tenant  string     `json:"tenant,omitempty" doc:"The only tenant within its reach; required for every role but platform-admin"`
	Expires *time.Time `json:"expires,omitempty" doc:"When it ends by itself; never if left out"`
}

type createToken struct {
	TenantQuery
	Body TokenOrder
}

// createToken makes a token. A caller of one tenant makes tokens for that tenant only.
func (a *api) createToken(ctx context.Context, in *createToken) (*answer[Token], error) {
	o := signin.TokenOrder{Name: in.Body.Name, Tenant: cmp.Or(in.Body.Tenant, in.Tenant), Role: pbx.Role(in.Body.Role),
		Expires: in.Body.Expires}
	if o.Role == "" {
		o.Role = pbx.RolePlatformAdmin
		if o.Tenant != "" {
			o.Role = pbx.RoleTenantAdmin
		}
	}
	if in.Tenant != "" && o.Tenant != in.Tenant {
		return nil, a.problem(pbx.Invalidf("tenant", "must be %s", in.Tenant))
	}
	t, text, err := a.ctl.SignIn.CreateToken(ctx, caller(ctx), o)
	if err != nil {
		return nil, a.problem(err)
	}
	v := tokenView(t)
	v.Token = text.Reveal()
	return &answer[Token]{Status: 201, Location: "/v1/tokens/" + t.ID, Body: v}, nil
}

func tokenView(t *db.Token) Token {
	v := Token{ID: t.ID, Name: t.Name, Role: string(t.Role), Tenant: t.Tenant, Created: t.CreatedAt,
		CreatedBy: t.CreatedBy, Username: t.Username,
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
		func(ctx context.Context, in *struct{ TenantQuery }) (*page[Token], error) {
			tokens, err := a.ctl.SignIn.Tokens(ctx, in.Tenant)
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
			TenantQuery
			ID string `path:"id"`
		}) (*struct{}, error) {
			if err := a.ctl.SignIn.RevokeToken(ctx, caller(ctx), in.Tenant, in.ID); err != nil {
				return nil, a.problem(err)
			}
			return nil, nil //nolint:nilnil // 204: no body
		})
}
