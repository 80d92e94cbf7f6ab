package api

import (
	"context"
	"errors"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// create answers POST. The key is in the body, and an existing object is left alone.
func (k kind[T, W, V]) create(ctx context.Context, a *api, in *bodyInput[W]) (*answer[V], error) {
	if err := k.checkNew(in); err != nil {
		return nil, a.problem(err)
	}
	in.key, in.IfNoneMatch = k.key(in.Body), "*"
	out, err := k.write(ctx, a, in.Place, in.WriteHeaders, func(*T) (W, error) { return in.Body, nil })
	return out, k.existing(err)
}

// checkNew refuses a body with an invalid key. It reports everything else that is wrong
// with the body as well.
func (k kind[T, W, V]) checkNew(in *bodyInput[W]) error {
	key := k.key(in.Body)
	_, wrong := k.parseKey(k.keyName, key)
	if wrong == nil {
		return nil
	}
	if key == "" {
		wrong = pbx.Invalidf(k.keyName, "is required")
	}
	row, err := k.build(in.Body, nil, in.tenant, key)
	if err != nil {
		return err
	}
	all, others := pbx.Errors{wrong}, pbx.Errors(nil)
	errors.As(k.rows.Check(row), &others)
	for _, e := range others {
		if e.Field != k.keyName {
			all.Add(e)
		}
	}
	return all
}

// existing turns the failed precondition of a POST into the conflict it is.
func (k kind[T, W, V]) existing(err error) error {
	var p *Problem
	if errors.As(err, &p) && p.Kind == string(pbx.Precondition) && p.Field == "If-None-Match" {
		return &Problem{Status: 409, Title: "Conflict", Kind: string(pbx.Conflict), Field: k.keyName,
			Detail: "this " + k.name + " exists already; PUT or PATCH changes it"}
	}
	return err
}

// keep copies the row that a write replaces. The write may change the row that it is given.
func keep[T any](row *T) *T {
	if row == nil {
		return nil
	}
	out := *row
	return &out
}
