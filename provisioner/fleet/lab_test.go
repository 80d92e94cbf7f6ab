package fleet

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/phonehttp"
	"github.com/dialtone-pbx/dialtone/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is a time for tests that need no particular one.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// openStore opens a database that is closed with the test.
func openStore(t testing.TB) *db.DB {
	t.Helper()
	return dbtest.Open(t, filepath.Join(t.TempDir(), "x.db"), db.Open, db.Options{NoSync: true})
}

// store writes the rows that wait in memory.
func store(t testing.TB, l interface{ Flush(context.Context) error }) {
	t.Helper()
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// testOptions are those of a part that needs no Asterisk, for the phones of a snapshot.
func testOptions(t testing.TB, ps ...*pbx.Phone) Options {
	snapshot := seenSnapshot(1, ps...)
	return Options{DB: openStore(t), Log: slog.New(slog.DiscardHandler), Events: event.NewHub(), Snapshot: func() *pbx.Snapshot { return snapshot },
		Session: func() (*ami.Session, error) { return nil, ami.ErrDown }, Registered: func(string) bool { return false }}
}

// lab is a fleet on a real database in front of a scripted Asterisk. It goes by the
// database, as if the apply loop had brought each change to Asterisk at once.
type lab struct {
	*Fleet
	t        *testing.T
	asterisk *amitest.Server
	store    *db.DB
	hub      *event.Hub
	log      *safeBuffer
	sites    string // folder of the site's own templates
	current  atomic.Pointer[pbx.Snapshot]
	session  atomic.Pointer[ami.Session]
	stop     func()
	away     atomic.Bool // no phone is registered
}

// newLab makes a fleet that does not run yet.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, asterisk: amitest.NewServer(t), store: openStore(t), hub: event.NewHub(), log: &safeBuffer{}, sites: t.TempDir()}
	l.fresh()
	return l
}

// fresh does a restart of the program: it makes another fleet on the same database and
// folders.
func (l *lab) fresh() {
	l.t.Helper()
	l.current.Store(l.snapshot())
	engine, err := templates.New()
	if err != nil {
		l.t.Fatal(err)
	}
	engine = engine.WithSite(l.sites)
	site := phoneconf.Site{SIPServer: "192.0.2.1", SIPPort: 5060, BaseURL: "http://192.0.2.1:8081"}
	l.Fleet, err = New(l.t.Context(), Options{DB: l.store, Templates: engine, Log: slog.New(slog.NewTextHandler(l.log, nil)), Events: l.hub,
		Site: site, Hash: phonehttp.NewFiles(phonehttp.FilesOptions{Engine: engine, Site: site}).Hash, Session: l.connection,
		Registered: func(string) bool { return !l.away.Load() }, Snapshot: l.current.Load})
	if err != nil {
		l.t.Fatal(err)
	}
	l.Orders.jitter = func() time.Duration { return 0 }
}

func (l *lab) connection() (*ami.Session, error) {
	if s := l.session.Load(); s != nil {
		return s, nil
	}
	return nil, ami.ErrDown
}

// start runs it until stop is called or the test ends.
func (l *lab) start() {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	client := ami.New(ami.Options{Address: l.asterisk.Address(), Username: "dialtone", Logger: slog.New(slog.DiscardHandler),
		OnUp:   func(_ context.Context, s *ami.Session) { s.StartEvents(); l.session.Store(s) },
		OnDown: func(error) { l.session.Store(nil) }, OnEvent: func(ami.Event) {}})
	var running sync.WaitGroup
	running.Go(func() { _ = client.Run(ctx) })
	running.Go(func() { _ = l.Run(ctx) })
	l.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	l.t.Cleanup(l.stop)
	l.until("for the connection", func() bool { return l.session.Load() != nil })
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
			l.t.Fatalf("waiting %s: not within thirty seconds; log:\n%s", what, l.log)
		}
	}
}

func (l *lab) snapshot() *pbx.Snapshot {
	l.t.Helper()
	s, err := l.store.Snapshot(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

// edit makes one change and lets the fleet know.
func (l *lab) edit(change func(ctx context.Context, tx *db.Tx) error) {
	l.t.Helper()
	_, err := l.store.Update(l.t.Context(), pbx.Author{Actor: "tester"}, func(tx *db.Tx) error { return change(l.t.Context(), tx) })
	if err != nil {
		l.t.Fatal(err)
	}
	now := l.snapshot()
	l.Changed(l.t.Context(), l.current.Swap(now), now)
}

// put stores a row.
func put[T any](l *lab, store func(*db.Tx, context.Context, *T) error, row *T) {
	l.t.Helper()
	l.edit(func(ctx context.Context, tx *db.Tx) error { return store(tx, ctx, row) })
}

func (l *lab) extension(number, name string) {
	l.t.Helper()
	put(l, (*db.Tx).PutExtension, &pbx.Extension{Tenant: pbx.DefaultTenant, Number: number, Name: name, RingSeconds: 20})
}

// device stores one and returns its endpoint.
func (l *lab) device(name, extension string) string {
	l.t.Helper()
	d := &pbx.Device{Tenant: pbx.DefaultTenant, Name: name, Extension: extension, Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: 60}
	put(l, (*db.Tx).PutDevice, d)
	return d.Endpoint
}

// phone stores one with a line for each device.
func (l *lab) phone(mac pbx.MAC, vendor pbx.Vendor, model string, devices ...string) {
	l.t.Helper()
	p := &pbx.Phone{Tenant: pbx.DefaultTenant, MAC: mac, Vendor: vendor, Model: model, URLSecret: pbx.NewURLSecret()}
	for i, d := range devices {
		p.Lines = append(p.Lines, pbx.Line{Registration: i + 1, Device: d})
	}
	put(l, (*db.Tx).PutPhone, p)
}

// told waits until each order is sent and returns the NOTIFYs after the first n.
func (l *lab) told(n int) []amitest.Action {
	l.t.Helper()
	l.Orders.mu.Lock()
	last := int(l.Orders.last)
	l.Orders.mu.Unlock()
	l.until("for the orders", func() bool { return len(l.asterisk.Actions("PJSIPNotify")) >= last })
	return l.asterisk.Actions("PJSIPNotify")[n:]
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
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
