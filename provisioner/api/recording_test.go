package api

import (
	wave "encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const aRecording = "20261122T091032Z_100_101_1795338632.8"

// record writes a recorded call as Asterisk leaves it, of so many bytes of sound.
func (l *lab) record(tenant, name string, sound int) string {
	l.t.Helper()
	dir := filepath.Join(l.recorded, tenant)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		l.t.Fatal(err)
	}
	wav := append([]byte("RIFF"), make([]byte, 40+sound)...)
	wave.LittleEndian.PutUint32(wav[40:], uint32(sound))
	path := filepath.Join(dir, name+".wav")
	if err := os.WriteFile(path, wav, 0o600); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// recordedCall writes the record of a call from outside that an extension of tenant default
// has just answered.
func (l *lab) recordedCall(recording, extension string) {
	l.t.Helper()
	now, by := time.Now(), pbx.CallParty{Number: extension, Extension: extension}
	l.ctl.Records.Add(&pbx.CDR{CallID: recording, Tenant: "default", Started: now, Answered: now, Ended: now,
		From: pbx.CallParty{Number: "100"}, Dialled: extension, By: by, Outcome: pbx.CallAnswered, Recording: recording})
	l.until("for the record of the call", func() bool {
		return strings.Contains(l.must(200, "GET", "cdrs", "").Body, recording)
	})
}

// TestRecordings: a tenant's recordings are listed in pages, fetched in whole and
// in part, and deleted; nothing else in the folder is, nor another tenant's.
func TestRecordings(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	l.record("default", aRecording, 24000)
	second := strings.Replace(aRecording, "2026", "2027", 1)
	growing := l.record("default", second, 24000)
	if err := os.Truncate(growing, 20000); err != nil {
		t.Fatal(err)
	}
	silent := l.record("default", strings.Replace(aRecording, "2026", "2024", 1), 0)
	rings := l.record("default", strings.Replace(aRecording, "2026", "2025", 1), 0)
	beyond := l.record("default", strings.Replace(aRecording, "2026", "2028", 1), 0)
	long := time.Now().Add(-2 * time.Hour)
	for _, path := range []string{silent, beyond} {
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	l.record("default", "notes", 10)
	l.record("acme", strings.Replace(aRecording, "_100_", "_900_", 1), 100)
	if err := os.Symlink("/etc/passwd", filepath.Join(l.recorded, "default", "20261122T091032Z_1_2_3.wav")); err != nil {
		t.Fatal(err)
	}
	page := l.must(200, "GET", "recordings?limit=1", "")
	if !strings.Contains(page.Body, `"from":"100"`) || !strings.Contains(page.Body, `"seconds":1.5,`) || !strings.Contains(page.Body, `"finished":true`) || page.text("next") != aRecording {
		t.Errorf("the first page is %s", page.Body)
	}
	if _, err := os.Stat(beyond); err != nil {
		t.Errorf("a file beyond the page was looked at: %v", err)
	}
	page = l.must(200, "GET", "recordings?after="+aRecording, "")
	if !strings.Contains(page.Body, second) || !strings.Contains(page.Body, `"finished":false`) || strings.Count(page.Body, `"name"`) != 1 {
		t.Errorf("the second page is %s", page.Body)
	}
	if _, err := os.Stat(silent); !os.IsNotExist(err) {
		t.Error("an old file without sound is still there")
	}
	if _, err := os.Stat(rings); err != nil {
		t.Errorf("the file of a call that may still ring: %v", err)
	}
	whole := l.must(200, "GET", "recordings/"+aRecording, "")
	if len(whole.Body) != 24044 || whole.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("%d bytes of %s", len(whole.Body), whole.Header.Get("Content-Type"))
	}
	if part := l.must(206, "GET", "recordings/"+aRecording, "", "Range: bytes=0-3"); part.Body != "RIFF" {
		t.Errorf("a part is %q", part.Body)
	}
	runWrong(t, l, []wrong{
		{name: "unknown", method: "GET", path: "recordings/20261122T091032Z_1_2_4", status: 404, detail: "does not exist"},
		{name: "no sound yet", method: "GET", path: "recordings/" + strings.Replace(aRecording, "2026", "2025", 1), status: 404},
		{name: "another tenant's", method: "GET", path: "recordings/" + strings.Replace(aRecording, "_100_", "_900_", 1), status: 404},
		{name: "delete another tenant's", method: "DELETE", path: "recordings/" + strings.Replace(aRecording, "_100_", "_900_", 1), status: 404},
		{name: "no recording", method: "GET", path: "recordings/notes", status: 422, field: "name"},
		{name: "path", method: "DELETE", path: "recordings/..%2Facme%2F" + aRecording, status: 422, field: "name"},
		{name: "tenant with recordings", method: "DELETE", path: "/v1/tenants/acme", status: 409, detail: "recording 2026"},
		{name: "no tenant", method: "GET", path: "/v1/tenants/nope/recordings", status: 404},
	})
	if r := l.do("GET", "recordings/20261122T091032Z_1_2_3", ""); r.Status/100 == 2 || strings.Contains(r.Body, "root:") {
		t.Errorf("a link out of the folder is answered by %d", r.Status)
	}
	l.must(200, "DELETE", "/v1/tenants/acme/recordings/"+strings.Replace(aRecording, "_100_", "_900_", 1), "")
	l.must(200, "DELETE", "/v1/tenants/acme", "")
	l.must(200, "DELETE", "recordings/"+aRecording, "")
	l.must(404, "DELETE", "recordings/"+aRecording, "")
}
