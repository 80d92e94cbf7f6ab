package main

import (
	"bytes"
	wave "encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// recording is what the API says of a recorded call.
type recording struct {
	Name, From, To string
	Seconds        float64
	Finished       bool
}

func (l *lab) recordings(t *testing.T) []recording {
	t.Helper()
	var page struct{ Items []recording }
	l.do(t, "GET", tenant+"/recordings", nil, &page)
	return page.Items
}

// TestRecordingRealAsterisk: calls to and from a recorded extension leave a file
// with both voices, no other call does, and it is fetched and deleted by API;
// decided by the controller and by the fallback, on both generations.
func TestRecordingRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			l.extension(t, "100", "", nil)
			l.extension(t, "101", "", object{"record": true})
			l.extension(t, "102", "4711", nil)
			plain := l.register(t, l.device(t, "plain", "100", nil), phone.Options{})
			kept := l.register(t, l.device(t, "kept", "101", nil), phone.Options{})
			other := l.register(t, l.device(t, "other", "102", nil), phone.Options{})
			call := func(from, to *phone.Phone, number string) {
				out, in := connect(t, from, to, number)
				talk(t, out, in)
				hangUp(t, out, in)
			}
			run := func() {
				call(plain, kept, "101")
				call(kept, other, "102")
				call(plain, other, "102")
				ignored := dial(t, kept, "102") // goes to voicemail: nothing to record
				if err := rings(t, ignored, other).Reject(486); err != nil {
					t.Fatal(err)
				}
				if err := ignored.WaitAnswer(); err != nil {
					t.Fatal(err)
				}
				hearsSpeech(t, ignored)
				if err := ignored.Hangup(within(t, 10*time.Second)); err != nil {
					t.Fatal(err)
				}
				l.noChannels(t)
			}
			t.Run("decided", func(t *testing.T) { run(); l.checkRecordings(t) })
			l.kill(t)
			run()
			l.restart(t)
			t.Run("fallback", l.checkRecordings)
		})
	}
}

// checkRecordings expects two recordings with both voices and deletes them.
func (l *lab) checkRecordings(t *testing.T) {
	var got []recording
	eventually(t, 10*time.Second, func() string {
		got = l.recordings(t)
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
		path := tenant + "/recordings/" + r.Name
		sound := samples(t, []byte(l.get(t, path)))
		caller, callee, nobody := strength(sound, callerTone), strength(sound, calleeTone), strength(sound, 1730)
		if r.Seconds < 1 || caller < 20*nobody || callee < 20*nobody {
			t.Errorf("%s: %.1f seconds, caller %.4f, callee %.4f, nobody %.4f", r.Name, r.Seconds, caller, callee, nobody)
		}
		l.do(t, "DELETE", path, nil, nil)
		if again := l.refused(t, "GET", path, nil); again == nil || again.Status != 404 {
			t.Errorf("deleted, it is answered by %+v", again)
		}
	}
	if left := l.recordings(t); len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
	l.do(t, "PUT", "/v1/tenants/other", object{"timezone": "UTC"}, nil)
	for path, status := range map[string]int{
		"/v1/tenants/nope/recordings": 404, tenant + "/recordings/..%2fx": 422, tenant + "/recordings/x": 422,
		"/v1/tenants/other/recordings/" + got[0].Name: 404,
	} {
		if r := l.refused(t, "GET", path, nil); r == nil || r.Status != status {
			t.Errorf("%s is answered by %+v", path, r)
		}
	}
}

// samples reads a WAV file of 16 bits, one channel, 8,000 Hz.
func samples(t *testing.T, wav []byte) []float64 {
	t.Helper()
	if !strings.HasPrefix(string(wav), "RIFF") || len(wav) < 44 || wave.LittleEndian.Uint32(wav[24:]) != 8000 {
		t.Fatalf("no WAV file of 8,000 Hz: %q", wav[:min(44, len(wav))])
	}
	raw := make([]int16, (len(wav)-44)/2)
	if err := wave.Read(bytes.NewReader(wav[44:]), wave.LittleEndian, raw); err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(raw))
	for i, s := range raw {
		out[i] = float64(s) / math.MaxInt16
	}
	return out
}

// strength is the amplitude of one frequency in a sound (Goertzel, second by second).
func strength(sound []float64, hz float64) (most float64) {
	const window = 800
	for ; len(sound) >= window; sound = sound[window:] {
		var re, im float64
		for i, s := range sound[:window] {
			angle := 2 * math.Pi * hz * float64(i) / 8000
			re, im = re+s*math.Cos(angle), im+s*math.Sin(angle)
		}
		most = max(most, 2*math.Hypot(re, im)/window)
	}
	return most
}
