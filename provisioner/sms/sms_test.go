package sms

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	aNumber = "+493012345600"
	aPeer   = "+4915112345678"
	aSecret = "0123456789abcdef"
)

// office is a database where extension 101 has a number, and the carriers of it.
type office struct {
	t      *testing.T
	db     *db.DB
	texts  *Carriers
	hub    *event.Hub
	alarms chan string
	stop   func()
	// carrier plays the carrier's API.
	carrier *carrier
}

// carrier is a server that takes messages, and answers as a test wants.
type carrier struct {
	*httptest.Server
	mu  sync.Mutex
	got []*http.Request // bodies are in Form, or can be read again
}

func (c *carrier) requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*http.Request(nil), c.got...)
}

func newOffice(t *testing.T, adapter pbx.Adapter, answer http.HandlerFunc) *office {
	t.Helper()
	store, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "dialtone.db"), db.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	o := &office{t: t, db: store, hub: event.NewHub(), alarms: make(chan string, 9), carrier: &carrier{}}
	o.carrier.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Form, _ = url.ParseQuery(string(body))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		o.carrier.mu.Lock()
		o.carrier.got = append(o.carrier.got, r)
		o.carrier.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(o.carrier.Close)
	o.update(func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(
			tx.PutExtension(ctx, &pbx.Extension{Tenant: "default", Number: "101", Name: "Ada", Type: pbx.TypeSIP,
				Ring: pbx.RingAll, RingSeconds: 20}),
			tx.PutCarrier(ctx, o.profile(adapter)))
	})
	o.update(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: aNumber, Voice: true, SMS: true},
			db.Assignment{Tenant: "default", Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"}})
		return err
	})
	o.start()
	return o
}

func (o *office) profile(adapter pbx.Adapter) *pbx.Carrier {
	c := &pbx.Carrier{Name: "texts", Service: "sms", Standard: true, Adapter: adapter, URL: o.carrier.URL, Account: "AC1",
		PublicURL: "https://pbx.example.com", Secret: pbx.NewSecret(aSecret), CallbackKey: pbx.NewSecret("the-callback-key")}
	switch adapter {
	case pbx.AdapterTelnyx:
		key := base64.StdEncoding.EncodeToString(telnyxKey.Public().(ed25519.PublicKey))
		c.Account, c.CallbackKey = "", pbx.NewSecret(key)
	case pbx.AdapterBandwidth:
		c.Account, c.Secret = "5500001:app-1", pbx.NewSecret("api-user:pass:word-1")
	case pbx.AdapterGeneric, pbx.AdapterTwilio:
	}
	if err := c.Validate(); err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *office) update(do func(context.Context, *db.Tx) error) {
	o.t.Helper()
	_, err := o.db.Update(o.t.Context(), pbx.Author{Actor: "test"}, func(tx *db.Tx) error { return do(o.t.Context(), tx) })
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) start() {
	o.texts = New(Options{DB: o.db, Log: slog.New(slog.DiscardHandler), Events: o.hub, Do: o.carrier.Client().Do,
		Reason: func(_ context.Context, err error) error { return err },
		Alarm:  func(_ string, used, most int) { o.alarms <- fmt.Sprint(used, " of ", most) }})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.texts.Run(ctx) }()
	o.stop = sync.OnceFunc(func() {
		cancel()
		<-done
		o.carrier.Client().CloseIdleConnections()
	})
	o.t.Cleanup(o.stop)
}

func (o *office) send(text string) *pbx.TextMessage {
	o.t.Helper()
	m := &pbx.TextMessage{Tenant: "default", Extension: "101", Peer: aPeer, Text: text, By: "test"}
	if err := o.texts.Send(o.t.Context(), m); err != nil {
		o.t.Fatal(err)
	}
	return m
}

func (o *office) all() (ms []*pbx.TextMessage) {
	o.t.Helper()
	err := o.db.View(o.t.Context(), func(tx *db.Tx) (err error) {
		ms, err = tx.TextMessages(o.t.Context(), "default", db.TextFilter{Limit: 20_000})
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return ms
}

// until waits until the newest message is as wanted.
func (o *office) until(what string, is func(*pbx.TextMessage) bool) *pbx.TextMessage {
	o.t.Helper()
	end := time.NewTimer(30 * time.Second)
	defer end.Stop()
	for {
		m := o.all()[0]
		if is(m) {
			return m
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-end.C:
			o.t.Fatalf("no message %s within thirty seconds: %+v", what, m)
		}
	}
}

func in(state pbx.TextState) func(*pbx.TextMessage) bool {
	return func(m *pbx.TextMessage) bool { return m.State == state }
}

// twilio signs a callback as Twilio does, for a message of ours where id is not 0.
func (o *office) twilio(id int64, pairs ...string) Callback {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := Callback{Header: http.Header{}, Body: []byte(form.Encode())}
	address := "https://pbx.example.com/v1/carriers/texts/callback"
	if id > 0 {
		r.Query = "ref=" + pbx.TextReference(id)
		address += "?" + r.Query
	}
	r.Header.Set("X-Twilio-Signature",
		base64.StdEncoding.EncodeToString(twilioSignature(pbx.NewSecret(aSecret), address, form)))
	return r
}

// The signature is that of the example in Twilio's documentation (Webhooks Security).
func TestTwilioSignature(t *testing.T) {
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675310"}, "Digits": {"1234"},
		"From": {"+14158675310"}, "To": {"+18005551212"}}
	got := base64.StdEncoding.EncodeToString(twilioSignature(pbx.NewSecret("12345"),
		"https://example.com/myapp.php?foo=1&bar=2", form))
	if want := "L/OH5YylLD5NRKLltdqwSvS0BnU="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A message goes out once, and its states follow the carrier's callbacks.
func TestTwilioSends(t *testing.T) {
	o := newOffice(t, pbx.AdapterTwilio, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"sid":"SM1","status":"queued"}`)
	})
	sub := o.hub.Subscribe("default")
	defer sub.Close()
	m := o.send("Grüße")
	got := o.until("is sent", in(pbx.TextSent))
	if got.CarrierID != "SM1" || got.Attempts != 1 || got.SentAt.IsZero() || got.Unsure || got.Reason != "" {
		t.Errorf("%+v", got)
	}
	r := o.carrier.requests()[0]
	user, password, _ := r.BasicAuth()
	want := url.Values{"To": {aPeer}, "From": {aNumber}, "Body": {"Grüße"},
		"StatusCallback": {"https://pbx.example.com/v1/carriers/texts/callback?ref=" + pbx.TextReference(m.ID)}}
	if r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" || user != "AC1" || password != aSecret ||
		r.Form.Encode() != want.Encode() {
		t.Errorf("%s %s:%s %v", r.URL, user, password, r.Form)
	}
	for _, status := range []string{"sending", "delivered", "sent", "delivered"} {
		if err := o.texts.Take(t.Context(), "", "texts", o.twilio(m.ID, "MessageSid", "SM1", "MessageStatus", status)); err != nil {
			t.Errorf("%s: %v", status, err)
		}
	}
	o.until("is delivered", in(pbx.TextDelivered))
	for _, want := range []pbx.TextState{pbx.TextSent, pbx.TextDelivered} {
		e := (<-sub.Events()).Data.(event.TextMessage)
		if e.State != want || e.ID != m.ID || e.Extension != "101" || e.Peer != aPeer || e.Number != aNumber {
			t.Errorf("the event is %+v", e)
		}
	}
}

// What comes in lies in the inbox once, and nothing of what is not signed.
func TestTwilioBrings(t *testing.T) {
	o := newOffice(t, pbx.AdapterTwilio, http.NotFound)
	message := []string{"MessageSid", "SM1", "SmsStatus", "received", "From", aPeer, "To", aNumber, "Body", "Hallo\n☺", "NumMedia", "2"}
	for range 3 {
		if err := o.texts.Take(t.Context(), "", "texts", o.twilio(0, message...)); err != nil {
			t.Fatal(err)
		}
	}
	ms := o.all()
	if len(ms) != 1 || ms[0].Text != "Hallo\n☺" || ms[0].Encoding != pbx.UCS2 || ms[0].Media != 2 || ms[0].Peer != aPeer ||
		ms[0].Extension != "101" || ms[0].State != pbx.TextReceived || ms[0].Read {
		t.Errorf("%+v", ms)
	}
	good := o.twilio(0, "MessageSid", "SM2", "From", aPeer, "To", aNumber, "Body", "x")
	for name, c := range map[string]struct {
		profile string
		change  func(r *Callback)
		kind    pbx.Kind
	}{
		"no signature": {"texts", func(r *Callback) { r.Header = http.Header{} }, pbx.Unauthorized},
		"another body": {"texts", func(r *Callback) {
			r.Body = []byte(strings.Replace(string(r.Body), "Body=x", "Body=y", 1))
		}, pbx.Unauthorized},
		"another address": {"texts", func(r *Callback) { r.Query = "x=1" }, pbx.Unauthorized},
		"no such profile": {"nobody", func(*Callback) {}, pbx.Unauthorized},
		"no form":         {"texts", func(r *Callback) { r.Body = []byte("%zz") }, pbx.Unauthorized},
		"nobody's number": {"texts", func(r *Callback) {
			*r = o.twilio(0, "MessageSid", "SM3", "From", aPeer, "To", "+4930999", "Body", "x")
		}, pbx.NotFound},
		"without an id": {"texts", func(r *Callback) { *r = o.twilio(0, "From", aPeer, "To", aNumber, "Body", "x") }, pbx.Invalid},
		"longer than any is": {"texts", func(r *Callback) {
			*r = o.twilio(0, "MessageSid", "SM3", "From", aPeer, "To", aNumber, "Body", strings.Repeat("x", 20_000))
		}, pbx.Invalid},
		"an unknown message": {"texts", func(r *Callback) { *r = o.twilio(77, "MessageSid", "SM9", "MessageStatus", "sent") }, pbx.NotFound},
	} {
		r := good
		c.change(&r)
		if err := o.texts.Take(t.Context(), "", c.profile, r); pbx.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(o.all()); n != 1 {
		t.Errorf("%d messages are stored", n)
	}
}

// Carriers that refuse, time out and lie: the reason is told, what may have arrived is not sent a
// second time, and what the carrier did not take is tried again.
func TestAnswersOfCarriers(t *testing.T) {
	for name, c := range map[string]struct {
		adapter pbx.Adapter
		answer  http.HandlerFunc
		state   pbx.TextState
		unsure  bool
		reason  string
	}{
		"refuses": {pbx.AdapterTwilio, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"code":21211,"message":"Invalid 'To' Phone Number"}`)
		}, pbx.TextFailed, false, "the carrier refuses it (400): Invalid 'To' Phone Number (error 21211)"},
		"refuses, telnyx": {pbx.AdapterTelnyx, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(422)
			fmt.Fprint(w, `{"errors":[{"code":"40310","title":"Invalid 'to' address","detail":"The 'to' address should be in E.164."}]}`)
		}, pbx.TextFailed, false,
			"the carrier refuses it (422): Invalid 'to' address: The 'to' address should be in E.164. (error 40310)"},
		"breaks, telnyx": {pbx.AdapterTelnyx, status(502), pbx.TextQueued, true, "the carrier's answer is 502"},
		"refuses, bandwidth": {pbx.AdapterBandwidth, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"type":"request-validation","description":"Your request could not be accepted.",
				"fieldErrors":[{"fieldName":"from","description":"'+4930' is not a number of yours"}]}`)
		}, pbx.TextFailed, false,
			"the carrier refuses it (400): Your request could not be accepted.; from: '+4930' is not a number of yours"},
		"hangs up, bandwidth": {pbx.AdapterBandwidth, abort, pbx.TextQueued, true, "EOF"},
		"asks to wait":        {pbx.AdapterTwilio, status(429), pbx.TextQueued, false, "the carrier asks to wait (429)"},
		"breaks":              {pbx.AdapterTwilio, status(500), pbx.TextQueued, true, "the carrier's answer is 500"},
		"redirects":           {pbx.AdapterTwilio, status(304), pbx.TextFailed, false, "the carrier's answer is 304: redirects are not followed"},
		"gives no id":         {pbx.AdapterTwilio, status(200), pbx.TextQueued, true, "the carrier's answer has no id of the message"},
		"hangs up":            {pbx.AdapterTwilio, abort, pbx.TextQueued, true, "EOF"},
		"hangs up, keyed":     {pbx.AdapterGeneric, abort, pbx.TextQueued, false, "EOF"},
		"breaks, keyed":       {pbx.AdapterGeneric, status(502), pbx.TextQueued, false, "the carrier's answer is 502"},
		"says why, keyed": {pbx.AdapterGeneric, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			fmt.Fprint(w, `{"reason":"no credit"}`)
		}, pbx.TextFailed, false, "the carrier refuses it (403): no credit"},
		"lies about JSON": {pbx.AdapterGeneric, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":7}`) },
			pbx.TextQueued, false, "the carrier's answer has no id of the message"},
		"an endless answer": {pbx.AdapterGeneric, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, pbx.TextQueued, false, "the carrier's answer has no id of the message"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, c.adapter, c.answer)
			o.send("hello")
			m := o.until("is attempted", func(m *pbx.TextMessage) bool { return m.Attempts > 0 })
			if m.State != c.state || m.Unsure != c.unsure || !strings.HasSuffix(m.Reason, c.reason) {
				t.Errorf("%s, unsure %v: %s", m.State, m.Unsure, m.Reason)
			}
			if wait := time.Until(m.Due); m.State == pbx.TextQueued && (wait <= 0 || c.unsure && wait < 5*time.Minute) {
				t.Errorf("the next attempt is in %v", wait)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// The program ends while a message is handed over. A carrier that knows messages by their key gets it
// again, under the same key; another one not, and its callback tells that it was sent.
func TestEndDuringAnAttempt(t *testing.T) {
	for adapter, times := range map[pbx.Adapter]int{pbx.AdapterGeneric: 2, pbx.AdapterTwilio: 1} {
		came := make(chan struct{}, 2)
		var first sync.Once
		o := newOffice(t, adapter, func(w http.ResponseWriter, r *http.Request) {
			came <- struct{}{}
			hang := false
			first.Do(func() { hang = true })
			if hang {
				<-r.Context().Done()
				return
			}
			fmt.Fprint(w, `{"id":"g1","sid":"g1"}`)
		})
		m := o.send("hello")
		<-came
		o.stop()
		if got := o.all()[0]; got.State != pbx.TextQueued || got.Unsure != (times == 1) {
			t.Errorf("%s: after the end %+v", adapter, got)
		}
		o.start()
		if times == 1 {
			if err := o.texts.Take(t.Context(), "", "texts", o.twilio(m.ID, "MessageSid", "SM1", "MessageStatus", "sent")); err != nil {
				t.Error(err)
			}
		}
		o.until("is sent", in(pbx.TextSent))
		rs := o.carrier.requests()
		if len(rs) != times || rs[0].Header.Get("Idempotency-Key") != rs[times-1].Header.Get("Idempotency-Key") {
			t.Errorf("%s: %d requests", adapter, len(rs))
		}
	}
}

// What nobody tells about within minutes is given up, not sent again.
func TestUnsureEnds(t *testing.T) {
	o := newOffice(t, pbx.AdapterTwilio, http.NotFound)
	o.stop()
	o.send("hello")
	d, err := o.db.FirstText(t.Context(), "default", aNumber)
	if err != nil {
		t.Fatal(err)
	}
	d.Unsure = true
	if err := o.texts.attempt(t.Context(), d); err != nil || len(o.carrier.requests()) != 0 {
		t.Errorf("%v, %d requests", err, len(o.carrier.requests()))
	}
	if m := o.all()[0]; m.State != pbx.TextFailed || !strings.HasPrefix(m.Reason, "the carrier did not answer") {
		t.Errorf("%+v", m)
	}
}

// A generic carrier is spoken to in JSON of ours, both ways.
func TestGeneric(t *testing.T) {
	o := newOffice(t, pbx.AdapterGeneric, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":"g1"}`) })
	m := o.send("hello")
	o.until("is sent", in(pbx.TextSent))
	var order map[string]string
	if err := json.NewDecoder(o.carrier.requests()[0].Body).Decode(&order); err != nil || order["to"] != aPeer ||
		order["from"] != aNumber || order["text"] != "hello" || order["reference"] != pbx.TextReference(m.ID) {
		t.Errorf("%v, %v", order, err)
	}
	call := func(key, body string) error {
		return o.texts.Take(t.Context(), "", "texts", Callback{Header: http.Header{"Authorization": {key}}, Body: []byte(body)})
	}
	const key = "Bearer the-callback-key"
	if err := call(key, fmt.Sprintf(`[{"id":"g1","state":"delivered"},{"id":"i1","state":"received","from":"ACME","to":%q,"text":"hi"}]`,
		aNumber)); err != nil {
		t.Error(err)
	}
	if ms := o.all(); len(ms) != 2 || ms[0].Peer != "ACME" || ms[1].State != pbx.TextDelivered {
		t.Errorf("%+v", ms)
	}
	for body, kind := range map[string]pbx.Kind{`{`: pbx.Invalid, `{"id":"g1","state":"lost"}`: pbx.Invalid, `[7]`: pbx.Invalid} {
		if err := call(key, body); pbx.KindOf(err) != kind {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, key := range []string{"", "Bearer ", "Bearer other", "Basic the-callback-key"} {
		if err := call(key, `[]`); pbx.KindOf(err) != pbx.Unauthorized {
			t.Errorf("with %q: %v", key, err)
		}
	}
}

// Admins are told once at 80 % of what the tenant may send, and once at all of it.
func TestAlarms(t *testing.T) {
	o := newOffice(t, pbx.AdapterGeneric, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":"g1"}`) })
	o.update(func(ctx context.Context, tx *db.Tx) error {
		d, err := tx.Tenant(ctx, "default")
		if err != nil {
			return err
		}
		d.MaxTexts = 10
		return tx.PutTenant(ctx, d)
	})
	for range 10 {
		o.send("hello")
	}
	m := &pbx.TextMessage{Tenant: "default", Extension: "101", Peer: aPeer, Text: "x"}
	if err := o.texts.Send(t.Context(), m); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("the eleventh: %v", err)
	}
	close(o.alarms)
	var got []string
	for a := range o.alarms {
		got = append(got, a)
	}
	if strings.Join(got, ", ") != "8 of 10, 10 of 10" {
		t.Errorf("alarms: %v", got)
	}
}
