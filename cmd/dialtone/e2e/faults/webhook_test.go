package faults

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestWebhooksSurviveKillRealAsterisk kills the controller when a receiver has an event and before
// Dialtone has the answer. The next one sends it again under the same id; the receivers of the
// manual verify each signature and take the event once.
func TestWebhooksSurviveKillRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22, "--webhook-networks=127.0.0.0/8")
	const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	python3, built := Programs(t, "webhooks")
	python, fromPython := RunProgram(t, secret, python3...)
	golang, fromGo := RunProgram(t, secret, built...)
	wrong, fromWrong := RunProgram(t, "whsec_"+strings.Repeat("A", 32), built...)
	var mu sync.Mutex
	var ids []string
	kill := make(chan struct{})
	first := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see the end of the connection
		mu.Lock()
		ids = append(ids, r.Header.Get("Webhook-Id"))
		only := len(ids) == 1
		mu.Unlock()
		if only {
			close(kill)
			<-r.Context().Done() // the controller is dead
		}
	}))
	t.Cleanup(first.Close)
	for name, to := range map[string]string{"first": first.URL, "python": python, "go": golang, "wrong": wrong} {
		l.Do(t, "PUT", Tenant+"/webhooks/"+name, Object{"url": to, "secret": secret, "events": []string{"fetch"}}, nil)
	}
	mac := NewMAC()
	var phone struct {
		URL string `json:"provisioning_url"`
	}
	l.Do(t, "PUT", Tenant+"/phones/"+mac, Object{"vendor": "yealink", "model": "T46U"}, &phone, "Prefer", "wait=30")
	own, err := url.Parse(phone.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := fetchAs(l.Phones+strings.TrimSuffix(own.Path, "/")+"/"+mac+".cfg", "Yealink SIP-T46U 108.86.0.70 "+mac); err != nil {
		t.Fatal(err)
	}
	<-kill
	l.KillAtOnce(t)
	l.Restart(t)
	got := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), ids...)
	}
	Eventually(t, Patience, func() string {
		if n := len(got()); n < 2 {
			return fmt.Sprintf("%d requests came", n)
		}
		return ""
	})
	id := got()[0]
	if all := got(); all[1] != id || !strings.HasPrefix(id, "evt_") {
		t.Errorf("the ids are %v", all)
	}
	for name, printed := range map[string]*Output{"python": fromPython, "go": fromGo} {
		Eventually(t, Patience, func() string {
			if n := strings.Count(printed.String(), id+` {"type":"fetch",`); n != 1 {
				return fmt.Sprintf("the receiver in %s has it %d times:\n%s", name, n, printed)
			}
			return ""
		})
	}
	var log struct{ Items []struct{ Status int } }
	Eventually(t, Patience, func() string {
		l.Do(t, "GET", Tenant+"/webhooks/wrong/deliveries", nil, &log)
		if len(log.Items) == 0 || log.Items[0].Status != http.StatusUnauthorized || fromWrong.String() != "" {
			return fmt.Sprintf("with another secret the answer is %+v, and it prints %s", log, fromWrong)
		}
		return ""
	})
	stream := l.FollowFrom(t, "?tenant=default&after=0")
	Eventually(t, Patience, func() string {
		if len(stream.Of("gap")) != 1 || len(stream.Of("fetch")) == 0 {
			return fmt.Sprintf("the stream after the kill has gaps %q and fetches %q", stream.Of("gap"), stream.Of("fetch"))
		}
		return ""
	})
}
