package apply

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a loop on a real database in front of a scripted Asterisk.
type lab struct {
	*Loop
	t        *testing.T
	asterisk *amitest.Asterisk
	store    *db.DB
	config   string
	log      *safeBuffer
	hub      *event.Hub
	current  atomic.Pointer[pbx.Snapshot]
	up       atomic.Bool
	stop     func()
}

// newLab makes a loop that does not run yet.
func newLab(t *testing.T) *lab {
	t.Helper()
	config := t.TempDir()
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})
	l := &lab{t: t, asterisk: amitest.NewAsterisk(t, config), store: store, config: config, log: &safeBuffer{}, hub: event.NewHub()}
	l.fresh()
	return l
}

// fresh is what a restart of the program does: another loop on the same database and
// folder.
func (l *lab) fresh() {
	l.t.Helper()
	engine, err := templates.New()
	if err != nil {
		l.t.Fatal(err)
	}
	snapshot, err := l.store.Snapshot(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	l.current.Store(snapshot)
	l.Loop = New(Options{DB: l.store, Templates: engine, Dir: l.config, Log: slog.New(slog.NewTextHandler(l.log, nil)), Events: l.hub,
		Current: &l.current, Swapped: func(*pbx.Snapshot) {},
		Applied: func(context.Context, *pbx.Snapshot, *pbx.Snapshot) {},
		// The scripted Asterisk loads at once or never.
		Patience: 100 * time.Millisecond})
}

// start runs it until stop is called or the test ends.
func (l *lab) start() *lab {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	loop := l.Loop
	client := ami.New(ami.Options{Address: l.asterisk.Address(), Username: "dialtone", Logger: slog.New(slog.DiscardHandler),
		OnUp:   func(ctx context.Context, s *ami.Session) { s.StartEvents(); loop.Live(ctx, s); l.up.Store(true) },
		OnDown: func(error) { l.up.Store(false); loop.Down() }, OnEvent: func(ami.Event) {}})
	var running sync.WaitGroup
	running.Go(func() { _ = client.Run(ctx) })
	running.Go(func() { _ = loop.Run(ctx) })
	l.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	l.t.Cleanup(l.stop)
	return l
}

// until polls until ok, for at most thirty seconds.
func (l *lab) until(what string, ok func() bool) {
	l.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			l.t.Fatalf("waiting %s: not within thirty seconds; state %+v; log:\n%s", what, l.State(), l.log)
		}
	}
}

// edit makes one change, as the use cases do, and returns its revision.
func (l *lab) edit(change func(ctx context.Context, tx *db.Tx) error) int64 {
	l.t.Helper()
	revision, err := l.store.Update(l.t.Context(), pbx.Author{Actor: "tester"}, func(tx *db.Tx) error { return change(l.t.Context(), tx) })
	if err != nil {
		l.t.Fatal(err)
	}
	l.Nudge()
	return revision
}

func (l *lab) extension(number, name string) int64 {
	l.t.Helper()
	return l.put(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: number, Name: name, RingSeconds: 20})
}

func (l *lab) device(name string) {
	l.t.Helper()
	l.put(&pbx.Device{Tenant: pbx.DefaultTenant, Name: name, Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: 60})
}

// put stores a row and returns the revision that has it.
func (l *lab) put(row any) int64 {
	l.t.Helper()
	var revision int64
	now := l.edit(func(ctx context.Context, tx *db.Tx) (err error) {
		switch row := row.(type) {
		case *pbx.Extension:
			err = tx.PutExtension(ctx, row)
			revision = row.Revision
		case *pbx.Device:
			err = tx.PutDevice(ctx, row)
			revision = row.Revision
		case *pbx.Mailbox:
			err = tx.PutMailbox(ctx, row)
			revision = row.Revision
		case *pbx.Phone:
			err = tx.PutPhone(ctx, row)
			revision = row.Revision
		case *pbx.PhoneSettings:
			err = tx.PutPhoneSettings(ctx, row)
			revision = row.Revision
		default:
			l.t.Fatalf("the lab stores no %T", row)
		}
		return err
	})
	return max(now, revision)
}

func (l *lab) deleteExtension(number string) {
	l.t.Helper()
	l.edit(func(ctx context.Context, tx *db.Tx) error { return tx.DeleteExtension(ctx, pbx.DefaultTenant, number) })
}

// settled waits until a revision is applied or failed and returns the state.
func (l *lab) settled(revision int64) event.Apply {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 25*time.Second)
	defer cancel()
	return l.Wait(ctx, revision)
}

// applied waits until everything is applied.
func (l *lab) applied() {
	l.t.Helper()
	revision, err := l.store.Revision(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	if s := l.settled(revision); s.Progress(revision) != event.Applied {
		l.t.Fatalf("revision %d: %+v; log:\n%s", revision, s, l.log)
	}
}

// passes counts what is recorded about passes.
func (l *lab) passes() int {
	l.t.Helper()
	rs, err := l.store.ApplyResults(l.t.Context(), 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return len(rs)
}

// file reads one rendered file.
func (l *lab) file(name string) string {
	l.t.Helper()
	content, err := os.ReadFile(filepath.Join(l.config, name))
	if err != nil {
		l.t.Fatal(err)
	}
	return string(content)
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
