package api

import (
	"context"
	"net/http"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

type kindOfExtension = kind[pbx.Extension, ExtensionFields, Extension]

// newNumber is the body of operations that make or move an extension.
type newNumber struct {
	Number string `json:"number" doc:"The new number: 1 to 20 digits or letters"`
}

type renumberInput struct {
	Place
	WriteHeaders
	Body newNumber
}

type duplicateInput struct {
	Place
	ActionHeaders
	Body newNumber
}

// registerExtensionActions declares the operations on an extension beside writing it.
func registerExtensionActions(a *api, k kindOfExtension) {
	one := k.path + "/{number}"
	declare(a, tenantAdmins, k.operation("POST", one+"/renumber", "renumber-extension",
		"Give it another number; mailbox with messages, devices and user go along. Refused while a device of it is in a call or its user is signed in on a shared device"), func(ctx context.Context, in *renumberInput) (*answer[Extension], error) {
		return renumber(ctx, a, k, in)
	})
	dup := k.operation("POST", one+"/duplicate", "duplicate-extension",
		"Make an extension with the same settings, with a mailbox of its own if this one has; its PIN is a random one, to be set by PUT …/mailboxes/{number}/pin")
	dup.DefaultStatus = http.StatusCreated
	declare(a, tenantAdmins, dup, func(ctx context.Context, in *duplicateInput) (*answer[Extension], error) {
		from, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		key, err := k.newKey(a, in.Body.Number)
		if err != nil {
			return nil, err
		}
		e, err := a.ctl.DuplicateExtension(ctx, author(ctx), in.tenant, from, key)
		if err != nil {
			return nil, a.problem(err)
		}
		return k.made(ctx, a, e, in.tenant, key, in.write()), nil
	})
}

func renumber(ctx context.Context, a *api, k kindOfExtension, in *renumberInput) (*answer[Extension], error) {
	from, err := k.checkedKey(a, in.Place)
	if err != nil {
		return nil, err
	}
	to, err := k.newKey(a, in.Body.Number)
	if err != nil {
		return nil, err
	}
	cond, err := in.condition()
	if err != nil {
		return nil, a.problem(err)
	}
	e, err := a.ctl.RenumberExtension(ctx, author(ctx), in.tenant, from, to, cond)
	if err != nil {
		return nil, a.problem(err)
	}
	return k.done(ctx, a, e, in.WriteHeaders), nil
}
