package cdr

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// awayRig is a recorder in front of a file of lines; Asterisk's list of calls under way is
// known. No time passes while it pauses: nothing else writes the file.
type awayRig struct {
	*rig
	away     *Away
	path     string
	underWay map[string]bool
	known    bool
}

func newAwayRig(t *testing.T) *awayRig {
	t.Helper()
	r := &awayRig{rig: newRig(t), path: filepath.Join(t.TempDir(), "dialtone.csv"), underWay: map[string]bool{}, known: true}
	r.comeBack()
	return r
}

// comeBack is what a restart of the program does.
func (r *awayRig) comeBack() {
	r.fresh()
	r.away = NewAway(AwayOptions{File: r.path, Records: r.Recorder, Snapshot: func() *pbx.Snapshot { return r.office },
		UnderWay: func() (map[string]bool, bool) { return maps.Clone(r.underWay), r.known }})
	r.away.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
}

func lineFile(t *testing.T, path string, calls ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, call := range calls {
		text, err := os.ReadFile(filepath.Join("testdata", call+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *awayRig) pass(t *testing.T) {
	t.Helper()
	if err := r.away.pass(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (r *awayRig) outcomes(t *testing.T) string {
	t.Helper()
	rows, err := r.List(t.Context(), pbx.DefaultTenant, db.CDRFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows {
		out = append(out, string(row.Outcome))
	}
	return strings.Join(out, " ")
}

// Killed between any two steps, the next controller does what is left and nothing twice.
func TestAwayKilledAnywhere(t *testing.T) {
	const want = "busy voicemail answered"
	calls := []string{"answered", "voicemail", "busy"}
	steps := map[string]func(r *awayRig){
		"before anything": func(*awayRig) {},
		"taken away": func(r *awayRig) {
			if err := os.Rename(r.path, r.path+takenSuffix); err != nil {
				t.Fatal(err)
			}
		},
		"some lines kept": func(r *awayRig) {
			if err := r.store.AddCDRLines(t.Context(), recordedLines(t, "voicemail")[:1]); err != nil {
				t.Fatal(err)
			}
		},
		"lines kept, file there": func(r *awayRig) {
			lineFile(t, r.path+takenSuffix, calls...)
			if err := r.away.keepLines(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"all but the delete": func(r *awayRig) {
			r.pass(t)
			lineFile(t, r.path+takenSuffix, calls...)
		},
		"all": func(r *awayRig) { r.pass(t) },
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			r := newAwayRig(t)
			lineFile(t, r.path, calls...)
			step(r)
			r.comeBack()
			for range 2 {
				r.pass(t)
			}
			if got := r.outcomes(t); got != want {
				t.Errorf("records %s, want %s", got, want)
			}
			for _, p := range []string{r.path, r.path + takenSuffix} {
				if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is still there: %v", filepath.Base(p), err)
				}
			}
			if left, err := r.store.CDRLines(t.Context(), "", time.Now(), 10); len(left) != 0 || err != nil {
				t.Errorf("lines are left: %v, %v", left, err)
			}
		})
	}
}

// A killed controller left a file with a part of a call's lines: the rest is in the next.
func TestAwayLinesInTwoFiles(t *testing.T) {
	r := newAwayRig(t)
	text, err := os.ReadFile(filepath.Join("testdata", "voicemail.csv"))
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	for name, text := range map[string]string{r.path + takenSuffix: first + "\n", r.path: rest} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.pass(t)
	if got := r.outcomes(t); got != "voicemail" {
		t.Errorf("records %s", got)
	}
}

// Lines of a call under way wait for its end; those of one that was seen are dropped.
func TestAwayKeepsOffLiveCalls(t *testing.T) {
	r := newAwayRig(t)
	answered, busy := recordedLines(t, "answered"), recordedLines(t, "busy")
	r.underWay[answered[0].Call] = true
	seen := recordOfLines(r.office, busy)
	seen.Outcome, seen.Incomplete = pbx.CallRefused, false
	if err := r.store.WriteCDRs(t.Context(), []*pbx.CDR{seen}, nil); err != nil {
		t.Fatal(err)
	}
	lineFile(t, r.path, "answered", "busy", "voicemail")
	r.pass(t)
	if got := r.outcomes(t); got != "refused voicemail" {
		t.Errorf("records %s", got)
	}
	delete(r.underWay, answered[0].Call)
	r.pass(t)
	if got := r.outcomes(t); got != "refused voicemail answered" {
		t.Errorf("after its end records %s", got)
	}
}

// Answers while away count for ring groups, once, and not those that were counted before.
func TestAwayCountsAnswers(t *testing.T) {
	r := newAwayRig(t)
	at := recordedLines(t, "answered")[0].Answer
	r.Count(pbx.DefaultTenant, "102", at.Add(10)) // seen when it was answered
	lineFile(t, r.path, "answered", "forwarded")
	for range 2 {
		r.pass(t)
	}
	for extension, want := range map[string]int64{"101": 0, "102": 1, "103": 1} {
		if _, n := r.Answered(pbx.DefaultTenant, extension); n != want {
			t.Errorf("%s answered %d times, want %d", extension, n, want)
		}
	}
}

// A missing right is one warning, and its end is told.
func TestAwayWithoutRights(t *testing.T) {
	r := newAwayRig(t)
	if err := os.Mkdir(r.path+takenSuffix, 0o700); err != nil { // no file that could be read
		t.Fatal(err)
	}
	const warning = "calls that end while Dialtone is away have no record"
	for range 3 {
		r.away.warn(r.away.pass(t.Context()))
	}
	if n := strings.Count(r.log.String(), warning); n != 1 {
		t.Errorf("%d warnings:\n%s", n, r.log)
	}
	if err := os.Remove(r.path + takenSuffix); err != nil {
		t.Fatal(err)
	}
	r.away.warn(r.away.pass(t.Context()))
	if !strings.Contains(r.log.String(), "have their records again") {
		t.Errorf("its end is not told:\n%s", r.log)
	}
}

// Calls have their time to end before the file is taken away, and Asterisk has its time
// to finish a line before the file is read.
func TestAwayPauses(t *testing.T) {
	r := newAwayRig(t)
	lineFile(t, r.path, "voicemail")
	var states []string
	r.away.pause = func(_ context.Context, d time.Duration) error {
		state := d.String()
		for _, p := range []string{r.path, r.path + takenSuffix} {
			if _, err := os.Stat(p); err == nil {
				state += " " + filepath.Base(p)
			}
		}
		states = append(states, state+" "+r.outcomes(t))
		return nil
	}
	r.pass(t)
	if got, want := strings.Join(states, ", "), "3s dialtone.csv , 1s dialtone.csv.taken "; got != want {
		t.Errorf("it paused with %q, want %q", got, want)
	}
	if got := r.outcomes(t); got != "voicemail" {
		t.Errorf("records %s", got)
	}
}

// Without a connection nothing is done: what is under way is not known.
func TestAwayWaitsForAsterisk(t *testing.T) {
	r := newAwayRig(t)
	r.known = false
	lineFile(t, r.path, "answered")
	synctest.Test(t, func(t *testing.T) {
		a := NewAway(r.away.o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		a.Nudge()
		synctest.Wait()
		<-time.After(3 * awayEvery) // by the clock of the bubble
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if _, err := os.Stat(r.path); err != nil {
		t.Errorf("the file was taken: %v", err)
	}
}
