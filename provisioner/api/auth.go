package api

import (
	"context"
	"net"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// callerKey is the context key of the *signin.Caller of a request.
type callerKey struct{}

// authenticate demands a bearer token (RFC 6750) of every operation that is not
// for strangers, and that its owner may use the operation. It is the only place
// where rights are checked.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	who, _ := ctx.Operation().Metadata[accessKey].(access)
	by := &signin.Caller{}
	if !who.open() || who.word == "" {
		var err error
		if by, err = a.bearer(ctx); err == nil {
			err = who.check(a, by, ctx)
		}
		if err != nil {
			a.refuse(ctx, err)
			return
		}
	}
	by.Address = address(ctx)
	next(huma.WithValue(ctx, callerKey{}, by))
}

// bearer returns whose token the request carries.
func (a *api) bearer(ctx huma.Context) (*signin.Caller, error) {
	scheme, text, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" {
		return nil, &pbx.Error{Kind: pbx.Unauthorized,
			Message: "a token is needed: send the header Authorization: Bearer TOKEN, or sign in at /v1/sign-in"}
	}
	return a.ctl.SignIn.Authenticate(ctx.Context(), strings.TrimSpace(text))
}

// address is where a request comes from.
func address(ctx huma.Context) string {
	host, _, err := net.SplitHostPort(ctx.RemoteAddr())
	if err != nil {
		return ctx.RemoteAddr()
	}
	return host
}

// refuse answers a request that gets no further.
func (a *api) refuse(ctx huma.Context, err error) {
	p := a.problem(err)
	if p.Status == 401 {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="dialtone"`)
	}
	p.write(ctx.SetHeader, ctx.SetStatus, ctx.BodyWriter())
}

// caller is who sent a request.
func caller(ctx context.Context) *signin.Caller {
	by, _ := ctx.Value(callerKey{}).(*signin.Caller)
	return by
}

// author names the caller for the audit.
func author(ctx context.Context) pbx.Author { return caller(ctx).Author }
