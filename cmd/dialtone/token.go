package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// tokenCmd works on the database directly: it is how an admin who lost every
// token gets in again.
type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Create a token and print it; it cannot be shown again."`
	List   tokenListCmd   `cmd:"" help:"List tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"Revoke a token at once."`
}

type tokenCreateCmd struct {
	dbFlag
	Name     string        `arg:"" help:"Who or what will use it."`
	Role     string        `help:"What it may do: platform-admin, reseller-admin of a reseller, or tenant-admin or operator of a tenant." default:"platform-admin" enum:"platform-admin,reseller-admin,tenant-admin,operator"`
	Tenant   string        `help:"The only tenant within its reach, for tenant-admin and operator."`
	Reseller string        `help:"The reseller whose branch is within its reach, for reseller-admin."`
	Expires  time.Duration `help:"How long it lasts, such as 720h; for ever if left out."`
}

type tokenListCmd struct{ dbFlag }

type tokenRevokeCmd struct {
	dbFlag
	ID string `arg:"" help:"Its id, from token list."`
}

// withSignIn opens the database for one use case. Nothing of it runs, and nothing is mailed.
func withSignIn(ctx context.Context, f dbFlag, use func(*signin.Authenticator) error) error {
	store, err := f.openExisting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	log := slog.New(slog.DiscardHandler)
	return use(signin.New(signin.Options{DB: store, Log: log, Mail: mail.New(mail.Options{Log: log}), Changed: func() {}}))
}

// atShell names the commands here in the audit trail.
func atShell() *signin.Caller { return &signin.Caller{Author: pbx.Author{Actor: "dialtone token"}} }

// Run creates a token.
func (t *tokenCreateCmd) Run(ctx context.Context) error {
	return withSignIn(ctx, t.dbFlag, func(a *signin.Authenticator) error {
		o := signin.TokenOrder{Name: t.Name, Role: pbx.Role(t.Role), Tenant: t.Tenant, Reseller: t.Reseller}
		if t.Expires != 0 {
			end := time.Now().Add(t.Expires)
			o.Expires = &end
		}
		_, text, err := a.CreateToken(ctx, atShell(), o)
		if err != nil {
			return err
		}
		fmt.Println(text.Reveal())
		return nil
	})
}

// Run lists tokens.
func (t *tokenListCmd) Run(ctx context.Context) error {
	return withSignIn(ctx, t.dbFlag, func(a *signin.Authenticator) error {
		tokens, err := a.Tokens(ctx, db.Reach{})
		for _, t := range tokens {
			fmt.Printf("%s  %-9s  created %s by %s  %s  %s\n", t.ID, tokenState(t), t.CreatedAt.Format(time.DateOnly),
				cmp.Or(t.CreatedBy, "(not kept)"), tokenRole(t), t.Name)
		}
		return err
	})
}

func tokenState(t *db.Token) string {
	switch {
	case !t.RevokedAt.IsZero():
		return "revoked"
	case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(time.Now()):
		return "expired"
	}
	return "valid"
}

func tokenRole(t *db.Token) string {
	if account := cmp.Or(t.Tenant, t.Reseller); account != "" {
		return string(t.Role) + " of " + account
	}
	return string(t.Role)
}

// Run revokes a token.
func (t *tokenRevokeCmd) Run(ctx context.Context) error {
	return withSignIn(ctx, t.dbFlag, func(a *signin.Authenticator) error {
		return a.RevokeToken(ctx, atShell(), db.Reach{}, t.ID)
	})
}
