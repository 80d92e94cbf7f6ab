package phonehttp

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// links knows one link, which works once.
type links struct {
	token string
	err   error
}

func (l *links) CheckInvitation(_ context.Context, token string) error {
	if l.err != nil {
		return l.err
	}
	if token != l.token {
		return pbx.NotFoundf("no such link")
	}
	return nil
}

func (l *links) OpenInvitation(ctx context.Context, token string) (*pbx.Device, error) {
	if err := l.CheckInvitation(ctx, token); err != nil {
		return nil, err
	}
	l.token = ""
	return &pbx.Device{Endpoint: "dabc", Secret: pbx.NewSecret("<b>&secret")}, nil
}

func TestInvitePage(t *testing.T) {
	token := strings.Repeat("a2", 26)
	l := &links{token: token}
	h := New(Options{Snapshot: func() *pbx.Snapshot { return nil }, Invitations: l,
		Files: NewFiles(FilesOptions{Site: phoneconf.Site{SIPServer: "pbx.example.com", SIPPort: 5061, Transport: "tcp"}})})
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w
	}
	for _, c := range []struct {
		method, path string
		status       int
		has, hasNot  string
	}{
		{"POST", "/invite/" + strings.Repeat("b", 52), 404, "not found", "secret"},
		{"POST", "/invite/" + strings.ToUpper(token), 404, "not found", "secret"},
		{"POST", "/invite/", 404, "not found", "secret"},
		{"DELETE", "/invite/" + token, 404, "not found", "secret"},
		{"GET", "/invite/" + token, 200, "<form", "secret"},
		{"POST", "/invite/" + token, 200, "&lt;b&gt;&amp;secret", "<b>"},
		{"POST", "/invite/" + token, 404, "not found", "secret"},
		{"GET", "/invite/" + token, 404, "not found", "secret"},
	} {
		w := ask(c.method, c.path)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.has) || strings.Contains(w.Body.String(), c.hasNot) {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
	l.token = token
	page := ask("POST", "/invite/"+token).Body.String()
	for _, want := range []string{">dabc<", ">pbx.example.com:5061<", ">TCP<", "h1v1h-1z"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	l.err = errors.New("the disk is gone")
	if w := ask("GET", "/invite/"+token); w.Code != 503 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("a broken database: %d %s", w.Code, w.Body)
	}
}
