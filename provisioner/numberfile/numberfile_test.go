package numberfile

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	platform = pbx.Author{Actor: "tester"}
	north    = pbx.Author{Actor: "north", Account: pbx.AccountOf("north", "")}
)

// office is Uploads on a database with a reseller that may have three numbers.
func office(t *testing.T) (*Uploads, *db.DB) {
	t.Helper()
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})
	_, err := store.Update(t.Context(), platform, func(tx *db.Tx) error {
		return tx.PutReseller(t.Context(), &pbx.Reseller{Name: "north", MaxNumbers: 3})
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{DB: store, Changed: func() {}, Log: slog.New(slog.DiscardHandler)}), store
}

const head = "Country Code,Phone Number,Voice,SMS,Fax\n"

// file is a file with a number for each of from to below to.
func file(from, to int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "49,+4930%07d,TRUE,FALSE,FALSE\n", 5_000_000+i)
	}
	return b.String()
}

// send sends a file whole.
func send(t *testing.T, u *Uploads, by pbx.Author, o Order, text string) (Status, error) {
	t.Helper()
	up, err := u.Begin(by, o)
	if err != nil {
		return Status{}, err
	}
	defer up.Close()
	if err := up.Read(t.Context(), strings.NewReader(text)); err != nil {
		return up.Status(), err
	}
	err = up.Bring(t.Context())
	return up.Status(), err
}

func numbers(t *testing.T, store *db.DB) (n int) {
	t.Helper()
	err := store.View(t.Context(), func(tx *db.Tx) error {
		ns, err := tx.Inventory(t.Context(), db.Reach{}, db.InventoryFilter{})
		n = len(ns)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The limit of an account counts for each row: those that have room are good.
func TestRoomIsAskedForEachRow(t *testing.T) {
	u, store := office(t)
	to := db.Assignment{Reseller: "north"}
	for _, c := range []struct {
		order Order
		file  string
		want  string
		have  int
	}{
		{Order{To: to}, file(0, 5), "refused 5 0: [{5 Phone Number reseller north may have 3 numbers, and has no room for this one} " +
			"{6 Phone Number reseller north may have 3 numbers, and has no room for this one}]", 0},
		{Order{To: to, DryRun: true}, file(0, 3), "done 3 3: []", 0},
		{Order{To: to}, file(0, 2), "done 2 2: []", 2},
		{Order{To: to, GoodOnly: true}, file(1, 5), "done 4 1: [{2 Phone Number number +49305000001 belongs to an account already} " +
			"{4 Phone Number reseller north may have 3 numbers, and has no room for this one} " +
			"{5 Phone Number reseller north may have 3 numbers, and has no room for this one}]", 3},
	} {
		s, err := send(t, u, north, c.order, c.file)
		if got := fmt.Sprintf("%s %d %d: %v", s.State, s.Rows, s.Added, s.Wrong); err != nil || got != c.want {
			t.Errorf("%v\n%s\nwant\n%s", err, got, c.want)
		}
		if got := numbers(t, store); got != c.have {
			t.Errorf("there are %d numbers, want %d", got, c.have)
		}
	}
}

// An account has one upload at a time, whatever becomes of it; others go on beside it.
func TestOneUploadForAnAccount(t *testing.T) {
	u, _ := office(t)
	first, err := u.Begin(north, Order{To: db.Assignment{Reseller: "north"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Begin(north, Order{DryRun: true}); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("a second one: %v", err)
	}
	if s, err := send(t, u, platform, Order{}, file(0, 1)); err != nil || s.Added != 1 {
		t.Errorf("another account's: %+v, %v", s, err)
	}
	if err := first.Read(t.Context(), strings.NewReader("nothing of use")); pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("a file that is none: %v", err)
	}
	s := first.Status()
	if s.State != Failed || !strings.Contains(s.Problem, "the file has a column") || s.Ended.IsZero() {
		t.Errorf("%+v", s)
	}
	second, err := u.Begin(north, Order{})
	if err != nil {
		t.Fatal(err)
	}
	second.Close() // as when the handler panics
	for i := range mostUnderWay {
		if _, err := u.Begin(pbx.Author{Account: pbx.Account(fmt.Sprint(i))}, Order{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := u.Begin(north, Order{}); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("more than may be under way: %v", err)
	}
	u.Forget(north.Account)
	if all := u.List(func(s Status) bool { return s.By.Account == north.Account }); len(all) != 0 {
		t.Errorf("of a reseller that is gone there is %+v", all)
	}
}

// Other writers go on while a file comes in and while a dry run checks it; an upload that is cut
// off brings nothing.
func TestNobodyWaitsForAFile(t *testing.T) {
	u, store := office(t)
	change := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := store.Update(ctx, platform, func(tx *db.Tx) error {
			r, err := tx.Reseller(ctx, "north")
			if err != nil {
				return err
			}
			r.MaxNumbers++
			return tx.PutReseller(ctx, r)
		}); err != nil {
			t.Fatal(err)
		}
	}
	out, in := io.Pipe()
	up, err := u.Begin(north, Order{To: db.Assignment{Reseller: "north"}})
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() { read <- up.Read(t.Context(), out) }()
	_, _ = io.WriteString(in, file(0, 1))
	change()
	_ = in.Close()
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	change()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := up.Bring(ctx); err == nil || numbers(t, store) != 0 {
		t.Errorf("an upload that was given up: %v, %d numbers", err, numbers(t, store))
	}
	// Two accounts with the same numbers: the second one is told, and has brought nothing.
	late, err := u.Begin(platform, Order{})
	if err != nil {
		t.Fatal(err)
	}
	if err := late.Read(t.Context(), strings.NewReader(file(1, 4))); err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, u, north, Order{To: db.Assignment{Reseller: "north"}}, file(3, 4)); err != nil {
		t.Fatal(err)
	}
	if err := late.Bring(t.Context()); err != nil || late.Status().State != Refused || numbers(t, store) != 1 {
		t.Errorf("%v, %+v", err, late.Status())
	}
}

// A file left to Run is brought there.
func TestLater(t *testing.T) {
	u, store := office(t)
	up, err := u.Begin(platform, Order{})
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Read(t.Context(), strings.NewReader(file(0, 3))); err != nil {
		t.Fatal(err)
	}
	up.Later()
	up.Close()
	if got := up.Status(); got.State != Waiting {
		t.Errorf("before Run it is %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	u.o.Changed = cancel
	go func() { ended <- u.Run(ctx) }()
	<-ended
	if got := numbers(t, store); got != 3 {
		t.Errorf("there are %d numbers", got)
	}
}

// TestAsOneThatCameSingly compares a number of a file with one that came singly.
func TestAsOneThatCameSingly(t *testing.T) {
	u, store := office(t)
	ctx := t.Context()
	_, err := store.Update(ctx, platform, func(tx *db.Tx) error {
		if err := tx.PutCarrier(ctx, &pbx.Carrier{Name: "telco", Service: "voice", Standard: true}); err != nil {
			return err
		}
		if err := tx.PutCarrier(ctx, &pbx.Carrier{Name: "texts", Service: "sms", Standard: true}); err != nil {
			return err
		}
		_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: "+4930555000", Voice: true, SMS: true},
			db.Assignment{Tenant: pbx.DefaultTenant})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := send(t, u, platform, Order{To: db.Assignment{Tenant: pbx.DefaultTenant}}, head+"49,+4930555001,TRUE,TRUE,\n")
	if err != nil || s.Added != 1 {
		t.Fatal(s, err)
	}
	err = store.View(ctx, func(tx *db.Tx) error {
		one, err := tx.InventoryNumber(ctx, db.Reach{}, "+4930555000")
		if err != nil {
			return err
		}
		other, err := tx.InventoryNumber(ctx, db.Reach{}, "+4930555001")
		if err != nil {
			return err
		}
		other.Number, other.Version, other.Revision = one.Number, one.Version, one.Revision
		if diff := cmp.Diff(one, other); diff != "" {
			t.Error(diff)
		}
		_, err = tx.Number(ctx, pbx.DefaultTenant, "+4930555001")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkUpload tells how long 100,000 rows take, how long writers wait for them, and the
// memory that they hold.
func BenchmarkUpload(b *testing.B) {
	store := dbtest.Open(b, filepath.Join(b.TempDir(), "dialtone.db"), db.Open, db.Options{})
	u := New(Options{DB: store, Changed: func() {}, Log: slog.New(slog.DiscardHandler)})
	for i := 0; b.Loop(); i++ {
		text := file(i*100_000, (i+1)*100_000)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		up, err := u.Begin(platform, Order{})
		if err != nil {
			b.Fatal(err)
		}
		if err := up.Read(b.Context(), strings.NewReader(text)); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
		start := time.Now()
		if err := up.check(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "check-s")
		start = time.Now()
		if err := up.write(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "write-s")
		up.Close()
	}
}
