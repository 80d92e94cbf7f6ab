package api

import (
	"net"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// callerKey is the context key of the provisioner.Author of a request.
type callerKey struct{}

// authenticate demands a bearer token (RFC 6750) of every operation.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	scheme, text, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || text == "" {
		a.refuse(ctx, &pbx.Error{Kind: pbx.Unauthorized, Message: "a token is needed: send the header Authorization: Bearer TOKEN"})
		return
	}
	token, err := a.ctl.Authenticate(ctx.Context(), strings.TrimSpace(text))
	if err != nil {
		a.refuse(ctx, err)
		return
	}
	host, _, err := net.SplitHostPort(ctx.RemoteAddr())
	if err != nil {
		host = ctx.RemoteAddr()
	}
	next(huma.WithValue(ctx, callerKey{}, provisioner.Author{Actor: "token " + token.Name, Address: host}))
}

// refuse answers a request that gets no further.
func (a *api) refuse(ctx huma.Context, err error) {
	p := a.problem(err)
	if p.Status == 401 {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="dialtone"`)
	}
	p.write(ctx.SetHeader, ctx.SetStatus, ctx.BodyWriter())
}
