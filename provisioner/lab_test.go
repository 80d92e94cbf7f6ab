package provisioner

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a controller on a real database in front of a scripted Asterisk.
type lab struct {
	*Controller
	t        *testing.T
	asterisk *amitest.Asterisk
	store    *db.DB
	config   string
	log      *safeBuffer
}

// tester is the author of every change in the tests.
var tester = pbx.Author{Actor: "tester"}

// openStore opens a database that is closed with the test.
func openStore(t testing.TB, path string) *db.DB {
	t.Helper()
	return dbtest.Open(t, path, db.Open, db.Options{NoSync: true})
}

// newLab makes a controller that does not run yet.
func newLab(t *testing.T) *lab {
	t.Helper()
	config := t.TempDir()
	store := openStore(t, filepath.Join(t.TempDir(), "dialtone.db"))
	l := &lab{t: t, asterisk: amitest.NewAsterisk(t, config), store: store, config: config, log: &safeBuffer{}}
	l.fresh()
	return l
}

// fresh is what a restart of the program does: another controller on the same
// database and folder.
func (l *lab) fresh() {
	l.t.Helper()
	engine, err := templates.New()
	if err != nil {
		l.t.Fatal(err)
	}
	l.Controller, err = New(l.t.Context(), Options{
		DB: l.store, Templates: engine, ConfigDir: l.config, Patience: 100 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(l.log, nil)),
		Site: phoneconf.Site{SIPServer: "192.0.2.1", SIPPort: 5060, BaseURL: "http://192.0.2.1:8081"},
		AMI:  AMI{Address: l.asterisk.Address(), Username: "dialtone"},
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// extension stores an extension and returns its revision.
func (l *lab) extension(number, name string) int64 {
	l.t.Helper()
	return put(l, l.Extensions, number, &pbx.Extension{Tenant: pbx.DefaultTenant, Number: number, Name: name, RingSeconds: 20})
}

// device stores a device and returns its endpoint.
func (l *lab) device(name, extension string, qualify int) string {
	l.t.Helper()
	d := &pbx.Device{Tenant: pbx.DefaultTenant, Name: name, Extension: extension, Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: qualify}
	put(l, l.Devices, name, d)
	return d.Endpoint
}

func put[T any](l *lab, r *Resource[T], key string, row *T) int64 {
	l.t.Helper()
	stored, _, err := r.Edit(l.t.Context(), tester, pbx.DefaultTenant, key, Condition{}, func(*T) (*T, error) { return row, nil })
	if err != nil {
		l.t.Fatal(err)
	}
	return r.revision(stored)
}

// bulk stores many devices or extensions in one transaction, past the checks.
func (l *lab) bulk(fill func(*bulkTx)) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute) // long under the race detector
	defer cancel()
	_, err := l.store.Update(ctx, tester, func(tx *db.Tx) error {
		b := &bulkTx{l: l, tx: tx}
		fill(b)
		return b.err
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// bulkTx remembers the first error.
type bulkTx struct {
	l   *lab
	tx  *db.Tx
	err error
}

func (b *bulkTx) extension(e *pbx.Extension) {
	if b.err == nil {
		b.err = b.tx.PutExtension(b.l.t.Context(), e)
	}
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
