package ari

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
)

// newClient is a client for requests only.
func newClient(t *testing.T, server *aritest.Server) *Client {
	t.Helper()
	c := New(testOptions(server))
	t.Cleanup(c.Close)
	return c
}

func TestTypedCallsOnTheWire(t *testing.T) {
	noLeaks(t)
	const id = "PJSIP/1+1;2 ?"
	for name, test := range map[string]struct {
		call func(context.Context, *Client) error
		want aritest.Request
	}{
		"continue": {
			func(ctx context.Context, c *Client) error {
				return c.ContinueChannel(ctx, "1.2", "step", "dial", 1, "")
			},
			aritest.Request{Method: "POST", Raw: "/channels/1.2/continue", Body: `{"context":"step","extension":"dial","priority":1}`},
		},
		"continue to label": {
			func(ctx context.Context, c *Client) error { return c.ContinueChannel(ctx, "1.2", "", "", 0, "back") },
			aritest.Request{Method: "POST", Raw: "/channels/1.2/continue", Body: `{"label":"back"}`},
		},
		"escaped id": {
			func(ctx context.Context, c *Client) error { return c.AnswerChannel(ctx, id) },
			aritest.Request{Method: "POST", Raw: "/channels/PJSIP%2F1%2B1%3B2%20%3F/answer"},
		},
		"set variable": {
			func(ctx context.Context, c *Client) error {
				return c.SetChannelVar(ctx, "1.2", "CALLERID(name)", "A&B #c, ${X}\n")
			},
			aritest.Request{Method: "POST", Raw: "/channels/1.2/variable", Body: `{"value":"A\u0026B #c, ${X}\n","variable":"CALLERID(name)"}`},
		},
		"hangup": {
			func(ctx context.Context, c *Client) error { return c.HangupChannel(ctx, "1.2", "busy") },
			aritest.Request{Method: "DELETE", Raw: "/channels/1.2", Query: url.Values{"reason": {"busy"}}},
		},
		"hangup without reason": {
			func(ctx context.Context, c *Client) error { return c.HangupChannel(ctx, "1.2", "") },
			aritest.Request{Method: "DELETE", Raw: "/channels/1.2"},
		},
		"reload": {
			func(ctx context.Context, c *Client) error { return c.ReloadModule(ctx, "res_pjsip.so") },
			aritest.Request{Method: "PUT", Raw: "/asterisk/modules/res_pjsip.so"},
		},
		"device state": {
			func(ctx context.Context, c *Client) error { return c.SetDeviceState(ctx, "Stasis:dnd 101", "INUSE") },
			aritest.Request{Method: "PUT", Raw: "/deviceStates/Stasis:dnd%20101", Query: url.Values{"deviceState": {"INUSE"}}},
		},
		"subscribe": {
			func(ctx context.Context, c *Client) error {
				return c.Subscribe(ctx, "channel:1 2", "endpoint:PJSIP/101")
			},
			aritest.Request{Method: "POST", Raw: "/applications/dialtone/subscription", Query: url.Values{"eventSource": {"channel:1 2,endpoint:PJSIP/101"}}},
		},
		"ping": {
			func(ctx context.Context, c *Client) error { return c.Ping(ctx) },
			aritest.Request{Method: "GET", Raw: "/asterisk/ping"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := aritest.NewServer(t)
			if err := test.call(t.Context(), newClient(t, server)); err != nil {
				t.Fatal(err)
			}
			got := server.Requests()[0]
			got.Path = ""
			if len(got.Query) == 0 {
				got.Query = nil
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadsAreDecoded(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	c, ctx := newClient(t, server), t.Context()
	server.SetChannels(aritest.Channel{ID: "1.1", State: "Up", CallerNumber: "101"}, channel("1.2"))
	server.SetVariable("1.1", "DIALSTATUS", "NOANSWER")
	info, err := c.Info(ctx)
	if err != nil || info.SystemInfo.Version != "22.10.1" || time.Since(time.Time(info.StatusInfo.StartupTime)) > time.Hour {
		t.Errorf("info %+v, %v", info, err)
	}
	list, err := c.ListChannels(ctx)
	if err != nil || len(list) != 2 || list[0].State != "Up" || list[0].Caller.Number != "101" {
		t.Errorf("channels %+v, %v", list, err)
	}
	one, err := c.GetChannel(ctx, "1.2")
	if err != nil || one.ID != "1.2" {
		t.Errorf("channel %+v, %v", one, err)
	}
	value, err := c.GetChannelVar(ctx, "1.1", "DIALSTATUS")
	if err != nil || value != "NOANSWER" {
		t.Errorf("variable %q, %v", value, err)
	}
}

func TestRefusalsCarryAsterisksWords(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	c := newClient(t, server)
	for _, test := range []struct {
		answer             aritest.Answer
		message            string
		notFound, conflict bool
	}{
		{aritest.Failure(404, "Channel not found"), "Channel not found", true, false},
		{aritest.Failure(409, "Channel not in Stasis application"), "Channel not in Stasis application", false, true},
		{aritest.Answer{Status: 500, Body: `{"error":"Allocation failed"}`}, "Allocation failed", false, false},
		{aritest.Answer{Status: 502, Body: `<html>proxy</html>`}, "Bad Gateway", false, false},
		{aritest.Answer{Status: 503}, "Service Unavailable", false, false},
		{aritest.Answer{Status: 307}, "Temporary Redirect", false, false},
	} {
		server.Handle("POST /channels/*/continue", func(aritest.Request) aritest.Answer { return test.answer })
		err := c.ContinueChannel(t.Context(), "1.1", "step", "s", 1, "")
		want := &Error{Method: "POST", Path: "/channels/1.1/continue", Status: test.answer.Status, Message: test.message}
		var got *Error
		if !errors.As(err, &got) || !cmp.Equal(want, got) {
			t.Errorf("got %v, want %v", err, want)
		}
		if IsNotFound(err) != test.notFound || IsConflict(err) != test.conflict {
			t.Errorf("%v: not found %v, conflict %v", err, IsNotFound(err), IsConflict(err))
		}
	}
	if got := (&Error{"GET", "/x", 404, "Channel not found"}).Error(); got != "ari: GET /x: 404 Channel not found" {
		t.Error(got)
	}
}

func TestWrongPasswordIsToldAndNotShown(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	opts := testOptions(server)
	opts.Password = "hunter2"
	o := newOwner(t, opts).start()
	err := o.client.Ping(t.Context())
	if err == nil || !strings.Contains(err.Error(), "401 Authentication required") {
		t.Errorf("got %v", err)
	}
	eventually(t, "a log line", func() bool { return strings.Contains(o.logged(), "401") })
	if strings.Contains(err.Error()+o.logged(), "hunter2") {
		t.Error("the password is in an error or a log line")
	}
}

// TestConnectionsAreKept also proves that bodies nobody asked for are read to
// their end: otherwise each request would need a new connection.
func TestConnectionsAreKept(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.Handle("POST /channels/create", func(aritest.Request) aritest.Answer {
		return aritest.Answer{Body: `{"id":"1.1","pad":"` + strings.Repeat("x", 200_000) + `"}`}
	})
	c := newClient(t, server)
	for range 200 {
		if err := c.Do(t.Context(), http.MethodPost, "/channels/create", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := server.Connections(); n > 10 {
		t.Errorf("200 requests used %d connections", n)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				if err := c.AnswerChannel(t.Context(), "1.1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := server.Connections(); n > maxConnections {
		t.Errorf("20 goroutines used %d connections", n)
	}
}

func TestFailedPostIsNotRepeated(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	c := newClient(t, server)
	if err := c.AnswerChannel(t.Context(), "warm"); err != nil { // a reused connection is where net/http would retry
		t.Fatal(err)
	}
	server.Handle("POST /channels/*/continue", func(aritest.Request) aritest.Answer { return aritest.Answer{Cut: true} })
	if err := c.ContinueChannel(t.Context(), "1.1", "step", "s", 1, ""); err == nil {
		t.Error("no error from a cut connection")
	}
	if n := len(server.Requests()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func TestErrorsHoldNoQuery(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.Handle("GET /channels/*/variable", func(aritest.Request) aritest.Answer { return aritest.Answer{Cut: true} })
	_, err := newClient(t, server).GetChannelVar(t.Context(), "1.1", "private")
	if err == nil || strings.Contains(err.Error(), "private") || !strings.Contains(err.Error(), "GET /channels/1.1/variable") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	noLeaks(t)
	server, elsewhere := aritest.NewServer(t), aritest.NewServer(t)
	server.Handle("POST /channels/*/answer", func(aritest.Request) aritest.Answer {
		return aritest.Answer{Status: http.StatusTemporaryRedirect, Location: elsewhere.URL() + "/channels/1.1/answer"}
	})
	if err := newClient(t, server).AnswerChannel(t.Context(), "1.1"); !hasStatus(err, http.StatusTemporaryRedirect) {
		t.Errorf("got %v", err)
	}
	if n := len(elsewhere.Requests()); n != 0 {
		t.Errorf("the POST was repeated elsewhere %d times", n)
	}
}

func TestSilentServerEndsAtTheDeadline(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.Handle("GET /asterisk/ping", func(aritest.Request) aritest.Answer { return aritest.Answer{Hang: true} })
	c := newClient(t, server)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := c.Ping(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestDeadlineIsAddedOnlyWhereThereIsNone(t *testing.T) {
	ctx, cancel := withDeadline(t.Context(), defaultDeadline)
	defer cancel()
	until, ok := ctx.Deadline()
	if left := time.Until(until); !ok || left > defaultDeadline || left < defaultDeadline-time.Second {
		t.Errorf("deadline in %v", left)
	}
	longer, cancelLonger := context.WithTimeout(t.Context(), time.Hour)
	defer cancelLonger()
	kept, cancelKept := withDeadline(longer, defaultDeadline)
	defer cancelKept()
	if until, _ := kept.Deadline(); time.Until(until) < 59*time.Minute {
		t.Error("the caller's deadline was cut")
	}
}

func TestUnreadableAnswers(t *testing.T) {
	noLeaks(t)
	server := aritest.NewServer(t)
	server.Handle("GET /channels", func(aritest.Request) aritest.Answer { return aritest.Answer{Body: `{"no":"list"}`} })
	if _, err := newClient(t, server).ListChannels(t.Context()); err == nil || !strings.Contains(err.Error(), "GET /channels") {
		t.Errorf("got %v", err)
	}
}
