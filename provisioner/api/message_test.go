package api

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

const aMessage = "1795992451-00000000"

// message writes a message as Asterisk leaves it, of half a second.
func (l *lab) message(mailbox, folder string, n int, id, caller string) {
	l.t.Helper()
	dir := filepath.Join(l.spool, "default", mailbox, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		l.t.Fatal(err)
	}
	seconds, _, _ := strings.Cut(id, "-")
	for suffix, content := range map[string]string{
		".txt": ";\n; Message Information file\n;\n[message]\norigmailbox=" + mailbox + "\ncontext=default\ncallerid=" + caller +
			"\norigdate=Sun Nov 29 10:47:31 PM UTC 2026\norigtime=" + seconds + "\ncategory=\nmsg_id=" + id + "\nflag=\nduration=1\n",
		".wav": "RIFF" + strings.Repeat("x", 40+8000),
	} {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("msg%04d%s", n, suffix)), []byte(content), 0o600); err != nil {
			l.t.Fatal(err)
		}
	}
}

// voicemailActions makes the fake an Asterisk that moves messages. One message a folder is
// enough here, and it answers a success whatever it did.
func (l *lab) voicemailActions() {
	folder := func(a amitest.Action, context, mailbox, name string) string {
		return filepath.Join(l.spool, a.Get(context), a.Get(mailbox), a.Get(name))
	}
	act := func(action, word string, do func(a amitest.Action, from string) error) {
		l.asterisk.Handle(action, func(c *amitest.Conn, a amitest.Action) {
			from := folder(a, "Context", "Mailbox", "Folder")
			text, err := os.ReadFile(filepath.Join(from, "msg0000.txt"))
			if err == nil && !strings.Contains(string(text), "\nmsg_id="+a.Get("ID")+"\n") {
				err = os.ErrNotExist
			}
			if err == nil {
				err = do(a, from)
			}
			c.Reply(a, "Message", "Message "+word+map[bool]string{true: " successful", false: " failed"}[err == nil])
		})
	}
	act("VoicemailMove", "move", func(a amitest.Action, from string) error {
		return os.Rename(from, folder(a, "Context", "Mailbox", "ToFolder"))
	})
	act("VoicemailRemove", "remove", func(_ amitest.Action, from string) error { return os.RemoveAll(from) })
	act("VoicemailForward", "forward", func(a amitest.Action, from string) error {
		to := folder(a, "ToContext", "ToMailbox", "ToFolder")
		return os.CopyFS(to, os.DirFS(from))
	})
}

// open makes the fake tell of a channel in VoiceMailMain; "" of no channel.
func (l *lab) open(arguments string) {
	l.asterisk.Handle("CoreShowChannels", func(c *amitest.Conn, a amitest.Action) {
		if arguments == "" {
			c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete")
			return
		}
		c.ReplyList(a, "CoreShowChannel", "CoreShowChannelsComplete", []string{"Channel", "PJSIP/x-1", "Uniqueid", "9.9", "Linkedid", "9.9",
			"Application", "VoiceMailMain", "ApplicationData", arguments})
	})
}

// askMessages tries each operation on messages.
func askMessages(l *lab, ask func(status int, method, path, template, body string), tenant string) {
	l.voicemailActions()
	l.open("")
	l.must(201, "PUT", "mailboxes/190", `{"name":"Other","pin":"4711"}`)
	l.message("101", "INBOX", 0, aMessage, `"Bob" <102>`)
	ask(200, "GET", "mailboxes/101/messages", tenant+"mailboxes/{number}/messages", "")
	one, template := "mailboxes/101/messages/"+aMessage, tenant+"mailboxes/{number}/messages/{id}"
	ask(200, "GET", one, template, "")
	ask(200, "PATCH", one, template, `{"heard":true}`)
	ask(200, "POST", one+"/forward", template+"/forward", `{"mailbox":"190"}`)
	ask(200, "DELETE", one, template, "")
}

// Messages are listed in pages, heard in whole and in part, marked, moved, forwarded and
// deleted; what Asterisk did not do is an error, whatever it answers.
func TestMessages(t *testing.T) {
	l := newLab(t)
	l.must(200, "PATCH", "/v1/tenants/default", `{"timezone":"Europe/Berlin"}`)
	l.must(201, "PUT", "mailboxes/101", `{"name":"Anna","pin":"4711"}`)
	l.must(201, "PUT", "mailboxes/102", `{"name":"Bert","pin":"4711"}`)
	l.applied("extensions/101", `{"name":"Anna","mailbox":"101"}`)
	const second, box, one = "1795992452-00000001", "mailboxes/101/messages", "mailboxes/101/messages/" + aMessage
	l.must(404, "GET", "mailboxes/999/messages", "")
	if r := l.must(200, "GET", box, ""); r.Body != `{"items":[]}`+"\n" {
		t.Errorf("of a mailbox without a folder: %s", r.Body)
	}
	l.message("101", "INBOX", 0, aMessage, "\"Eve\nmsg_id=1-00000000\" <+4930\x00123>")
	l.message("101", "Old", 0, second, "Unknown")
	page := l.must(200, "GET", box+"?limit=1", "")
	for _, want := range []string{`"id":"` + aMessage + `"`, `"folder":"new"`, `"heard":false`, `"time":"2026-11-29T23:47:31+01:00"`,
		`"seconds":0.5`, `"bytes":8044`, `"next":"` + aMessage + `"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the first page lacks %s: %s", want, page.Body)
		}
	}
	if r := l.must(200, "GET", box+"?after="+aMessage, ""); strings.Contains(r.Body, aMessage) || !strings.Contains(r.Body, second) {
		t.Errorf("the second page: %s", r.Body)
	}
	if r := l.must(200, "GET", box+"?folder=old", ""); strings.Contains(r.Body, aMessage) || !strings.Contains(r.Body, second) {
		t.Errorf("folder old: %s", r.Body)
	}
	if r := l.must(206, "GET", one+"/audio", "", "Range: bytes=0-3"); r.Body != "RIFF" || r.Header.Get("Content-Type") != "audio/wav" {
		t.Errorf("a part of it: %q %v", r.Body, r.Header)
	}
	// This fake knows no such action yet, as an old Asterisk.
	l.open("")
	if p := l.must(501, "PATCH", one, `{"heard":true}`).problem(); p.Kind != "asterisk-too-old" || !strings.Contains(p.Detail, "18.20, 20.5") {
		t.Errorf("on an old Asterisk: %+v", p)
	}
	l.voicemailActions()
	for _, arguments := range []string{"101@default", "101@default,s", ""} {
		l.open(arguments)
		if arguments == "" {
			l.open(",s")
		}
		r := l.must(409, "DELETE", one, "")
		if p := r.problem(); p.Kind != "busy" || r.Header.Get("Retry-After") == "" {
			t.Errorf("while it is open as %s: %+v %v", arguments, p, r.Header)
		}
	}
	l.open("101@acme") // another tenant's
	if r := l.must(200, "PATCH", one, `{"folder":"work"}`); r.text("folder") != "work" || !strings.Contains(r.Body, `"heard":true`) {
		t.Errorf("moved: %s", r.Body)
	}
	if r := l.must(200, "PATCH", one, `{"heard":false}`); r.text("folder") != "new" {
		t.Errorf("not heard: %s", r.Body)
	}
	for _, w := range []wrong{
		{name: "no id", method: "GET", path: box + "/1", status: 422, field: "id"},
		{name: "unknown", method: "GET", path: box + "/1-00000000", status: 404, detail: "does not exist"},
		{name: "unknown sound", method: "GET", path: box + "/1-00000000/audio", status: 404},
		{name: "nothing", method: "PATCH", path: one, body: `{}`, status: 422, field: "heard"},
		{name: "both", method: "PATCH", path: one, body: `{"heard":true,"folder":"work"}`, status: 422, field: "folder"},
		{name: "to deleted", method: "PATCH", path: one, body: `{"folder":"deleted"}`, status: 422, field: "folder"},
		{name: "to nobody", path: one + "/forward", body: `{"mailbox":"999"}`, status: 422, field: "mailbox", detail: "does not exist"},
		{name: "to itself", path: one + "/forward", body: `{"mailbox":"101"}`, status: 409, field: "mailbox", detail: "already"},
		{name: "another tenant", method: "GET", path: "/v1/tenants/acme/" + one, status: 404},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
	if r := l.must(200, "POST", one+"/forward", `{"mailbox":"102"}`); r.text("folder") != "new" {
		t.Errorf("forwarded: %s", r.Body)
	}
	l.must(409, "POST", one+"/forward", `{"mailbox":"102"}`)
	// Old has a message already, which this fake takes for full.
	if p := l.must(409, "PATCH", one, `{"heard":true}`).problem(); p.Kind != "conflict" || !strings.Contains(p.Detail, "did not change") {
		t.Errorf("what Asterisk did not do: %+v", p)
	}
	l.must(200, "DELETE", one, "")
	l.must(404, "DELETE", one, "")
}

// A user has the messages of the mailbox of the own extension, also one that colleagues share,
// and of no other.
func TestMessagesOfUsers(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "mailboxes/101", `{"name":"Team","pin":"4711"}`)
	l.must(201, "PUT", "mailboxes/103", `{"name":"Boss","pin":"4711"}`)
	l.message("101", "INBOX", 0, aMessage, `"Bob" <102>`)
	l.message("103", "INBOX", 0, aMessage, `"Bob" <102>`)
	for number, mailbox := range map[string]string{"101": "101", "102": "101", "103": "103"} {
		l.must(201, "PUT", "extensions/"+number, `{"name":"X","mailbox":"`+mailbox+`"}`)
	}
	for username, number := range map[string]string{"alice": "101", "bob": "102"} {
		token := l.person(username, "user", number)()
		l.until("for the snapshot", func() bool { return l.ctl.Snapshot().UserOf("default", number) != nil })
		for path, status := range map[string]int{"mailboxes/101/messages": 200, "mailboxes/101/messages/" + aMessage + "/audio": 200,
			"mailboxes/103/messages": 403, "mailboxes/103/messages/" + aMessage + "/audio": 403} {
			l.must(status, "GET", path, "", "Authorization: Bearer "+token)
		}
	}
	if operator := l.newToken("operator", "default"); true {
		l.must(403, "GET", "mailboxes/101/messages", "", "Authorization: Bearer "+operator)
	}
}
