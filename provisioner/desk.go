package provisioner

import (
	"context"
	"errors"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A shared device belongs to whoever signed in on it. That is desired state, kept
// in the device's row as its extension: it survives a restart of the controller and
// a phone that is gone, and one transaction moves it.

// pinRate is for signing in by phone, a device: after three wrong PINs in a row it must
// wait for a minute.
var pinRate = limit.Rate{Burst: 3, Every: time.Minute}

// mostPINs is of how many devices wrong PINs are counted one by one.
const mostPINs = 10_000

// ErrRefused is every way in which a sign-in by phone can be wrong; the phone does
// not learn which.
var ErrRefused = errors.New("number or PIN is wrong, the user may not sign in, or the device is not free")

// SignInAtDesk makes a shared device ring for a user, and frees the one that the user
// was at. The device must not be another user's.
func (c *Controller) SignInAtDesk(ctx context.Context, by pbx.Author, tenant, username,
	device string) (*pbx.User, int64, error) {
	var u *pbx.User
	revision, err := c.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if u, err = tx.User(ctx, tenant, username); err != nil {
			return err
		}
		return takeDesk(ctx, tx, u, device)
	})
	if err == nil {
		c.Apply.Nudge()
	}
	return u, revision, err
}

// maySignIn refuses a user for whom no device could ring.
func maySignIn(u *pbx.User) error {
	switch {
	case u.Extension == "":
		return &pbx.Error{Kind: pbx.Conflict, Message: "user " + u.Username +
			" has no extension that a device could ring for"}
	case !u.Login:
		return &pbx.Error{Kind: pbx.Conflict, Message: "user " + u.Username + " may not sign in: login is off"}
	}
	return nil
}

// takeDesk moves a user to a device.
func takeDesk(ctx context.Context, tx *db.Tx, u *pbx.User, device string) error {
	if err := maySignIn(u); err != nil {
		return err
	}
	d, err := tx.Device(ctx, u.Tenant, device)
	if pbx.KindOf(err) == pbx.NotFound {
		return pbx.Refusedf("device", "device %s does not exist in tenant %s", device, u.Tenant)
	}
	if err != nil {
		return err
	}
	if !d.Shared {
		return pbx.Refusedf("device", "device %s is not shared: nobody can sign in on it", device)
	}
	if d.Extension != "" && d.Extension != u.Extension {
		return pbx.Conflictf("device", "device %s is taken by extension %s, whose user must sign out first", device,
			d.Extension)
	}
	e, err := tx.Extension(ctx, u.Tenant, u.Extension)
	if err != nil {
		return err
	}
	if !e.Allows(d.Class) { // Asterisk would not know the device any more, and nobody could leave it
		return pbx.Conflictf("device", "extension %s allows no device of class %s", e.Number, d.Class)
	}
	if err := leaveDesks(ctx, tx, u.Tenant, u.Extension, device); err != nil {
		return err
	}
	d.Extension = u.Extension
	return tx.PutDevice(ctx, d)
}

// leaveDesks frees the shared devices of an extension but one.
func leaveDesks(ctx context.Context, tx *db.Tx, tenant, extension, but string) error {
	if extension == "" {
		return nil
	}
	desks, err := tx.DesksOf(ctx, tenant, extension)
	if err != nil {
		return err
	}
	for _, d := range desks {
		if d.Name == but {
			continue
		}
		if err := tx.FreeDesk(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// SignOutOfDesk frees the shared device that a user is at. Not being signed in is no error.
func (c *Controller) SignOutOfDesk(ctx context.Context, by pbx.Author, tenant,
	username string) (*pbx.User, int64, error) {
	var u *pbx.User
	revision, err := c.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if u, err = tx.User(ctx, tenant, username); err != nil {
			return err
		}
		return leaveDesks(ctx, tx, tenant, u.Extension, "")
	})
	if err == nil {
		c.Apply.Nudge()
	}
	return u, revision, err
}

// SignInByPhone is SignInAtDesk for a call from a shared device to the code of signing in.
// The number of an extension and its user's PIN were typed.
func (c *Controller) SignInByPhone(ctx context.Context, endpoint, number, pin string) error {
	// It counts as wrong until it proves right, so that attempts at the same time all count.
	if !c.pins.Take(endpoint, time.Now()) {
		return ErrRefused
	}
	err := c.signInByPhone(ctx, endpoint, number, pin)
	if err == nil {
		c.pins.GiveBack(endpoint)
	} else if !errors.Is(err, ErrRefused) {
		c.log.Error("signing in by phone", "endpoint", endpoint, "error", err)
	}
	return err
}

func (c *Controller) signInByPhone(ctx context.Context, endpoint, number, pin string) error {
	d := c.Snapshot().DeviceOf(endpoint)
	if d == nil || !d.Shared {
		return ErrRefused
	}
	u, err := c.userOf(ctx, d.Tenant, number)
	if err != nil && pbx.KindOf(err) != pbx.NotFound {
		return err
	}
	if !c.SignIn.MatchesPIN(ctx, u, pin) {
		return ErrRefused
	}
	_, _, err = c.SignInAtDesk(ctx, deskAuthor(number), d.Tenant, u.Username, d.Name)
	if k := pbx.KindOf(err); err != nil && (k == pbx.Conflict || k == pbx.Invalid || k == pbx.NotFound) {
		return ErrRefused
	}
	return err
}

func (c *Controller) userOf(ctx context.Context, tenant, extension string) (u *pbx.User, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		u, err = tx.UserOf(ctx, tenant, extension)
		return err
	})
	return u, err
}

// SignOutByPhone frees the shared device it was dialled on.
func (c *Controller) SignOutByPhone(ctx context.Context, endpoint string) error {
	seen := c.Snapshot().DeviceOf(endpoint)
	if seen == nil || !seen.Shared {
		return ErrRefused
	}
	_, err := c.db.Update(ctx, deskAuthor(seen.Extension), func(tx *db.Tx) error {
		d, err := tx.Device(ctx, seen.Tenant, seen.Name)
		if err != nil || !d.Shared {
			return errors.Join(err, ErrRefused)
		}
		d.Extension = ""
		return tx.PutDevice(ctx, d)
	})
	if err == nil {
		c.Apply.Nudge()
	} else {
		c.log.Error("signing out by phone", "endpoint", endpoint, "error", err)
	}
	return err
}

// deskAuthor is the author, in the audit, of changes made at a phone.
func deskAuthor(extension string) pbx.Author { return pbx.Author{Actor: "desk " + extension} }
