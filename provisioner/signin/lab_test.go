package signin

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// shipped is what a hash costs in the program.
var shipped = paid

func TestMain(m *testing.M) {
	paid.memory = 64
	goleak.VerifyTestMain(m)
}

const rightPassword = "correct horse"

// tester is the author of every change in the tests.
var tester = pbx.Author{Actor: "tester"}

// lab is an Authenticator on a real database.
type lab struct {
	*Authenticator
	t     *testing.T
	store *db.DB
	log   *safeBuffer
	clock *clock
}

// newLab makes one whose clock can be moved.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, log: &safeBuffer{}, clock: &clock{at: time.Now().Add(time.Hour)},
		store: dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})}
	l.fresh(mail.Server{})
	return l
}

// fresh is what a restart of the program does: another Authenticator on the same database.
func (l *lab) fresh(server mail.Server) {
	log := slog.New(slog.NewTextHandler(l.log, nil))
	l.Authenticator = New(Options{DB: l.store, Log: log, Mail: mail.New(mail.Options{Server: server, Log: log}), Changed: func() {}})
	l.now = l.clock.now
}

// someServer is one that nothing in these tests asks.
var someServer = mail.Server{Address: "127.0.0.1:1", From: "pbx@example.com", TLS: mail.Plain}

// write changes rows.
func (l *lab) write(change func(context.Context, *db.Tx) error) {
	l.t.Helper()
	_, err := l.store.Update(l.t.Context(), tester, func(tx *db.Tx) error { return change(l.t.Context(), tx) })
	if err != nil {
		l.t.Fatal(err)
	}
}

// clock is a time that a test moves. It begins in the future, for sessions are kept
// by the clock of the database as well when a password changes.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var defaultTenant = pbx.AccountOf("", pbx.DefaultTenant)

// people is a lab with users that can sign in.
type people struct{ *lab }

func newPeople(t *testing.T) *people {
	p := &people{newLab(t)}
	hash := Hash(rightPassword)
	for _, u := range []*pbx.User{
		{Username: "alice", Role: pbx.RoleUser, Login: true, Password: hash, SecondStep: pbx.SecondStepNone},
		{Username: "bob", Role: pbx.RoleOperator, Login: true, Password: hash, MustChange: true, SecondStep: pbx.SecondStepNone},
		{Username: "carol", Role: pbx.RoleTenantAdmin, Login: true, Password: hash, SecondStep: pbx.SecondStepEmail, PersonalContact: "carol@example.org"},
		{Username: "dan", Role: pbx.RoleUser, Password: hash, SecondStep: pbx.SecondStepNone},
		{Username: "eve", Role: pbx.RoleUser, Login: true, SecondStep: pbx.SecondStepNone}, // never had a password
	} {
		u.Tenant, u.FullName = pbx.DefaultTenant, u.Username
		p.write(func(ctx context.Context, tx *db.Tx) error { return tx.PutUser(ctx, u) })
	}
	return p
}

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (p *people) edit(username string, change func(*pbx.User)) {
	p.t.Helper()
	p.write(func(ctx context.Context, tx *db.Tx) error {
		u, err := tx.User(ctx, pbx.DefaultTenant, username)
		if err != nil {
			return err
		}
		change(u)
		return tx.PutUser(ctx, u)
	})
}
