package api

import (
	"context"
	"net/http"
	"strings"
)

// Unregistered is the answer to dropping registrations.
type Unregistered struct {
	Devices []string `json:"devices" nullable:"false" doc:"Names of the devices whose registrations are gone"`
}

type duplicateUser struct {
	Place
	ActionHeaders
	Body struct {
		Username string `json:"username" doc:"Name of the new user"`
	}
}

type changePassword struct {
	Place
	ActionHeaders
	Body struct {
		Current string `json:"current" writeOnly:"true" doc:"The present password, such as the one-time one"`
		New     string `json:"new" writeOnly:"true" doc:"What the user chose: at least 10 characters"`
	}
}

// registerUserActions declares the operations on a user beside writing it: those for admins,
// and those that are the user's own as well.
func registerUserActions(a *api, k kindOfUser, admins, own access) {
	one, of := k.path+"/{username}", strings.TrimSuffix(k.name, "user")
	declare(a, admins, k.operation("POST", one+"/reset-password", of+"reset-password",
		"Make a one-time password; the user must choose a new one"), func(ctx context.Context,
		in *deleteInput) (*answer[User], error) {
		return resetPassword(ctx, a, k, in)
	})
	declare(a, own.beforePassword(), k.operation("POST", one+"/password", of+"change-password",
		"Replace the password by one that the user chose"), func(ctx context.Context, in *changePassword) (*answer[User],
		error) {
		key, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		u, err := a.ctl.SignIn.ChangePassword(ctx, caller(ctx), k.fresh(in.tenant, key).Account(), key, in.Body.Current, in.Body.New)
		if err != nil {
			return nil, a.problem(err)
		}
		return k.done(ctx, a, u, in.write()), nil
	})
	dup := k.operation("POST", one+"/duplicate", of+"duplicate-user",
		"Make a user with the same settings; PIN, password, extension and photo are the new user's own")
	dup.DefaultStatus = http.StatusCreated
	declare(a, admins, dup, func(ctx context.Context, in *duplicateUser) (*answer[User], error) {
		return duplicate(ctx, a, k, in)
	})
	registerSessions(a, k, own)
}

// registerUnregister declares dropping the registrations of a user's devices.
func registerUnregister(a *api, k kindOfUser) {
	one := k.path + "/{username}"
	declare(a, tenantAdmins, k.operation("POST", one+"/unregister", "unregister-user",
		"Drop every SIP registration of the user's devices; a phone is back when it registers again"),
		func(ctx context.Context, in *getInput) (*struct{ Body Unregistered }, error) {
			key, err := k.checkedKey(a, in.Place)
			if err != nil {
				return nil, err
			}
			devices, err := a.ctl.UnregisterUser(ctx, in.tenant, key)
			if err != nil {
				return nil, a.problem(err)
			}
			return &struct{ Body Unregistered }{Unregistered{devices}}, nil
		})
}

func resetPassword(ctx context.Context, a *api, k kindOfUser, in *deleteInput) (*answer[User], error) {
	key, err := k.checkedKey(a, in.Place)
	if err != nil {
		return nil, err
	}
	cond, err := in.condition()
	if err != nil {
		return nil, a.problem(err)
	}
	u, password, err := a.ctl.ResetPassword(ctx, author(ctx), k.rows, in.tenant, key, cond)
	if err != nil {
		return nil, a.problem(err)
	}
	out := k.done(ctx, a, u, in.WriteHeaders)
	out.Body.Password = password.Reveal()
	return out, nil
}

func duplicate(ctx context.Context, a *api, k kindOfUser, in *duplicateUser) (*answer[User], error) {
	from, err := k.checkedKey(a, in.Place)
	if err != nil {
		return nil, err
	}
	key, err := k.newKey(a, in.Body.Username)
	if err != nil {
		return nil, err
	}
	u, err := a.ctl.DuplicateUser(ctx, author(ctx), k.rows, in.tenant, from, key)
	if err != nil {
		return nil, k.existing(a.problem(err))
	}
	return k.made(ctx, a, u, in.tenant, key, in.write()), nil
}
