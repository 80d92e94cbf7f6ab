package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

// office is a database with webhooks, and a sender.
type office struct {
	t      *testing.T
	db     *db.DB
	sender *Sender
	events atomic.Int64
	mails  atomic.Int64
	hub    *event.Hub
	stop   func()
}

// newOffice lets webhooks lead to loopback, as a platform admin can.
func newOffice(t *testing.T) *office {
	t.Helper()
	store, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "dialtone.db"), db.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, db: store, hub: event.NewHub()}
	t.Cleanup(func() { _ = store.Close() })
	o.start()
	return o
}

func (o *office) start() {
	o.sender = New(Options{DB: o.db, Log: slog.New(slog.DiscardHandler), Events: o.hub,
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MailDue: func() { o.mails.Add(1) }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.sender.Run(ctx) }()
	o.stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	o.t.Cleanup(o.stop)
}

func (o *office) hook(name, url string) {
	o.t.Helper()
	_, err := o.db.Update(o.t.Context(), pbx.Author{Actor: "test"}, func(tx *db.Tx) error {
		return tx.PutWebhook(o.t.Context(), &pbx.Webhook{Tenant: "default", Name: name, URL: url,
			Secret: pbx.NewSecret(testSecret)})
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// happen lets one event happen.
func (o *office) happen() {
	o.t.Helper()
	id := o.events.Add(1)
	queued, err := o.db.AddEvents(o.t.Context(), []db.Event{{ID: uint64(id), Tenant: "default", Type: "call", At: time.Now(),
		Data: fmt.Appendf(nil, `{"n":%d}`, id)}}, nil)
	if err != nil || !queued {
		o.t.Fatal(queued, err)
	}
	o.sender.Nudge()
}

// until waits until a delivery, the newest first, is as wanted.
func (o *office) until(name, what string, is func(ds []*pbx.Delivery) bool) []*pbx.Delivery {
	o.t.Helper()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for {
		ds, err := o.db.Deliveries(o.t.Context(), "default", name, 0, 1000)
		if err != nil {
			o.t.Fatal(err)
		}
		if is(ds) {
			return ds
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-end.C:
			for _, d := range ds {
				o.t.Logf("%+v", d)
			}
			o.t.Fatalf("no delivery %s within thirty seconds", what)
		}
	}
}

func attempted(ds []*pbx.Delivery) bool { return len(ds) > 0 && ds[0].Attempts > 0 }

// receiver is a program that takes events.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []*http.Request
	ids []string
}

func newReceiver(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		text, _ := io.ReadAll(req.Body)
		mac := hmac.New(sha256.New, []byte("012345678901234567890123"))
		fmt.Fprintf(mac, "%s.%s.%s", req.Header.Get("Webhook-Id"), req.Header.Get("Webhook-Timestamp"), text)
		want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		if !strings.Contains(" "+req.Header.Get("Webhook-Signature")+" ", " "+want+" ") {
			t.Errorf("the signature is %s, want %s", req.Header.Get("Webhook-Signature"), want)
		}
		req.Body = io.NopCloser(bytes.NewReader(text))
		r.mu.Lock()
		r.got, r.ids = append(r.got, req), append(r.ids, req.Header.Get("Webhook-Id"))
		r.mu.Unlock()
		answer(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ids...)
}

// An event arrives once, whole and signed, and its log says so.
func TestDelivery(t *testing.T) {
	o := newOffice(t)
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "thanks\x00\n") })
	o.hook("crm", r.URL+"/hooks?from=pbx")
	o.happen()
	d := o.until("crm", "ends", func(ds []*pbx.Delivery) bool { return attempted(ds) && ds[0].State != pbx.DeliveryQueued })[0]
	if d.State != pbx.DeliveryDelivered || d.Attempts != 1 || d.Status != 200 || d.Answer != "thanks" || d.Error != "" ||
		d.Last.IsZero() {
		t.Errorf("%+v", d)
	}
	req := r.got[0]
	text, _ := io.ReadAll(req.Body)
	want := `{"type":"call","timestamp":"` + d.At.UTC().Format(time.RFC3339Nano) + `","data":{"n":1}}`
	if string(text) != want || req.Method != "POST" || req.RequestURI != "/hooks?from=pbx" ||
		req.Header.Get("Content-Type") != "application/json" || req.Header.Get("Webhook-Id") != "evt_1" {
		t.Errorf("%s %s %v %s, want %s", req.Method, req.RequestURI, req.Header, text, want)
	}
	if n, failed := o.sender.Counts(); n != 1 || failed != 0 {
		t.Errorf("counted %d, %d", n, failed)
	}
}

// What goes wrong is told in words, tried again later, and never followed.
func TestAnswersThatFail(t *testing.T) {
	target := newReceiver(t, func(http.ResponseWriter, *http.Request) {})
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		url    string
		status int
		text   string
	}{
		"refuses": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 500) }, "", 500, "the answer is 500"},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect)
		}, "", 307,
			"the answer is 307: redirects are not followed"},
		"hangs up": {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "", 0, "no answer: EOF"},
		"lies about its length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "short")
		}, "", 200, "no answer: unexpected EOF"},
		"a header without end": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		}, "", 0, "no answer: net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 16384 bytes; aborted"},
		"is not there": {nil, gone.URL, 0, "no connection"},
		"no TLS":       {nil, strings.Replace(target.URL, "http:", "https:", 1), 0, "no answer: http: server gave HTTP response to HTTPS client"},
		"no name":      {nil, "http://receiver.invalid/", 0, "the name of the host leads to no address"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			url := c.url
			if url == "" {
				url = newReceiver(t, c.answer).URL
			}
			o.hook("crm", url)
			o.happen()
			d := o.until("crm", "is attempted", attempted)[0]
			if d.State != pbx.DeliveryQueued || d.Status != c.status || d.Error != c.text {
				t.Errorf("%+v, want %d %s", d, c.status, c.text)
			}
			if wait := d.Due.Sub(d.Last); wait < 4*time.Second || wait > 20*time.Second {
				t.Errorf("the next attempt comes after %v", wait)
			}
			if s, err := o.db.WebhookState(t.Context(), "default", "crm"); err != nil || s.Error != c.text || s.FailingSince.IsZero() {
				t.Errorf("the state is %+v, %v", s, err)
			}
		})
	}
	if n := len(target.seen()); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

// A certificate that no authority of the system has signed is refused.
func TestCertificate(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("an event came") }))
	defer srv.Close()
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	o := newOffice(t)
	o.hook("crm", srv.URL)
	o.happen()
	if d := o.until("crm", "is attempted", attempted)[0]; !strings.Contains(d.Error, "certificate") {
		t.Errorf("%+v", d)
	}
}

// An answer without end costs its first bytes.
func TestEndlessAnswer(t *testing.T) {
	o := newOffice(t)
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return
			}
		}
	})
	o.hook("crm", r.URL)
	o.happen()
	if d := o.until("crm", "is attempted", attempted)[0]; d.State != pbx.DeliveryDelivered || len(d.Answer) != mostAnswer {
		t.Errorf("%s, %d bytes", d.State, len(d.Answer))
	}
}

// A receiver that says it is gone is stopped, with a mail and an event.
func TestGone(t *testing.T) {
	o := newOffice(t)
	sub := o.hub.Subscribe("default")
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	o.hook("crm", r.URL)
	o.happen()
	if e := <-sub.Events(); e.Data != (event.Webhook{Tenant: "default", Name: "crm", Reason: "the answer is 410"}) {
		t.Errorf("the event is %+v", e)
	}
	o.until("crm", "is given up", func(ds []*pbx.Delivery) bool { return attempted(ds) && ds[0].State == pbx.DeliveryFailed })
	if s, err := o.db.WebhookState(t.Context(), "default", "crm"); err != nil || s.Stopped.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
}

// Receivers that hang hold up nobody, not even more of them than there may be attempts at once.
func TestSlowReceivers(t *testing.T) {
	o := newOffice(t)
	hang := make(chan struct{})
	slow := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	defer close(hang)
	quick := newReceiver(t, func(http.ResponseWriter, *http.Request) {})
	for n := range pbx.MostWebhooks - 1 {
		o.hook(fmt.Sprint("slow", n), slow.URL)
	}
	o.hook("quick", quick.URL)
	const events = 20
	for range events {
		o.happen()
	}
	o.until("quick", "of all", func(ds []*pbx.Delivery) bool {
		for _, d := range ds {
			if d.State != pbx.DeliveryDelivered {
				return false
			}
		}
		return true
	})
	if n := len(quick.seen()); n != events {
		t.Errorf("%d came", n)
	}
	if n := len(slow.seen()); n > pbx.MostWebhooks-1 {
		t.Errorf("%d attempts at once at one receiver each", n)
	}
}

// The program ends while an answer is on its way: the next one sends the event again, under the
// same id.
func TestEndDuringAnAttempt(t *testing.T) {
	o := newOffice(t)
	came := make(chan struct{}, 2)
	var times atomic.Int64
	r := newReceiver(t, func(_ http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		if times.Add(1) == 1 {
			<-r.Context().Done()
		}
	})
	o.hook("crm", r.URL)
	o.happen()
	<-came
	o.stop()
	ds, err := o.db.Deliveries(t.Context(), "default", "crm", 0, 10)
	if err != nil || ds[0].State != pbx.DeliveryQueued || ds[0].Attempts != 0 {
		t.Errorf("%+v, %v", ds, err)
	}
	o.start()
	o.until("crm", "ends", func(ds []*pbx.Delivery) bool { return ds[0].State == pbx.DeliveryDelivered })
	if ids := r.seen(); len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("the receiver got %v", ids)
	}
}

// What waited too long is given up without an attempt.
func TestExpired(t *testing.T) {
	o := newOffice(t)
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	d := &db.DueDelivery{URL: r.URL, Delivery: pbx.Delivery{Tenant: "default", Webhook: "crm", Message: "evt_1", Event: "call",
		Data: []byte("{}"), Expires: time.Now().Add(-time.Second)}}
	o.hook("crm", r.URL)
	if err := o.sender.attempt(t.Context(), d); err != nil || d.State != pbx.DeliveryFailed || d.Attempts != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

// A test tells what came back, is in the log, and is not tried again.
func TestTest(t *testing.T) {
	o := newOffice(t)
	status := 500
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	o.hook("crm", r.URL)
	for want, state := range map[int]pbx.DeliveryState{500: pbx.DeliveryFailed, 204: pbx.DeliveryDelivered} {
		status = want
		d, err := o.sender.Test(t.Context(), "default", "crm")
		if err != nil || d.State != state || d.Status != want || d.Event != pbx.TestEvent || d.ID == 0 ||
			!strings.HasPrefix(d.Message, "test_") {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if _, err := o.sender.Test(t.Context(), "default", "nobody"); pbx.KindOf(err) != pbx.NotFound {
		t.Error(err)
	}
	if ds, err := o.db.Deliveries(t.Context(), "default", "crm", 0, 10); err != nil || len(ds) != 2 {
		t.Errorf("%+v, %v", ds, err)
	}
}
