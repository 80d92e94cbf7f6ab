package lab

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
	"github.com/dialtone-pbx/dialtone/provisioner/mail/mailtest"
)

// MailServer is a mail server for a whole program.
type MailServer struct{ *mailtest.Server }

// NewMailServer opens a mail server that ends with the test.
func NewMailServer(t *testing.T) *MailServer {
	t.Helper()
	return &MailServer{mailtest.NewServer(t)}
}

// Flags are what a controller needs to send its mail here, again and again soon.
func (s *MailServer) Flags() []string {
	return []string{"--smtp-address=" + s.Address(), "--smtp-from=pbx@example.com", "--smtp-tls=none",
		"--smtp-retry=100ms"}
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
		if status != 200 || strings.Contains(page, "password\">") || head.Get("Cache-Control") != "no-store" ||
			head.Get("Referrer-Policy") != "no-referrer" {
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
	if err := l.Client.Do(t.Context(), method, path, body, out, "Authorization", "Bearer "+token); err != nil &&
		!errors.As(err, &r) {
		t.Fatal(err)
	}
	return r
}

// MailedCode waits for a mail with a code and returns the code.
func (s *MailServer) MailedCode(t *testing.T, to string) string {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		if s.Count() == 0 {
			return "no mail has come"
		}
		return ""
	})
	header, body := s.Last(t)
	code := regexp.MustCompile(`(?m)^(\d{6})\r?$`).FindStringSubmatch(body)
	if code == nil || header.Get("To") != "<"+to+">" || header.Get("Subject") != "Your code to sign in" {
		t.Fatalf("the mail: %v\n%s", header, body)
	}
	s.Forget()
	return code[1]
}
