package api

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// UserSession is a session of a user, which only its own client can use.
type UserSession struct {
	ID      string    `json:"id" doc:"Names the session, and opens nothing"`
	Created time.Time `json:"created" doc:"When the user signed in"`
	Expires time.Time `json:"expires"`
	Address string    `json:"address,omitempty" doc:"Where the user signed in from"`
	Current bool      `json:"current" doc:"The session of this very request"`
}

// sessionInput has the session's id as the key of its place, which is the last in the path.
type sessionInput struct {
	Place
	username string
}

// Resolve implements huma.Resolver.
func (in *sessionInput) Resolve(ctx huma.Context) []error {
	in.username = ctx.Param("username")
	return in.Place.Resolve(ctx)
}

// registerSessions declares the list of a user's sessions, and ending them.
func registerSessions(a *api, k kindOfUser, own access) {
	path, of := k.path+"/{username}/sessions", strings.TrimSuffix(k.name, "user")
	account := func(p Place) pbx.Account { return k.fresh(p.tenant, "").Account() }
	declare(a, own, k.operation("GET", path, of+"list-sessions", "List the user's sessions, the newest first"),
		func(ctx context.Context, in *getInput) (*page[UserSession], error) {
			key, err := k.checkedKey(a, in.Place)
			if err != nil {
				return nil, err
			}
			sessions, err := a.ctl.SignIn.Sessions(ctx, caller(ctx), account(in.Place), key)
			if err != nil {
				return nil, a.problem(err)
			}
			out := &page[UserSession]{}
			out.Body.Items = make([]UserSession, 0, len(sessions))
			for _, s := range sessions {
				out.Body.Items = append(out.Body.Items, UserSession{s.ID, s.CreatedAt, s.ExpiresAt, s.Address, s.Current})
			}
			return out, nil
		})
	declare(a, own, k.operation("DELETE", path+"/{id}", of+"end-user-session", "End one of the user's sessions at once"),
		func(ctx context.Context, in *sessionInput) (*struct{}, error) {
			key, err := k.newKey(a, in.username)
			if err != nil {
				return nil, err
			}
			if err := a.ctl.SignIn.EndOne(ctx, caller(ctx), account(in.Place), key, in.key); err != nil {
				return nil, a.problem(err)
			}
			return nil, nil //nolint:nilnil // 204: no body
		})
}
