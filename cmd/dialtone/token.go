package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner"
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
	Name string `arg:"" help:"Who or what will use it."`
}

type tokenListCmd struct{ dbFlag }

type tokenRevokeCmd struct {
	dbFlag
	ID string `arg:"" help:"Its id, from token list."`
}

// withController opens the database for one use case.
func withController(ctx context.Context, f dbFlag, use func(*provisioner.Controller) error) error {
	store, err := f.openExisting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	ctl, err := provisioner.New(ctx, provisioner.Options{DB: store, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	return use(ctl)
}

// Run creates a token.
func (t *tokenCreateCmd) Run(ctx context.Context) error {
	return withController(ctx, t.dbFlag, func(c *provisioner.Controller) error {
		_, text, err := c.CreateToken(ctx, t.Name)
		if err != nil {
			return err
		}
		fmt.Println(text.Reveal())
		return nil
	})
}

// Run lists tokens.
func (t *tokenListCmd) Run(ctx context.Context) error {
	return withController(ctx, t.dbFlag, func(c *provisioner.Controller) error {
		tokens, err := c.Tokens(ctx)
		for _, t := range tokens {
			fmt.Printf("%s  %-9s  created %s  %s\n", t.ID, tokenState(t), t.CreatedAt.Format(time.DateOnly), t.Name)
		}
		return err
	})
}

func tokenState(t *db.Token) string {
	if t.RevokedAt.IsZero() {
		return "valid"
	}
	return "revoked"
}

// Run revokes a token.
func (t *tokenRevokeCmd) Run(ctx context.Context) error {
	return withController(ctx, t.dbFlag, func(c *provisioner.Controller) error { return c.RevokeToken(ctx, t.ID) })
}
