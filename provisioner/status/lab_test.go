package status

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
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
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a watcher on a real database in front of a scripted Asterisk. Devices are in
// memory.
type lab struct {
	*Watcher
	t        *testing.T
	asterisk *amitest.Server
	store    *db.DB
	session  atomic.Pointer[ami.Session]
	stop     func()
	backs    chan string // what Back was told

	mu      sync.Mutex
	devices map[string]*pbx.Device // by endpoint
}

// newLab makes a watcher that does not run yet.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, asterisk: amitest.NewServer(t), devices: map[string]*pbx.Device{}, backs: make(chan string, 100_000),
		store: dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})}
	l.fresh()
	return l
}

// fresh is what a restart of the program does: another watcher on the same database.
func (l *lab) fresh() {
	l.t.Helper()
	w, err := New(l.t.Context(), Options{DB: l.store, Log: slog.New(slog.DiscardHandler), Events: event.NewHub(), Device: l.deviceOf,
		Back: func(endpoint string) { l.backs <- endpoint }})
	if err != nil {
		l.t.Fatal(err)
	}
	l.Watcher = w
}

func (l *lab) deviceOf(endpoint string) *pbx.Device {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.devices[endpoint]
}

// device adds one and returns its endpoint.
func (l *lab) device(name string, qualify int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := &pbx.Device{Tenant: pbx.DefaultTenant, Name: name, Endpoint: pbx.NewEndpointName(), QualifySeconds: qualify}
	l.devices[d.Endpoint] = d
	return d.Endpoint
}

// deleteAllBut deletes the devices but one.
func (l *lab) deleteAllBut(endpoint string) {
	l.t.Helper()
	d := l.deviceOf(endpoint)
	l.mu.Lock()
	l.devices = map[string]*pbx.Device{endpoint: d}
	l.mu.Unlock()
	l.Forget(pbx.NewSnapshot(99, pbx.Rows{Devices: []*pbx.Device{d}}))
}

// start runs it until stop is called or the test ends.
func (l *lab) start() {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := l.Watcher
	client := ami.New(ami.Options{Address: l.asterisk.Address(), Username: "dialtone", Logger: slog.New(slog.DiscardHandler),
		OnUp: func(ctx context.Context, s *ami.Session) {
			if w.Up(ctx, s) != nil {
				s.Close()
				return
			}
			s.StartEvents()
			l.session.Store(s)
			w.Live(ctx, s)
		},
		OnDown: func(error) { w.Down() }, OnEvent: w.Handle})
	var running sync.WaitGroup
	running.Go(func() { _ = client.Run(ctx) })
	running.Go(func() { _ = w.Run(ctx) })
	l.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	l.t.Cleanup(l.stop)
	l.until("for the first list", func() bool { _, stale := w.Of(""); return stale.IsZero() })
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
			l.t.Fatalf("waiting %s: not within thirty seconds", what)
		}
	}
}

// contact sends what Asterisk sends when a contact changes.
func (l *lab) contact(endpoint, uri, status string) {
	l.asterisk.Send("ContactStatus", "AOR", endpoint, "EndpointName", endpoint, "URI", uri, "ContactStatus", status,
		"RoundtripUsec", map[bool]string{true: "12500", false: "0"}[status == "Reachable"])
}

// shows waits for a status: "OK 192.0.2.7:5062".
func (l *lab) shows(endpoint, want string) pbx.EndpointStatus {
	l.t.Helper()
	var s pbx.EndpointStatus
	l.until("for "+want, func() bool {
		s, _ = l.Of(endpoint)
		return strings.TrimSpace(string(s.Reach)+" "+addressText(s.Address)) == want
	})
	return s
}
