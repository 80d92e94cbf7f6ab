package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// MailServer speaks as much SMTP (RFC 5321) as a client needs.
type MailServer struct {
	listener net.Listener
	mu       sync.Mutex
	refusal  string // answer to RCPT; "" takes it
	mails    []string
}

// NewMailServer opens a mail server that ends with the test.
func NewMailServer(t *testing.T) *MailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &MailServer{listener: l}
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

// Flags are what a controller needs to send its mail here, again and again soon.
func (s *MailServer) Flags() []string {
	return []string{"--smtp-address=" + s.listener.Addr().String(), "--smtp-from=pbx@example.com", "--smtp-tls=none", "--smtp-retry=100ms"}
}

func (s *MailServer) serve(c net.Conn) {
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

func (s *MailServer) answer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}

// Refuse is the answer to every recipient from now on; "" takes the mail.
func (s *MailServer) Refuse(answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = answer
}

func (s *MailServer) take(in *bufio.Reader) {
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

// Last returns header and body of the last mail.
func (s *MailServer) Last(t *testing.T) (mail.Header, string) {
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

// Invitation is what the API says of one.
type Invitation struct {
	ID, Device, Email, State, Error string
	Attempts                        int
}

// WaitInvitation waits until the invitation with an id pleases ok.
func (l *Lab) WaitInvitation(t *testing.T, id, what string, ok func(Invitation) bool) {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		var page struct{ Items []Invitation }
		l.Do(t, "GET", Tenant+"/invitations", nil, &page)
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

// UseLink opens a link as a mail scanner and then as its reader, once.
func (l *Lab) UseLink(t *testing.T, link string) string {
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

// ElementText is the text of the element with that id.
func ElementText(page, id string) string {
	m := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

// Forget throws away what has come.
func (s *MailServer) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = nil
}

// Session is what the API says of a sign-in.
type Session struct {
	Token      string
	SignIn     string `json:"sign_in"`
	SecondStep string `json:"second_step"`
	Actor      string
	MustChange bool `json:"must_change_password"`
}

// As calls the API with another token than the lab's; the status is 0 when all is well.
func (l *Lab) As(t *testing.T, token, method, path string, body, out any) *office.Refused {
	t.Helper()
	var r *office.Refused
	if err := l.Client.Do(t.Context(), method, path, body, out, "Authorization", "Bearer "+token); err != nil && !errors.As(err, &r) {
		t.Fatal(err)
	}
	return r
}

// MailedCode waits for a mail with a code and returns the code.
func (s *MailServer) MailedCode(t *testing.T, to string) string {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.mails) == 0 {
			return "no mail has come"
		}
		return ""
	})
	header, body := s.Last(t)
	code := regexp.MustCompile(`(?m)^(\d{6})\r?$`).FindStringSubmatch(body)
	if code == nil || header.Get("To") != "<"+to+">" || header.Get("Subject") != "Your code to sign in" {
		t.Fatalf("the mail: %v\n%s", header, body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = nil
	return code[1]
}
