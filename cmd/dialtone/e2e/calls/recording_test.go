package calls

import (
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestRecordingRealAsterisk: calls to and from a recorded extension leave a file
// with both voices, no other call does, and it is fetched and deleted by API;
// decided by the controller and by the fallback, on both generations.
func TestRecordingRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.Extension(t, "100", "", nil)
			l.Extension(t, "101", "", Object{"record": true})
			l.Extension(t, "102", "4711", nil)
			plain := l.Register(t, l.Device(t, "plain", "100", nil), phone.Options{})
			kept := l.Register(t, l.Device(t, "kept", "101", nil), phone.Options{})
			other := l.Register(t, l.Device(t, "other", "102", nil), phone.Options{})
			call := func(from, to *phone.Phone, number string) {
				out, in := Connect(t, from, to, number)
				Talk(t, out, in)
				HangUp(t, out, in)
			}
			run := func() {
				call(plain, kept, "101")
				call(kept, other, "102")
				call(plain, other, "102")
				ignored := Dial(t, kept, "102") // goes to voicemail: nothing to record
				if err := Rings(t, ignored, other).Reject(486); err != nil {
					t.Fatal(err)
				}
				if err := ignored.WaitAnswer(); err != nil {
					t.Fatal(err)
				}
				HearsSpeech(t, ignored)
				if err := ignored.Hangup(Within(t, 10*time.Second)); err != nil {
					t.Fatal(err)
				}
				l.NoChannels(t)
			}
			t.Run("decided", func(t *testing.T) { run(); l.checkRecordings(t) })
			l.Kill(t)
			run()
			l.Restart(t)
			t.Run("fallback", l.checkRecordings)
		})
	}
}

// checkRecordings expects two recordings with both voices and deletes them.
func (l *lab) checkRecordings(t *testing.T) {
	var got []Recording
	Eventually(t, 10*time.Second, func() string {
		got = l.Recordings(t)
		for _, r := range got {
			if !r.Finished {
				return r.Name + " is not finished"
			}
		}
		return ""
	})
	if len(got) != 2 || got[0].From+" "+got[0].To != "100 101" || got[1].From+" "+got[1].To != "101 102" {
		t.Fatalf("the recordings are %+v", got)
	}
	for _, r := range got {
		path := Tenant + "/recordings/" + r.Name
		sound := Samples(t, []byte(l.Get(t, path)))
		caller, callee, nobody := Strength(sound, CallerTone), Strength(sound, CalleeTone), Strength(sound, 1730)
		if r.Seconds < 1 || caller < 20*nobody || callee < 20*nobody {
			t.Errorf("%s: %.1f seconds, caller %.4f, callee %.4f, nobody %.4f", r.Name, r.Seconds, caller, callee, nobody)
		}
		l.Do(t, "DELETE", path, nil, nil)
		if again := l.Refused(t, "GET", path, nil); again == nil || again.Status != 404 {
			t.Errorf("deleted, it is answered by %+v", again)
		}
	}
	if left := l.Recordings(t); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
	l.Do(t, "PUT", "/v1/tenants/other", Object{"timezone": "UTC"}, nil)
	for path, status := range map[string]int{
		"/v1/tenants/nope/recordings": 404, Tenant + "/recordings/..%2fx": 422, Tenant + "/recordings/x": 422,
		"/v1/tenants/other/recordings/" + got[0].Name: 404,
	} {
		if r := l.Refused(t, "GET", path, nil); r == nil || r.Status != status {
			t.Errorf("%s is answered by %+v", path, r)
		}
	}
}
