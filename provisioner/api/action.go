package api

import (
	"context"
	"net/http"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// checkedKey is the key in the path, checked and normalised.
func (k kind[T, W, V]) checkedKey(a *api, p Place) (string, error) {
	key, err := k.parseKey(k.keyName, p.key)
	if err != nil {
		return "", a.problem(err)
	}
	return key, nil
}

// done is the answer to an action that left row behind.
func (k kind[T, W, V]) done(ctx context.Context, a *api, row *T, h WriteHeaders) *answer[V] {
	return &answer[V]{Status: http.StatusOK, ETag: etag(k.revision(row)), Body: k.show(ctx, a, row, h)}
}

// made is the answer to an action that made row.
func (k kind[T, W, V]) made(ctx context.Context, a *api, row *T, tenant, key string, h WriteHeaders) *answer[V] {
	out := k.done(ctx, a, row, h)
	out.Status = http.StatusCreated
	out.Location = k.at(tenant, key)
	return out
}

// ActionHeaders are the request headers of an action that has no condition.
type ActionHeaders struct {
	Prefer string `header:"Prefer" doc:"wait=N answers when Asterisk runs the change, or after N seconds (at most 60)"`
}

func (h ActionHeaders) write() WriteHeaders { return WriteHeaders{Prefer: h.Prefer} }

type actionInput struct {
	Place
	ActionHeaders
}

// newKey checks the key that a body names for something new.
func (k kind[T, W, V]) newKey(a *api, s string) (string, error) {
	if s == "" {
		return "", a.problem(pbx.Invalidf(k.keyName, "is required"))
	}
	key, err := k.parseKey(k.keyName, s)
	if err != nil {
		return "", a.problem(err)
	}
	return key, nil
}
