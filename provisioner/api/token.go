package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
)

// Token is an API token as it is listed.
type Token struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Token    string     `json:"token,omitempty" doc:"Its text; shown once, when it is created"`
	Created  time.Time  `json:"created"`
	Revoked  *time.Time `json:"revoked,omitempty"`
	LastUsed *time.Time `json:"last_used,omitempty" doc:"Right to within a minute"`
}

func tokenView(t *db.Token) Token {
	v := Token{ID: t.ID, Name: t.Name, Created: t.CreatedAt}
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
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"tokens"}, Errors: []int{401, 404, 422}}
	}
	huma.Register(a.hu, op("GET", "/v1/tokens", "list-tokens", "List tokens"), func(ctx context.Context, _ *struct{}) (*page[Token], error) {
		tokens, err := a.ctl.Tokens(ctx)
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
	huma.Register(a.hu, create, func(ctx context.Context, in *struct {
		Body struct {
			Name string `json:"name" doc:"Who or what will use it; it is the actor of its changes"`
		}
	}) (*answer[Token], error) {
		t, text, err := a.ctl.CreateToken(ctx, in.Body.Name)
		if err != nil {
			return nil, a.problem(err)
		}
		v := tokenView(t)
		v.Token = text.Reveal()
		return &answer[Token]{Status: 201, Location: "/v1/tokens/" + t.ID, Body: v}, nil
	})
	huma.Register(a.hu, op("DELETE", "/v1/tokens/{id}", "revoke-token", "Revoke a token at once"), func(ctx context.Context, in *struct {
		ID string `path:"id"`
	}) (*struct{}, error) {
		if err := a.ctl.RevokeToken(ctx, in.ID); err != nil {
			return nil, a.problem(err)
		}
		return nil, nil //nolint:nilnil // 204: no body
	})
}
