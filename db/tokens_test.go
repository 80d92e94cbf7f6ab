package db

import (
	"context"
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestTokens(t *testing.T) {
	db := openDB(t, Options{})
	ctx := t.Context()
	hash, other := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("two"))
	if err := db.CreateToken(ctx, tester, Token{ID: "t1", Name: "console", Role: pbx.RolePlatformAdmin}, hash[:]); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		kind pbx.Kind
	}{
		"same id":        {db.CreateToken(ctx, tester, Token{ID: "t1", Name: "again", Role: pbx.RolePlatformAdmin}, other[:]), pbx.Conflict},
		"same hash":      {db.CreateToken(ctx, tester, Token{ID: "t2", Name: "again", Role: pbx.RolePlatformAdmin}, hash[:]), pbx.Conflict},
		"short hash":     {db.CreateToken(ctx, tester, Token{ID: "t2", Name: "short", Role: pbx.RolePlatformAdmin}, hash[:31]), pbx.Invalid},
		"no id":          {db.CreateToken(ctx, tester, Token{ID: "", Name: "x", Role: pbx.RolePlatformAdmin}, other[:]), pbx.Invalid},
		"revoke unknown": {db.RevokeToken(ctx, tester, Reach{}, "t2"), pbx.NotFound},
	} {
		if pbx.KindOf(c.err) != c.kind {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if _, err := db.TokenByHash(ctx, other[:]); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("an unknown token: %v", err)
	}
	got, err := db.TokenByHash(ctx, hash[:])
	if err != nil || got.ID != "t1" || got.Name != "console" || time.Since(got.CreatedAt) > time.Minute || !got.RevokedAt.IsZero() || !got.LastUsedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if n, err := db.Revision(ctx); n != 2 || err != nil {
		t.Errorf("one token made revision %d, %v", n, err)
	}
}

func TestRevokedTokenIsUnauthorized(t *testing.T) {
	db := openDB(t, Options{})
	ctx := t.Context()
	hash := sha256.Sum256([]byte("one"))
	if err := db.CreateToken(ctx, tester, Token{ID: "t1", Name: "console", Role: pbx.RolePlatformAdmin}, hash[:]); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.RevokeToken(ctx, tester, Reach{}, "t1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.TokenByHash(ctx, hash[:]); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("a revoked token: %v", err)
	}
	if ts, err := db.Tokens(ctx, Reach{}); err != nil || len(ts) != 1 || ts[0].RevokedAt.IsZero() {
		t.Errorf("%+v, %v", ts, err)
	}
}

func TestTouchTokenWritesOnceAMinute(t *testing.T) {
	db := openDB(t, Options{})
	ctx := t.Context()
	hash := sha256.Sum256([]byte("one"))
	if err := db.CreateToken(ctx, tester, Token{ID: "t1", Name: "console", Role: pbx.RolePlatformAdmin}, hash[:]); err != nil {
		t.Fatal(err)
	}
	tok, err := db.TokenByHash(ctx, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	if err := db.TouchToken(ctx, tok); err != nil {
		t.Fatal(err)
	}
	stored, err := db.TokenByHash(ctx, hash[:])
	if err != nil || stored.LastUsedAt.IsZero() || !stored.LastUsedAt.Equal(tok.LastUsedAt) {
		t.Errorf("stored %+v, %v", stored, err)
	}
	for seconds, want := range map[int]bool{50: false, 60: true} {
		if _, err := db.writer.Exec(`UPDATE tokens SET last_used_at = ? - ? * 1000`, stored.LastUsedAt.UnixMilli(), seconds); err != nil {
			t.Fatal(err)
		}
		old, err := db.TokenByHash(ctx, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		if got := wrote(t, db, func() error { return db.TouchToken(ctx, old) }); got != want {
			t.Errorf("used %d s ago: wrote %v, want %v", seconds, got, want)
		}
	}
}

// wrote reports whether fn changed the file, as another connection sees it.
func wrote(t *testing.T, db *DB, fn func() error) bool {
	t.Helper()
	conn, err := db.reader.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	version := func() (v int64) {
		if err := conn.QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	before := version()
	if err := fn(); err != nil {
		t.Fatal(err)
	}
	return version() != before
}

// A token of the version before works as ever. Nobody knows any more whose it was.
func TestTokensOfOldStayValid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	load(t, "testdata/version-21.sql", path)
	db := openAt(t, path, Options{})
	got, err := db.TokenByHash(t.Context(), make([]byte, 32))
	if err != nil || got.CreatedBy != "" || got.Username != "" {
		t.Errorf("%+v %v", got, err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		u, err := tx.User(ctx, "default", sampleUser().Username)
		if err != nil {
			return err
		}
		u.Role = pbx.RoleUser
		return tx.PutUser(ctx, u)
	})
	if _, err := db.TokenByHash(t.Context(), make([]byte, 32)); err != nil {
		t.Errorf("a user without tokens took one along: %v", err)
	}
}
