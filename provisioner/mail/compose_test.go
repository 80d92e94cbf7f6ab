package mail

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// FuzzHostileSubject: what a caller has written reaches a header as text alone.
func FuzzHostileSubject(f *testing.F) {
	for _, s := range []string{"Bob", "x\r\nBcc: eve@example.org", "=?utf-8?q?=0D=0ABcc:_x?=", "\xff\x00",
		strings.Repeat("ü", 300), "a\u202eb", "=?=?x?="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		msg, err := Server{From: "pbx@example.com"}.compose(message{to: "anna@example.com", subject: "Voicemail from " + s, text: s})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := msg.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(&out)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range m.Header {
			switch name {
			case "Date", "Mime-Version", "Message-Id", "Subject", "User-Agent", "X-Mailer", "From", "To", "Content-Type",
				"Content-Transfer-Encoding":
			default:
				t.Errorf("%q makes a header %s", s, name)
			}
			if len(values) != 1 {
				t.Errorf("%q makes %d headers %s", s, len(values), name)
			}
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		plain := strings.ReplaceAll(pbx.PlainText("Voicemail from "+s, mostOfSubject), "=?", "= ?")
		if err != nil || strings.Join(strings.Fields(subject), " ") != strings.Join(strings.Fields(plain), " ") {
			t.Errorf("%q is shown as %q, %v", plain, subject, err)
		}
		if m.Header.Get("To") != "<anna@example.com>" {
			t.Errorf("%q is mailed to %q", s, m.Header.Get("To"))
		}
	})
}
