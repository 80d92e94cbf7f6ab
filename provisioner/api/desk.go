package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

type signIn struct {
	Place
	ActionHeaders
	Body struct {
		Device         string `json:"device,omitempty" doc:"Name of the shared device to sign in on; the one the user was at is freed"`
		ExternalNumber string `json:"external_number,omitempty" doc:"Instead of a device: an external number that is available, which becomes the user's device until the user leaves it; who answers must press 1"`
	}
}

// registerDesk declares signing in on shared devices. The answers tell the desk as
// it is stored; Asterisk and the snapshot follow.
func registerDesk(a *api, k kindOfUser) {
	path := k.path + "/{username}/desk"
	declare(a, tenantAdmins.and(ownUser), k.operation("POST", path, "sign-in",
		"Sign the user in on a shared device or an available external number, which rings for the user from then on"),
		func(ctx context.Context, in *signIn) (*answer[User], error) {
			key, err := k.checkedKey(a, in.Place)
			if err != nil {
				return nil, err
			}
			if in.Body.ExternalNumber != "" {
				return a.chooseNumber(ctx, k, in, key)
			}
			if err := pbx.CheckName("device", in.Body.Device); err != nil {
				return nil, a.problem(err)
			}
			u, revision, err := a.ctl.SignInAtDesk(ctx, author(ctx), in.tenant, key, in.Body.Device)
			return a.atDesk(ctx, k, u, revision, in.write(), in.Body.Device, err)
		})
	declare(a, tenantAdmins.and(ownUser), k.operation("DELETE", path, "sign-out",
		"Free the shared device or external number that the user is at"),
		func(ctx context.Context, in *actionInput) (*answer[User], error) {
			key, err := k.checkedKey(a, in.Place)
			if err != nil {
				return nil, err
			}
			u, revision, err := a.ctl.SignOutOfDesk(ctx, author(ctx), in.tenant, key)
			return a.atDesk(ctx, k, u, revision, in.write(), "", err)
		})
}

// chooseNumber makes an external number the user's device.
func (a *api) chooseNumber(ctx context.Context, k kindOfUser, in *signIn, username string) (*answer[User], error) {
	if in.Body.Device != "" {
		return nil, a.problem(pbx.Invalidf("external_number", "is given beside device: choose one of them"))
	}
	if err := pbx.CheckExternalNumber("external_number", in.Body.ExternalNumber); err != nil {
		return nil, a.problem(err)
	}
	u, d, revision, err := a.ctl.ChooseNumber(ctx, author(ctx), in.tenant, username, in.Body.ExternalNumber)
	if err != nil {
		return nil, a.problem(err)
	}
	return a.atDesk(ctx, k, u, revision, in.write(), d.Name, nil)
}

// atDesk answers with the user, the desk, and how far the change of desk has come.
func (a *api) atDesk(ctx context.Context, k kindOfUser, u *pbx.User, revision int64, h WriteHeaders, desk string,
	err error) (*answer[User], error) {
	if err != nil {
		return nil, a.problem(err)
	}
	out := k.done(ctx, a, u, WriteHeaders{})
	out.Body.Desk, out.Body.Apply = desk, a.applied(ctx, revision, h.wait())
	return out, nil
}
