package sms

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// bandwidth is a callback with the password "the-callback-key"; the header is written by hand.
func bandwidth(events ...string) Callback {
	return Callback{Header: http.Header{"Authorization": {"Basic dGV4dHM6dGhlLWNhbGxiYWNrLWtleQ=="}},
		Body: []byte("[" + strings.Join(events, ",") + "]")}
}

// bandwidthNews is how far a message of ours is, in the form of Bandwidth's documentation.
func bandwidthNews(kind, reference, more string) string {
	return fmt.Sprintf(`{"type":%q,"time":"2026-11-30T06:00:00.000Z","description":"The words","to":%q%s,"message":{
		"id":"14762070468292","owner":%q,"direction":"out","to":[%q],"from":%q,"text":"","applicationId":"app-1","media":null,
		"tag":%q,"segmentCount":1}}`, kind, aPeer, more, aNumber, aPeer, aNumber, reference)
}

func TestBandwidthSends(t *testing.T) {
	o := newOffice(t, pbx.AdapterBandwidth, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"id":"14762070468292","owner":"+493012345600","direction":"out","segmentCount":1}`)
	})
	m := o.send("hello")
	if got := o.until("is sent", in(pbx.TextSent)); got.CarrierID != "14762070468292" {
		t.Errorf("%+v", got)
	}
	r := o.carrier.requests()[0]
	want := map[string]any{"applicationId": "app-1", "from": aNumber, "to": []any{aPeer}, "text": "hello",
		"tag": pbx.TextReference(m.ID)}
	var got map[string]any
	user, password, _ := r.BasicAuth()
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) ||
		r.Method != "POST" || r.URL.Path != "/api/v2/users/5500001/messages" || user != "api-user" || password != "pass:word-1" {
		t.Errorf("%s %s %s:%s %v %v", r.Method, r.URL, user, password, got, err)
	}
	for _, kind := range []string{"message-delivered", "message-sending", "message-delivered"} {
		if err := o.texts.Take(t.Context(), "", "texts", bandwidth(bandwidthNews(kind, "", ""))); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	o.until("is delivered", in(pbx.TextDelivered))
}

// States come by the tag too, where the answer of the carrier was lost.
func TestBandwidthTells(t *testing.T) {
	for name, c := range map[string]struct {
		kind, more string
		state      pbx.TextState
		reason     string
	}{
		"sending":   {"message-sending", "", pbx.TextSent, ""},
		"delivered": {"message-delivered", "", pbx.TextDelivered, ""},
		"failed": {"message-failed", `,"errorCode":4720`, pbx.TextFailed,
			"the carrier says The words (error 4720)"},
		"something else": {"suggestion-response", "", pbx.TextQueued, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, pbx.AdapterBandwidth, abort)
			m := o.send("hello")
			o.until("is attempted", func(m *pbx.TextMessage) bool { return m.Attempts > 0 })
			err := o.texts.Take(t.Context(), "", "texts", bandwidth(bandwidthNews(c.kind, pbx.TextReference(m.ID), c.more)))
			if err != nil {
				t.Fatal(err)
			}
			if got := o.all()[0]; got.State != c.state || !strings.HasSuffix(got.Reason, c.reason) || got.Attempts != 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestBandwidthBrings(t *testing.T) {
	o := newOffice(t, pbx.AdapterBandwidth, http.NotFound)
	came := func(id, text string) string {
		return fmt.Sprintf(`{"type":"message-received","time":"2026-11-30T06:00:00Z","description":"Incoming message received",
			"to":%[1]q,"message":{"id":%[2]q,"owner":%[1]q,"applicationId":"app-1","segmentCount":1,"direction":"in",
			"to":["+4930999",%[1]q],"from":%[3]q,"text":%[4]q,"media":["https://messaging.example.com/1.jpg"]}}`,
			aNumber, id, aPeer, text)
	}
	for range 3 {
		if err := o.texts.Take(t.Context(), "", "texts", bandwidth(came("a", "one"), came("b", "two"), came("a", "one"))); err != nil {
			t.Fatal(err)
		}
	}
	if ms := o.all(); len(ms) != 2 || ms[1].Text != "one" || ms[0].Text != "two" || ms[0].Media != 1 || ms[0].Peer != aPeer ||
		ms[0].Number != aNumber || ms[0].State != pbx.TextReceived {
		t.Errorf("%+v", ms)
	}
	good := bandwidth(came("c", "three"))
	for name, c := range map[string]struct {
		header, body string
		kind         pbx.Kind
	}{
		"no password":      {"", "", pbx.Unauthorized},
		"another password": {"Basic dGV4dHM6dGhlLWNhbGxiYWNrLWtleXM=", "", pbx.Unauthorized},
		"as a token":       {"Bearer the-callback-key", "", pbx.Unauthorized},
		"no list":          {"", `{}`, pbx.Invalid},
		"a half":           {"", string(good.Body[:200]), pbx.Invalid},
		"one not ours": {"", string(bandwidth(came("c", "three"), strings.ReplaceAll(came("d", "four"), aNumber, "+4930999")).Body),
			pbx.NotFound},
		"was never sent": {"", string(bandwidth(bandwidthNews("message-failed", "dialtone-77", "")).Body), pbx.NotFound},
	} {
		r := good
		if c.body == "" {
			r.Header = http.Header{"Authorization": {c.header}}
		} else {
			r.Body = []byte(c.body)
		}
		if err := o.texts.Take(t.Context(), "", "texts", r); pbx.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(o.all()); n != 2 {
		t.Errorf("%d messages are stored", n)
	}
}
