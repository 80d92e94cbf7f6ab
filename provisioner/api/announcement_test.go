package api

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wavFile has a number of bytes of samples, of 16,000 bytes a second.
func wavFile(samples int) string {
	b := append([]byte("RIFF....WAVEfmt "), 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(samples))
	return string(b) + strings.Repeat("ab", samples/2)
}

func TestAnnouncements(t *testing.T) {
	l := newLab(t)
	const audio = "announcements/closed/audio"
	made := l.must(201, "PUT", audio, wavFile(32000), "Content-Type: audio/wav")
	if made.json()["seconds"] != 2.0 || made.text("name") != "closed" || len(made.text("sound")) != 64 {
		t.Errorf("%s", made.Body)
	}
	l.must(200, "PATCH", "announcements/closed", `{"title":"We are closed"}`)
	read := l.must(200, "GET", "announcements/closed", "")
	if read.text("title") != "We are closed" || read.text("sound") != made.text("sound") {
		t.Errorf("%s", read.Body)
	}
	whole := l.must(200, "GET", audio, "")
	if len(whole.Body) != 44+64000 || whole.Header.Get("Content-Type") != "audio/wav" || whole.Body[:4] != "RIFF" {
		t.Errorf("%d bytes, %v", len(whole.Body), whole.Header)
	}
	if part := l.must(206, "GET", audio, "", "Range: bytes=0-3"); part.Body != "RIFF" {
		t.Errorf("a part: %q", part.Body)
	}
	for _, suffix := range []string{".wav", ".wav16"} {
		if _, err := os.Stat(filepath.Join(l.config, "sounds", made.text("sound")+suffix)); err != nil {
			t.Errorf("for Asterisk: %v", err)
		}
	}
	l.must(200, "PUT", audio, wavFile(16000), "Content-Type: audio/wav", "If-Match: "+read.Header.Get("ETag"))
	l.must(412, "PUT", audio, wavFile(8000), "Content-Type: audio/wav", "If-Match: "+read.Header.Get("ETag"))
	l.must(201, "PUT", "announcements/empty", `{}`)
	l.must(404, "GET", "announcements/empty/audio", "")
	l.must(201, "PUT", "extensions/103", `{"name":"Cleo"}`)
	l.must(201, "PUT", "forwards/103", `{"mode":"destination","destination":"announcement:closed"}`)
	if r := l.must(422, "PUT", "forwards/103",
		`{"mode":"destination","destination":"announcement:empty"}`); !strings.Contains(r.Body, "no sound yet") {
		t.Errorf("%s", r.Body)
	}
	if r := l.must(409, "DELETE", "announcements/closed", ""); !strings.Contains(r.Body, `"key":"103"`) {
		t.Errorf("%s", r.Body)
	}
	l.must(201, "PUT", "mailboxes/103", `{"name":"Cleo","pin":"4711","greeting":"closed"}`)
	if r := l.must(409, "DELETE", "announcements/closed", ""); !strings.Contains(r.Body, `"kind":"mailbox"`) {
		t.Errorf("%s", r.Body)
	}
	l.must(422, "PATCH", "mailboxes/103", `{"greeting":"empty"}`)
	l.must(200, "PATCH", "mailboxes/103", `{"greeting":null}`)
	l.must(201, "PUT", "ring-groups/waits",
		`{"number":"611","members":[{"extension":"103"}],"waiting":"music","music":["closed"]}`)
	for path, kind := range map[string]string{"": "tenant", "extensions/103": "extension", "ring-groups/waits": "ring-group"} {
		l.must(200, "PATCH", cmp.Or(path, "/v1/tenants/default"), `{"music":["closed"]}`)
		if r := l.must(409, "DELETE", "announcements/closed", ""); !strings.Contains(r.Body, `"kind":"`+kind+`"`) {
			t.Errorf("%s: %s", kind, r.Body)
		}
		for _, wrong := range []string{`["empty"]`, `["missing"]`, `["closed","closed"]`, `["a\nb"]`} {
			l.must(422, "PATCH", cmp.Or(path, "/v1/tenants/default"), `{"music":`+wrong+`}`)
		}
		l.must(200, "PATCH", cmp.Or(path, "/v1/tenants/default"), `{"music":null}`)
	}
	place := l.must(200, "POST", "simulate", `{"from":"0301234","to":"103"}`)
	if !strings.Contains(place.Body, `"does":"announce"`) || !strings.Contains(place.Body, "announcement closed is played") {
		t.Errorf("%s", place.Body)
	}
	l.must(200, "PUT", "forwards/103", `{}`)
	l.must(200, "DELETE", "announcements/closed", "")
}

// A wrong file gets a sentence, and changes nothing.
func TestWrongAnnouncements(t *testing.T) {
	l := newLab(t)
	whole := wavFile(16000)
	for name, c := range map[string]struct{ body, want string }{
		"short": {whole[:len(whole)-10], "the file is cut short: 10 bytes"},
		"mp3":   {"ID3 an MP3 file", "the file is no WAV file"},
		"alaw":  {strings.Replace(whole, "\x10\x00\x00\x00\x01\x00", "\x10\x00\x00\x00\x06\x00", 1), "A-law"},
		"huge":  {strings.Replace(whole, "data\x80\x3e\x00\x00", "data\xff\xff\xff\xff", 1), "at most 15 are allowed"},
	} {
		if r := l.must(422, "PUT", "announcements/"+name+"/audio", c.body,
			"Content-Type: audio/wav"); !strings.Contains(r.text("detail"), c.want) {
			t.Errorf("%s: %s", name, r.Body)
		}
		l.must(404, "GET", "announcements/"+name, "")
	}
	l.must(404, "PUT", "/v1/tenants/nobody/announcements/x/audio", whole, "Content-Type: audio/wav")
	if r := l.must(422, "PUT", "announcements/Not%20a%20name/audio", whole, "Content-Type: audio/wav"); r.text("field") != "name" {
		t.Errorf("%s", r.Body)
	}
	entries, _ := os.ReadDir(filepath.Join(l.config, "sounds"))
	if len(entries) > 0 {
		t.Errorf("left: %s", fmt.Sprint(entries))
	}
}
