package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// mailServer speaks as much SMTP (RFC 5321) as a client needs.
type mailServer struct {
	listener net.Listener
	mu       sync.Mutex
	refusal  string // answer to RCPT; "" takes it
	mails    []string
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &mailServer{listener: l}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		served.Wait()
	})
	return s
}

// flags are what a controller needs to send its mail here, again and again soon.
func (s *mailServer) flags() []string {
	return []string{"--smtp-address=" + s.listener.Addr().String(), "--smtp-from=pbx@example.com", "--smtp-tls=none", "--smtp-retry=100ms"}
}

func (s *mailServer) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	in := bufio.NewReader(c)
	fmt.Fprint(c, "220 test ESMTP\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer := "250 ok"
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "RCPT":
			if r := s.answer(); r != "" {
				answer = r
			}
		case "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			s.take(in)
		case "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		}
		fmt.Fprintf(c, "%s\r\n", answer)
	}
}

func (s *mailServer) answer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}

func (s *mailServer) refuse(answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = answer
}

func (s *mailServer) take(in *bufio.Reader) {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, text.String())
}

// last returns header and body of the last mail.
func (s *mailServer) last(t *testing.T) (mail.Header, string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.mails) == 0 {
		t.Fatal("no mail has come")
	}
	m, err := mail.ReadMessage(strings.NewReader(s.mails[len(s.mails)-1]))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, string(body)
}

// invitation is what the API says of one.
type invitation struct {
	ID, Device, Email, State, Error string
	Attempts                        int
}

func (l *lab) waitInvitation(t *testing.T, id, what string, ok func(invitation) bool) {
	t.Helper()
	eventually(t, 20*time.Second, func() string {
		var page struct{ Items []invitation }
		l.do(t, "GET", tenant+"/invitations", nil, &page)
		for _, i := range page.Items {
			if i.ID == id && ok(i) {
				return ""
			}
		}
		return fmt.Sprintf("no invitation %s is %s: %+v", id, what, page.Items)
	})
}

// open asks the phone listener for a page; other goroutines may call it.
func open(t *testing.T, method, url string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Error(err)
		return 0, "", nil
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, "", nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

// TestInvitationRealAsterisk: a mail that the server takes only after the
// controller was killed, a link that works once, and a phone that registers with
// what its page shows.
func TestInvitationRealAsterisk(t *testing.T) {
	t.Parallel()
	server := newMailServer(t)
	l := openLab(t, box.Suites()[0], server.flags()...)
	l.extension(t, "101", "", nil)
	account := l.device(t, "app", "101", nil)
	l.do(t, "PUT", tenant+"/users/alice", object{"full_name": "Alice Adams", "role": "user", "email": "alice@example.org", "extension": "101"}, nil)
	l.applied(t)
	server.refuse("451 come again")
	var i invitation
	l.do(t, "POST", tenant+"/devices/app/invite", object{}, &i)
	l.waitInvitation(t, i.ID, "tried twice", func(i invitation) bool {
		return i.State == "queued" && i.Attempts >= 2 && strings.Contains(i.Error, "451") && i.Email == "alice@example.org"
	})
	l.kill(t)
	server.refuse("")
	l.restart(t)
	l.waitInvitation(t, i.ID, "sent", func(i invitation) bool { return i.State == "sent" && i.Error == "" })
	header, body := server.last(t)
	if header.Get("To") != "<alice@example.org>" || header.Get("From") != "<pbx@example.com>" || !strings.HasPrefix(body, "Hello Alice Adams,") {
		t.Errorf("the mail: %v\n%s", header, body)
	}
	link := regexp.MustCompile(`http://\S+`).FindString(body)
	page := l.useLink(t, link)
	l.waitInvitation(t, i.ID, "opened", func(i invitation) bool { return i.State == "opened" })
	shown := account
	shown.UserName, shown.Password = field(page, "username"), field(page, "password")
	if shown != account || field(page, "server") != l.SIP || !strings.Contains(page, "<svg") {
		t.Errorf("the page shows %+v and %s, want %+v", shown, field(page, "server"), account)
	}
	l.register(t, shown, phone.Options{})
	l.waitStatus(t, "app", 10*time.Second, "OK", isOK)
	l.checkUnseen(t, link[strings.LastIndex(link, "/")+1:])

	server.refuse("550 no such person")
	l.do(t, "POST", tenant+"/devices/app/invite", object{"email": "nobody@example.org"}, &i)
	l.waitInvitation(t, i.ID, "given up", func(i invitation) bool {
		return i.State == "failed" && i.Attempts == 1 && strings.Contains(i.Error, "550")
	})
	if r := l.refused(t, "POST", tenant+"/devices/app/invite", object{"email": "a@b@c"}); r == nil || r.Status != 422 || r.Field != "email" {
		t.Errorf("an address that is none: %v", r)
	}
}

// useLink opens a link as a mail scanner and then as its reader, once.
func (l *lab) useLink(t *testing.T, link string) string {
	t.Helper()
	for _, method := range []string{"GET", "HEAD", "GET"} {
		status, page, head := open(t, method, link)
		if status != 200 || strings.Contains(page, "password\">") || head.Get("Cache-Control") != "no-store" || head.Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("%s %s: %d %v\n%s", method, link, status, head, page)
		}
	}
	other := link[:len(link)-1] + map[bool]string{true: "b", false: "a"}[strings.HasSuffix(link, "a")]
	for _, wrong := range []string{other, link[:len(link)-1], link + "/"} {
		if status, page, _ := open(t, "POST", wrong); status != 404 || page != "not found\n" {
			t.Errorf("POST %s: %d %s", wrong, status, page)
		}
	}
	var pages [8]string
	var readers sync.WaitGroup
	for n := range pages {
		readers.Go(func() {
			if status, page, _ := open(t, "POST", link); status == 200 {
				pages[n] = page
			}
		})
	}
	readers.Wait()
	shown := strings.Join(pages[:], "")
	if strings.Count(shown, "<svg") != 1 {
		t.Errorf("%d of 8 readers saw the page", strings.Count(shown, "<svg"))
	}
	for _, method := range []string{"GET", "POST"} {
		if status, page, _ := open(t, method, link); status != 404 || page != "not found\n" {
			t.Errorf("%s of a used link: %d %s", method, status, page)
		}
	}
	return shown
}

// field is the text of the element with that id.
func field(page, id string) string {
	m := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

// checkUnseen looks for a token in the log and in the database's files.
func (l *lab) checkUnseen(t *testing.T, token string) {
	t.Helper()
	if len(token) != 52 {
		t.Fatalf("the token %q has not 256 bits", token)
	}
	if strings.Contains(l.log.String(), token) {
		t.Error("the token is in the log")
	}
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(l.Database + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(token)) {
			t.Errorf("the token is in the database%s", suffix)
		}
	}
}
