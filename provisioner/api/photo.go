package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// photoAnswer is a picture. Browsers must take it for nothing else than its type.
type photoAnswer struct {
	ContentType string `header:"Content-Type"`
	NoSniff     string `header:"X-Content-Type-Options"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

type photoInput struct {
	Place
	ActionHeaders
	RawBody []byte `contentType:"application/octet-stream"`
}

// registerPhoto declares a user's photo.
func registerPhoto(a *api, k kindOfUser) {
	path := k.path + "/{username}/photo"
	declare(a, operators.and(ownUser), k.operation("GET", path, "get-photo", "The user's photo"),
		func(ctx context.Context, in *getInput) (*photoAnswer, error) {
			key, err := k.checkedKey(a, in.Place)
			if err != nil {
				return nil, err
			}
			p, err := a.ctl.Photo(ctx, in.tenant, key)
			if err != nil {
				return nil, a.problem(err)
			}
			return &photoAnswer{ContentType: p.Type, NoSniff: "nosniff", Policy: "default-src 'none'; sandbox", Body: p.Content},
				nil
		})
	put := k.operation("PUT", path, "put-photo",
		"Set the user's photo: PNG or JPEG, at most 1 MiB and 4096 × 4096 pixels")
	put.MaxBodyBytes = provisioner.MaxPhotoBytes
	declare(a, tenantAdmins, put, func(ctx context.Context, in *photoInput) (*answer[User], error) {
		if len(in.RawBody) == 0 {
			return nil, a.problem(pbx.Invalidf("photo", "is required: send the picture as the body"))
		}
		return a.setPhoto(ctx, k, in.Place, in.write(), in.RawBody)
	})
	declare(a, tenantAdmins, k.operation("DELETE", path, "delete-photo", "Remove the user's photo"),
		func(ctx context.Context, in *actionInput) (*answer[User], error) {
			return a.setPhoto(ctx, k, in.Place, in.write(), nil)
		})
}

// setPhoto stores a photo, or removes it when there is no content.
func (a *api) setPhoto(ctx context.Context, k kindOfUser, p Place, h WriteHeaders,
	content []byte) (*answer[User], error) {
	key, err := k.checkedKey(a, p)
	if err != nil {
		return nil, err
	}
	u, err := a.ctl.SetPhoto(ctx, author(ctx), p.tenant, key, content)
	if err != nil {
		return nil, a.problem(err)
	}
	return k.done(ctx, a, u, h), nil
}
