package provisioner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// awayLab is a controller that does not run, in front of a file of lines.
func awayLab(t *testing.T) (*lab, string) {
	t.Helper()
	l := newLab(t)
	l.bulk(func(b *bulkTx) {
		for name, number := range map[string]string{"caller": "101", "bob": "102", "carol": "103", "busy": "105"} {
			b.extension(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: number, Name: name, RingSeconds: 20})
			b.device(&pbx.Device{Tenant: pbx.DefaultTenant, Name: name, Extension: number, Endpoint: "d" + name, Secret: pbx.NewDeviceSecret()})
		}
	})
	l.fresh()
	path := filepath.Join(t.TempDir(), "dialtone.csv")
	l.comeBack(path)
	return l, path
}

// comeBack is another controller, connected, to whom no time passes while it pauses:
// nothing else writes the file.
func (l *lab) comeBack(path string) {
	l.fresh()
	l.away.path = path
	l.away.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	l.calls.listed = true
}

func lineFile(t *testing.T, path string, calls ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, call := range calls {
		text, err := os.ReadFile(filepath.Join("testdata", "calls", call+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *lab) away1(t *testing.T) {
	t.Helper()
	if err := l.away.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) outcomes(t *testing.T) string {
	t.Helper()
	rows, err := l.CDRs(t.Context(), pbx.DefaultTenant, db.CDRFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		out = append(out, string(r.Outcome))
	}
	return strings.Join(out, " ")
}

// Killed between any two steps, the next controller does what is left and nothing twice.
func TestAwayKilledAnywhere(t *testing.T) {
	const want = "busy voicemail answered"
	calls := []string{"answered", "voicemail", "busy"}
	steps := map[string]func(l *lab, path string){
		"before anything": func(*lab, string) {},
		"taken away": func(_ *lab, path string) {
			if err := os.Rename(path, path+takenSuffix); err != nil {
				t.Fatal(err)
			}
		},
		"some lines kept": func(l *lab, _ string) {
			if err := l.store.AddCDRLines(t.Context(), recordedLines(t, "voicemail")[:1]); err != nil {
				t.Fatal(err)
			}
		},
		"lines kept, file there": func(l *lab, path string) {
			lineFile(t, path+takenSuffix, calls...)
			if err := l.away.keepLines(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"all but the delete": func(l *lab, path string) {
			l.away1(t)
			lineFile(t, path+takenSuffix, calls...)
		},
		"all": func(l *lab, _ string) { l.away1(t) },
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			l, path := awayLab(t)
			lineFile(t, path, calls...)
			step(l, path)
			l.comeBack(path)
			for range 2 {
				l.away1(t)
			}
			if got := l.outcomes(t); got != want {
				t.Errorf("records %s, want %s", got, want)
			}
			for _, p := range []string{path, path + takenSuffix} {
				if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is still there: %v", filepath.Base(p), err)
				}
			}
			if left, err := l.store.CDRLines(t.Context(), "", time.Now(), 10); len(left) != 0 || err != nil {
				t.Errorf("lines are left: %v, %v", left, err)
			}
		})
	}
}

// A killed controller left a file with a part of a call's lines: the rest is in the next.
func TestAwayLinesInTwoFiles(t *testing.T) {
	l, path := awayLab(t)
	text, err := os.ReadFile(filepath.Join("testdata", "calls", "voicemail.csv"))
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	for name, text := range map[string]string{path + takenSuffix: first + "\n", path: rest} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l.away1(t)
	if got := l.outcomes(t); got != "voicemail" {
		t.Errorf("records %s", got)
	}
}

// Calls have their time to end before the file is taken away, and Asterisk has its time
// to finish a line before the file is read.
func TestAwayPauses(t *testing.T) {
	l, path := awayLab(t)
	lineFile(t, path, "voicemail")
	var states []string
	l.away.pause = func(_ context.Context, d time.Duration) error {
		state := d.String()
		for _, p := range []string{path, path + takenSuffix} {
			if _, err := os.Stat(p); err == nil {
				state += " " + filepath.Base(p)
			}
		}
		states = append(states, state+" "+l.outcomes(t))
		return nil
	}
	l.away1(t)
	if got, want := strings.Join(states, ", "), "3s dialtone.csv , 1s dialtone.csv.taken "; got != want {
		t.Errorf("it paused with %q, want %q", got, want)
	}
	if got := l.outcomes(t); got != "voicemail" {
		t.Errorf("records %s", got)
	}
}

// Lines of a call under way wait for its end; those of one that was seen are dropped.
func TestAwayKeepsOffLiveCalls(t *testing.T) {
	l, path := awayLab(t)
	answered, busy := recordedLines(t, "answered"), recordedLines(t, "busy")
	l.calls.calls[answered[0].Call] = &trackedCall{}
	seen := recordOfLines(l.Snapshot(), busy)
	seen.Outcome, seen.Incomplete = pbx.CallRefused, false
	if err := l.store.WriteCDRs(t.Context(), []*pbx.CDR{seen}, nil); err != nil {
		t.Fatal(err)
	}
	lineFile(t, path, "answered", "busy", "voicemail")
	l.away1(t)
	if got := l.outcomes(t); got != "refused voicemail" {
		t.Errorf("records %s", got)
	}
	delete(l.calls.calls, answered[0].Call)
	l.away1(t)
	if got := l.outcomes(t); got != "refused voicemail answered" {
		t.Errorf("after its end records %s", got)
	}
}

// Answers while away count for ring groups, once, and not those that were counted before.
func TestAwayCountsAnswers(t *testing.T) {
	l, path := awayLab(t)
	at := recordedLines(t, "answered")[0].Answer
	l.records.took(pbx.DefaultTenant, "102", at.Add(10)) // seen when it was answered
	lineFile(t, path, "answered", "forwarded")
	for range 2 {
		l.away1(t)
	}
	for extension, want := range map[string]int64{"101": 0, "102": 1, "103": 1} {
		if _, n := l.Answered(pbx.DefaultTenant, extension); n != want {
			t.Errorf("%s answered %d times, want %d", extension, n, want)
		}
	}
}

// A missing right is one warning, and its end is told.
func TestAwayWithoutRights(t *testing.T) {
	l, path := awayLab(t)
	if err := os.Mkdir(path+takenSuffix, 0o700); err != nil { // no file that could be read
		t.Fatal(err)
	}
	const warning = "calls that end while Dialtone is away have no record"
	for range 3 {
		l.away.warn(l.away.pass(t.Context()))
	}
	if n := strings.Count(l.log.String(), warning); n != 1 {
		t.Errorf("%d warnings:\n%s", n, l.log)
	}
	if err := os.Remove(path + takenSuffix); err != nil {
		t.Fatal(err)
	}
	l.away.warn(l.away.pass(t.Context()))
	if !strings.Contains(l.log.String(), "have their records again") {
		t.Errorf("its end is not told:\n%s", l.log)
	}
}

// Without a connection nothing is done: what is under way is not known.
func TestAwayWaitsForAsterisk(t *testing.T) {
	l, path := awayLab(t)
	l.calls.down()
	lineFile(t, path, "answered")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.away.run(ctx) }()
	l.away.nudge()
	l.until("for the nudge to be taken", func() bool { return len(l.away.wake) == 0 })
	l.away.nudge()
	l.until("for the second one", func() bool { return len(l.away.wake) == 0 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file was taken: %v", err)
	}
}
