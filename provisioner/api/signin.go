package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// SignIn is what a user shows to sign in.
type SignIn struct {
	Tenant   string `json:"tenant,omitempty" maxLength:"31" doc:"Of a user of a tenant; default if left out"`
	Reseller string `json:"reseller,omitempty" maxLength:"31" doc:"Of a user of a reseller, in place of tenant"`
	Username string `json:"username" maxLength:"40"`
	Password string `json:"password" writeOnly:"true" maxLength:"200"`
}

// SignInCode completes half a sign-in.
type SignInCode struct {
	SignIn string `json:"sign_in" writeOnly:"true" maxLength:"100" doc:"What the first step answered"`
	Code   string `json:"code" writeOnly:"true" maxLength:"10" doc:"The six digits that were mailed"`
}

// Session is a signed-in user, or half a sign-in.
type Session struct {
	Token      string     `json:"token,omitempty" doc:"Send it as Authorization: Bearer; shown once"`
	SignIn     string     `json:"sign_in,omitempty" doc:"Instead of a token when a second step is due: send it with the code to /v1/sign-in/code"`
	SecondStep string     `json:"second_step,omitempty" doc:"email: a code was mailed to the personal contact"`
	Actor      string     `json:"actor,omitempty" doc:"How the audit names the caller"`
	Role       string     `json:"role,omitempty"`
	Tenant     string     `json:"tenant,omitempty" doc:"The only one within reach; absent: all"`
	Reseller   string     `json:"reseller,omitempty" doc:"Root of the branch within reach, of a reseller admin"`
	Username   string     `json:"username,omitempty"`
	Extension  string     `json:"extension,omitempty" doc:"Number of the user's own extension"`
	MustChange bool       `json:"must_change_password" doc:"Nothing else works before POST …/users/{username}/password has set a new one"`
	Expires    *time.Time `json:"expires,omitempty" doc:"Absent: never"`
}

type sessionAnswer struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         Session
}

// noStore keeps proxies and browsers from storing a session's secrets.
const noStore = "no-store"

// wrongAgain is what a client that tried too often is told to wait.
const wrongAgain = time.Minute

func sessionView(by *signin.Caller) Session {
	v := Session{Actor: by.Actor, Role: string(by.Role), Tenant: by.Tenant, Reseller: by.Reseller, MustChange: by.MustChange,
		Expires: given(by.Expires)}
	if by.User != nil {
		v.Username, v.Extension = by.User.Username, by.User.Extension
	}
	return v
}

// registerSignIn declares how people come by a session and get rid of it.
func (a *api) registerSignIn() {
	op := func(method, below, id, summary string, errors ...int) huma.Operation {
		return huma.Operation{Method: method, Path: "/v1/sign-in" + below, OperationID: id, Summary: summary,
			Tags: []string{"sign-in"}, Errors: append(errors, 401)}
	}
	begin := op("POST", "", "begin-session", "Sign in with tenant or reseller, username and password", 422, 429, 503)
	begin.Description = "Answers 200 with a token that lasts twelve hours, or 202 when the user has a second step. A user has at most ten sessions; the oldest ends."
	declare(a, strangers, begin, func(ctx context.Context, in *struct{ Body SignIn }) (*sessionAnswer, error) {
		account := pbx.AccountOf(in.Body.Reseller, in.Body.Tenant)
		switch {
		case in.Body.Reseller != "" && in.Body.Tenant != "":
			return nil, a.problem(pbx.Invalidf("reseller", "does not go with tenant: a user belongs to one of them"))
		case account == "":
			account = pbx.AccountOf("", pbx.DefaultTenant)
		}
		return a.signedIn(a.ctl.SignIn.Begin(ctx, signin.Credentials{Account: account, Username: in.Body.Username,
			Password: pbx.NewSecret(in.Body.Password), Address: caller(ctx).Address}))
	})
	responses := a.hu.OpenAPI().Paths["/v1/sign-in"].Post.Responses
	half := *responses["200"]
	half.Description = "The password is right; a code must follow"
	responses["202"] = &half
	declare(a, strangers, op("POST", "/code", "confirm-session", "Complete a sign-in by the code that was mailed", 422,
		429, 503), func(ctx context.Context, in *struct{ Body SignInCode }) (*sessionAnswer, error) {
		return a.signedIn(a.ctl.SignIn.Confirm(ctx, pbx.NewSecret(in.Body.SignIn), in.Body.Code, caller(ctx).Address))
	})
	declare(a, everyRole.aboutNoTenant().beforePassword(), op("GET", "", "get-session", "Who is the caller"),
		func(ctx context.Context, _ *struct{}) (*sessionAnswer, error) {
			return &sessionAnswer{Status: http.StatusOK, CacheControl: noStore, Body: sessionView(caller(ctx))}, nil
		})
	declare(a, everyRole.aboutNoTenant().beforePassword(), op("DELETE", "", "end-session",
		"Sign out: the session ends at once", 409), func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		if err := a.ctl.SignIn.End(ctx, caller(ctx)); err != nil {
			return nil, a.problem(err)
		}
		return nil, nil //nolint:nilnil // 204: no body
	})
}

// signedIn answers a step of signing in.
func (a *api) signedIn(s *signin.SignedIn, err error) (*sessionAnswer, error) {
	if err != nil {
		return nil, a.tooMany(err)
	}
	out := &sessionAnswer{Status: http.StatusOK, CacheControl: noStore}
	if s.Caller == nil {
		out.Status, out.Body = http.StatusAccepted, Session{SignIn: s.Half.Reveal(), SecondStep: string(s.Step),
			Expires: given(s.Expires)}
		return out, nil
	}
	out.Body = sessionView(s.Caller)
	out.Body.Token = s.Session.Reveal()
	return out, nil
}

// tooMany is problem, with how long to wait after too many attempts.
func (a *api) tooMany(err error) error {
	p := a.problem(err)
	if p.Status != http.StatusTooManyRequests {
		return p
	}
	return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {strconv.Itoa(int(wrongAgain.Seconds()))}})
}
