package application

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const someSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

// asks returns an asker of an application at a server that answers so.
func asks(t *testing.T, answer http.HandlerFunc) (*Asker, *pbx.Application) {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return askerOf(srv.URL)
}

func askerOf(url string) (*Asker, *pbx.Application) {
	app := &pbx.Application{Tenant: "acme", Name: "menu", URL: url + "/calls?of=acme", Secret: pbx.NewSecret(someSecret),
		Fallback: pbx.Destination{Kind: pbx.ToHangup}}
	s := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "acme"}}, Applications: []*pbx.Application{app},
		Extensions: []*pbx.Extension{{Tenant: "acme", Number: "101"}}})
	return New(Options{Snapshot: func() *pbx.Snapshot { return s }, Log: slog.New(slog.DiscardHandler),
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}), app
}

var about = pbx.Asked{Tenant: "acme", Application: "menu", Call: "1.1", Request: 2, Dialled: "100",
	Last: &pbx.VerbResult{Verb: pbx.VerbGather, Outcome: "ok", Digits: "4711"}}

func TestAsk(t *testing.T) {
	var got *http.Request
	var text string
	a, _ := asks(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, text = r, string(body)
		_, _ = io.WriteString(w, `[{"verb":"answer"},{"verb":"play","sound":"vm-goodbye"}]`)
	})
	verbs, err := a.Ask(t.Context(), about)
	if err != nil || len(verbs) != 2 || verbs[1].Sound != "vm-goodbye" {
		t.Fatalf("%+v, %v", verbs, err)
	}
	if got.RequestURI != "/calls?of=acme" || !strings.HasPrefix(got.Header.Get("Webhook-Signature"), "v1,") ||
		!strings.Contains(text, `"last":{"verb":"gather","outcome":"ok","digits":"4711"}`) {
		t.Errorf("%s %v %s", got.RequestURI, got.Header, text)
	}
	other := about
	other.Path = "/menu?level=2"
	if _, err := a.Ask(t.Context(), other); err != nil || got.RequestURI != "/menu?level=2" {
		t.Errorf("at another path: %s, %v", got.RequestURI, err)
	}
	for _, elsewhere := range []string{"//evil.example/x", "https://evil.example/"} {
		other.Path = elsewhere
		if _, err := a.Ask(t.Context(), other); err == nil {
			t.Errorf("%s was asked", elsewhere)
		}
	}
}

// What is no answer is told with the request, without the keys of the caller.
func TestFailures(t *testing.T) {
	answers := []string{"", "[]", "{", `[{"verb":"explode"}]`, `[{"verb":"dial","to":"extension:999"}]`,
		strings.Repeat(" ", pbx.MostVerbBytes) + "[]", `[] []`}
	for _, answer := range answers {
		a, _ := asks(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
		if verbs, err := a.Ask(t.Context(), about); err == nil {
			t.Errorf("%.40q: %v", answer, verbs)
		}
		list := a.Failures("acme", "menu")
		if len(list) != 1 || list[0].Error == "" || list[0].Status != 200 ||
			strings.Contains(string(list[0].Request), "4711") || !strings.Contains(string(list[0].Request), `"****"`) {
			t.Errorf("%.40q: %+v", answer, list)
		}
	}
	for status, want := range map[int]string{302: "redirects are not followed", 500: "the answer is 500"} {
		a, _ := asks(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://192.0.2.1/")
			w.WriteHeader(status)
		})
		if _, err := a.Ask(t.Context(), about); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// An application that cannot be reached is tried twice; one that was reached is asked once.
func TestOneRetry(t *testing.T) {
	var came atomic.Int32
	a, _ := asks(t, func(http.ResponseWriter, *http.Request) {
		came.Add(1)
		panic(http.ErrAbortHandler)
	})
	if _, err := a.Ask(t.Context(), about); err == nil || came.Load() != 1 {
		t.Errorf("%d requests, %v", came.Load(), err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	gone, _ := askerOf("http://" + address)
	if _, err := gone.Ask(t.Context(), about); err == nil || err.Error() != "no connection" {
		t.Errorf("%v", err)
	}
}

// Ten failures in a row have the application left alone for half a minute, and the list of errors
// has an end.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := askerOf("http://127.0.0.1:1")
		place := target{"acme", "menu"}
		fail := func(err error) error {
			if begun := a.begin(place, time.Now()); begun != nil {
				return begun
			}
			a.end(place, about, answer{}, err, time.Now())
			return nil
		}
		for range failuresInARow - 1 {
			_ = fail(errors.New("wrong"))
		}
		_ = fail(nil) // one that works begins the count anew
		for range failuresInARow {
			if err := fail(errors.New("wrong")); err != nil {
				t.Fatal(err)
			}
		}
		if err := fail(nil); err == nil || a.Rests("acme", "menu").IsZero() {
			t.Error("it is asked after ten failures")
		}
		<-time.After(restFor)
		if err := fail(nil); err != nil || !a.Rests("acme", "menu").IsZero() {
			t.Errorf("after its rest: %v", err)
		}
		for range 2 * mostErrors {
			_ = fail(errors.New("wrong"))
			_ = fail(nil)
		}
		if n := len(a.Failures("acme", "menu")); n != mostErrors {
			t.Errorf("%d errors are kept", n)
		}
		if a.Forget("acme", "menu"); len(a.Failures("acme", "menu")) != 0 {
			t.Error("a changed application keeps its errors")
		}
	})
}

// One application that is slow has no more than its share of the requests under way.
func TestShare(t *testing.T) {
	a, _ := askerOf("http://127.0.0.1:1")
	place := target{"acme", "menu"}
	for range atOnceEach {
		if err := a.begin(place, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if a.begin(place, time.Now()) == nil || a.begin(target{"acme", "other"}, time.Now()) != nil {
		t.Error("the bound of one application is not its own")
	}
}

func TestTestCountsForNothing(t *testing.T) {
	a, app := asks(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if _, err := a.Test(context.Background(), app); err == nil || len(a.Failures("acme", "menu")) != 0 {
		t.Errorf("%v, %v", err, a.Failures("acme", "menu"))
	}
}

// The programs that the manual prints verify the signature, ask for a key and do what it says.
func TestProgramsOfTheManual(t *testing.T) {
	python, golang := lab.Programs(t, "applications")
	for _, command := range [][]string{python, golang} {
		at, printed := lab.RunProgram(t, someSecret, command...)
		a, _ := askerOf(strings.TrimSuffix(at, "/"))
		for digits, want := range map[string]pbx.VerbKind{"": pbx.VerbGather, "1": pbx.VerbDial, "2": pbx.VerbPlay} {
			call := about
			if call.Last = nil; digits != "" {
				call.Last = &pbx.VerbResult{Verb: pbx.VerbGather, Outcome: "ok", Digits: digits}
			}
			verbs, err := a.Ask(t.Context(), call)
			if err != nil || verbs[0].Verb != want {
				t.Errorf("%v, key %q: %+v, %v\n%s", command, digits, verbs, err, printed)
			}
		}
		other, app := askerOf(strings.TrimSuffix(at, "/"))
		app.Secret = pbx.NewWebhookSecret()
		if verbs, err := other.Ask(t.Context(), about); err == nil {
			t.Errorf("%v does not verify the signature: %+v", command, verbs)
		}
	}
}
