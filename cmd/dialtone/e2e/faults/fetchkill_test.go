package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// recordedWithin is how long before a kill -9 an answered request may be unknown after
// it. On a busy machine the record is as much later as the machine is.
const recordedWithin = time.Second

// answered is a request that a phone had an answer to.
type answered struct {
	mac   pbx.MAC
	agent string // no two requests have the same
	at    time.Time
}

// TestFetchRecordsSurviveKillRealAsterisk kills the controller as kill -9 does while
// phones fetch without a pause. What was answered more than a second before is in
// the record of its phone, each request once; a start after that finds it.
func TestFetchRecordsSurviveKillRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	var macs []pbx.MAC
	for range 40 {
		mac := NewMAC()
		l.Do(t, "PUT", "/v1/tenants/default/phones/"+mac, Object{"vendor": "yealink", "model": "T46U"}, nil, "Prefer", "wait=30")
		macs = append(macs, pbx.MAC(mac))
	}
	store, err := db.Open(t.Context(), l.Database, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Snapshot(t.Context())
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	all, killed, late := l.fetchUntilKilled(t, s, macs)
	mayBeLost := recordedWithin + late
	l.Restart(t)
	recorded := l.recorded(t, macs)
	old, lost, last := 0, 0, 0
	for _, a := range all {
		switch n := recorded[string(a.mac)+a.agent]; {
		case n > 1:
			t.Fatalf("one request of %s is recorded %d times", a.mac, n)
		case killed.Sub(a.at) <= mayBeLost:
			if last++; n == 0 {
				lost++
			}
		case n == 0:
			t.Fatalf("of %s the request answered %v before the kill is lost", a.mac, killed.Sub(a.at))
		default:
			old++
		}
	}
	t.Logf("%d requests answered earlier are all recorded; of %d in the last %v %d are not", old, last, mayBeLost, lost)
	if (old < 4*len(macs) && late < recordedWithin/4) || last == 0 { // a machine that was late asked little
		t.Errorf("%d requests before the last second and %d in it say little", old, last)
	}
}

// fetchUntilKilled lets each phone ask for its file again and again, and kills the
// controller before the record of any phone is full. It tells how late the machine was in
// the last second before that.
func (l *lab) fetchUntilKilled(t *testing.T, s *pbx.Snapshot, macs []pbx.MAC) (all []answered,
	killed time.Time, late time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var phones sync.WaitGroup
	ctx, kill := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer kill()
	var early error
	for _, mac := range macs {
		url := l.Phones + "/p/" + s.Phone(mac).URLSecret.Reveal() + "/" + string(mac) + ".cfg"
		phones.Go(func() {
			tick := time.NewTicker(75 * time.Millisecond)
			defer tick.Stop()
			for n := range 45 { // of a MAC 50 rows are kept
				agent := fmt.Sprintf("Yealink SIP-T46U 108.86.0.%d %s", n, mac.Colons())
				err := fetchAs(url, agent)
				mu.Lock()
				if err == nil {
					all = append(all, answered{mac, agent, time.Now()})
				} else if ctx.Err() == nil {
					early = err
				}
				mu.Unlock()
				if err != nil {
					return // it was killed
				}
				<-tick.C
			}
		})
	}
	<-ctx.Done()
	killed, late = time.Now(), Late(time.Now().Add(-recordedWithin))
	l.Kill(t)
	phones.Wait()
	if early != nil {
		t.Fatalf("before the kill: %v", early)
	}
	return all, killed, late
}

func fetchAs(url, agent string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", agent)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// recorded counts the requests in the records of phones, as the API shows them.
func (l *lab) recorded(t *testing.T, macs []pbx.MAC) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, mac := range macs {
		var page struct {
			Items []struct {
				UserAgent string `json:"user_agent"`
			}
		}
		l.Do(t, "GET", "/v1/tenants/default/phones/"+string(mac)+"/fetches", nil, &page)
		for _, f := range page.Items {
			out[string(mac)+f.UserAgent]++
		}
	}
	return out
}
