package sms

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The key and the signature were made by openssl pkeyutl -sign -rawin.
func TestTelnyxSignature(t *testing.T) {
	const (
		key       = "U7iygxFZP2MThe3Ed5px5jDtACkeQuhh04P0AmgsDSg="
		signature = "dJ/rI8jxlPuS97BKBDm3yu8tUxtbYqO8qJONDYr25B0Sd9KXnYUs8W59q3608WQ0cCAMY1xaUZP14eH8CDimDQ=="
		body      = `{"data":{"event_type":"message.received","payload":{"id":"m1"}}}`
	)
	at := time.Unix(1700000000, 0)
	for name, c := range map[string]struct {
		key, signature, stamp, body string
		now                         time.Time
		good                        bool
	}{
		"as signed":         {key, signature, "1700000000", body, at, true},
		"5 minutes later":   {key, signature, "1700000000", body, at.Add(5 * time.Minute), true},
		"still later":       {key, signature, "1700000000", body, at.Add(5*time.Minute + time.Second), false},
		"from the future":   {key, signature, "1700000000", body, at.Add(-5*time.Minute - time.Second), false},
		"a newer timestamp": {key, signature, "1700000300", body, at.Add(5 * time.Minute), false},
		"no timestamp":      {key, signature, "", body, at, false},
		"another body":      {key, signature, "1700000000", body + " ", at, false},
		"no signature":      {key, "", "1700000000", body, at, false},
		"a cut signature":   {key, signature[:40], "1700000000", body, at, false},
		"a key of ours":     {"the-callback-key", signature, "1700000000", body, at, false},
		"no key":            {"", signature, "1700000000", body, at, false},
	} {
		r := Callback{Header: http.Header{}, Body: []byte(c.body)}
		r.Header.Set("telnyx-timestamp", c.stamp)
		r.Header.Set("telnyx-signature-ed25519", c.signature)
		if got := telnyxSignedAt(&pbx.Carrier{CallbackKey: pbx.NewSecret(c.key)}, r, c.now); got != c.good {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// telnyxKey signs what the carrier of the tests calls.
var telnyxKey = ed25519.NewKeyFromSeed([]byte("thirty-two bytes of no secret .."))

// telnyx signs a callback as Telnyx does, from now.
func telnyx(body string) Callback {
	stamp := fmt.Sprint(time.Now().Unix())
	return Callback{Body: []byte(body), Header: http.Header{"Telnyx-Timestamp": {stamp}, "Telnyx-Signature-Ed25519": {
		base64.StdEncoding.EncodeToString(ed25519.Sign(telnyxKey, []byte(stamp+"|"+body)))}}}
}

// telnyxNews is how far a message of ours is, in the form of Telnyx's documentation.
func telnyxNews(event, status, reference, more string) Callback {
	return telnyx(fmt.Sprintf(`{"data":{"record_type":"event","event_type":%q,"payload":{"record_type":"message",
		"direction":"outbound","id":"40385f64","from":{"phone_number":%q},"to":[{"phone_number":%q,"status":%q}],"text":"hello",
		"media":[],"webhook_url":"https://pbx.example.com/v1/carriers/texts/callback?ref=%s","sent_at":null%s}}}`,
		event, aNumber, aPeer, status, reference, more))
}

func TestTelnyxSends(t *testing.T) {
	o := newOffice(t, pbx.AdapterTelnyx, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":{"record_type":"message","id":"40385f64","to":[{"status":"queued"}]}}`)
	})
	m := o.send("hello")
	if got := o.until("is sent", in(pbx.TextSent)); got.CarrierID != "40385f64" {
		t.Errorf("%+v", got)
	}
	r := o.carrier.requests()[0]
	want := map[string]string{"from": aNumber, "to": aPeer, "text": "hello",
		"webhook_url": "https://pbx.example.com/v1/carriers/texts/callback?ref=" + pbx.TextReference(m.ID)}
	var got map[string]string
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || fmt.Sprint(got) != fmt.Sprint(want) ||
		r.Method != "POST" || r.URL.Path != "/v2/messages" || r.Header.Get("Authorization") != "Bearer "+aSecret {
		t.Errorf("%s %s %v %v", r.Method, r.URL, got, err)
	}
	for _, c := range []Callback{telnyxNews("message.finalized", "delivered", "", ""),
		telnyxNews("message.sent", "queued", "", ""), telnyxNews("message.finalized", "delivered", "", "")} {
		if err := o.texts.Take(t.Context(), "", "texts", c); err != nil {
			t.Error(err)
		}
	}
	o.until("is delivered", in(pbx.TextDelivered))
}

// States come by the signed reference too, where the answer of the carrier was lost.
func TestTelnyxTells(t *testing.T) {
	for name, c := range map[string]struct {
		event, status, more string
		state               pbx.TextState
		reason              string
	}{
		"sent":        {"message.sent", "sent", "", pbx.TextSent, ""},
		"unconfirmed": {"message.finalized", "delivery_unconfirmed", "", pbx.TextSent, ""},
		"failed": {"message.finalized", "delivery_failed",
			`,"errors":[{"code":"40001","title":"Not routable","detail":"The destination is a landline."}]`, pbx.TextFailed,
			"the carrier says Not routable: The destination is a landline. (error 40001)"},
		"failed without a word": {"message.finalized", "expired", "", pbx.TextFailed, "the carrier says expired"},
		"still sending":         {"message.finalized", "sending", "", pbx.TextQueued, "EOF"},
		"something else":        {"call.hangup", "sent", "", pbx.TextQueued, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, pbx.AdapterTelnyx, abort)
			m := o.send("hello")
			o.until("is attempted", func(m *pbx.TextMessage) bool { return m.Attempts > 0 })
			r := telnyxNews(c.event, c.status, pbx.TextReference(m.ID), c.more)
			r.Query = "ref=dialtone-77" // is not signed
			if err := o.texts.Take(t.Context(), "", "texts", r); err != nil {
				t.Fatal(err)
			}
			if got := o.all()[0]; got.State != c.state || !strings.HasSuffix(got.Reason, c.reason) || got.Attempts != 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTelnyxBrings(t *testing.T) {
	o := newOffice(t, pbx.AdapterTelnyx, http.NotFound)
	came := func(id string) string {
		return fmt.Sprintf(`{"data":{"event_type":"message.received","id":"b301ed3f","payload":{"direction":"inbound",
			"id":%q,"from":{"phone_number":%q,"carrier":"T-Mobile USA"},"to":[{"phone_number":%q,"status":"webhook_delivered"}],
			"text":"Hallo\n☺","media":[{"url":"https://media.example.com/1.png"}],"encoding":"UCS-2","parts":1,"webhook_url":null}},
			"meta":{"attempt":1}}`, id, aPeer, aNumber)
	}
	for range 3 {
		if err := o.texts.Take(t.Context(), "", "texts", telnyx(came("m1"))); err != nil {
			t.Fatal(err)
		}
	}
	if ms := o.all(); len(ms) != 1 || ms[0].Text != "Hallo\n☺" || ms[0].Media != 1 || ms[0].Peer != aPeer ||
		ms[0].State != pbx.TextReceived || ms[0].Extension != "101" {
		t.Errorf("%+v", ms)
	}
	changed := telnyx(came("m2"))
	changed.Body = []byte(strings.Replace(string(changed.Body), "Hallo", "Holla", 1))
	unsigned := telnyx(came("m2"))
	unsigned.Header = http.Header{"Authorization": {"Bearer " + aSecret}}
	for name, c := range map[string]struct {
		r    Callback
		kind pbx.Kind
	}{
		"another body":   {changed, pbx.Unauthorized},
		"not signed":     {unsigned, pbx.Unauthorized},
		"no JSON":        {telnyx(`{`), pbx.Invalid},
		"without an id":  {telnyx(came("")), pbx.Invalid},
		"to nowhere":     {telnyx(strings.Replace(came("m2"), `"to":[`, `"cc":[`, 1)), pbx.Invalid},
		"not ours":       {telnyx(strings.Replace(came("m2"), aNumber, "+4930999", 1)), pbx.NotFound},
		"was never sent": {telnyxNews("message.sent", "sent", "dialtone-77", ""), pbx.NotFound},
	} {
		if err := o.texts.Take(t.Context(), "", "texts", c.r); pbx.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(o.all()); n != 1 {
		t.Errorf("%d messages are stored", n)
	}
}
