package aritest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// do sends one request with the right credentials.
func do(t *testing.T, s *Server, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(Username, Password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func TestScriptedAnswersWinNewestFirst(t *testing.T) {
	s := NewServer(t)
	if status, _ := do(t, s, "POST", "/channels/1.1/continue", "{}"); status != 204 {
		t.Errorf("built-in answer %d", status)
	}
	s.Handle("POST /channels/*/continue", func(Request) Answer { return Failure(404, "Channel not found") })
	s.Handle("POST /channels/1.1/continue", func(Request) Answer { return Failure(409, "Channel not in Stasis application") })
	if status, _ := do(t, s, "POST", "/channels/1.1/continue", "{}"); status != 409 {
		t.Errorf("newest answer %d", status)
	}
	if status, body := do(t, s, "POST", "/channels/2/continue", "{}"); status != 404 || !strings.Contains(body, "Channel not found") {
		t.Errorf("older answer %d %s", status, body)
	}
	if status, _ := do(t, s, "GET", "/no/such/thing", ""); status != 404 {
		t.Errorf("unknown path %d", status)
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	s := NewServer(t)
	do(t, s, "POST", "/channels/a%2Fb/continue?extension=s", `{"context":"step","priority":2}`)
	got := s.WaitRequest("POST /channels/*/continue")
	if got.Segment(1) != "a/b" || got.Path != "/channels/a/b/continue" {
		t.Errorf("path %q, channel %q", got.Path, got.Segment(1))
	}
	for name, want := range map[string]string{"context": "step", "priority": "2", "extension": "s", "label": ""} {
		if got.Field(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Field(name), want)
		}
	}
}

func TestVariablesAreRemembered(t *testing.T) {
	s := NewServer(t)
	if status, _ := do(t, s, "GET", "/channels/1.1/variable?variable=X", ""); status != 404 {
		t.Errorf("unset variable: %d", status)
	}
	do(t, s, "POST", "/channels/1.1/variable", `{"variable":"X","value":"a b"}`)
	if _, body := do(t, s, "GET", "/channels/1.1/variable?variable=X", ""); body != `{"value":"a b"}` {
		t.Errorf("read back %s", body)
	}
	if s.Variable("1.1", "X") != "a b" {
		t.Errorf("Variable gives %q", s.Variable("1.1", "X"))
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	s := NewServer(t)
	resp, err := http.Get(s.URL() + "/asterisk/ping")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 401 || len(s.Requests()) != 0 {
		t.Errorf("status %d, %d requests", resp.StatusCode, len(s.Requests()))
	}
}
