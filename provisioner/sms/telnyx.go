package sms

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// telnyxURL is where Telnyx's API is (Telnyx, Send a message).
	telnyxURL = "https://api.telnyx.com"
	// telnyxWindow is how far from now a signature may be made (Telnyx, Webhook signing).
	telnyxWindow = 5 * time.Minute
)

type telnyxMessage struct {
	From       string `json:"from"`
	To         string `json:"to"`
	Text       string `json:"text"`
	WebhookURL string `json:"webhook_url,omitempty"`
}

type telnyxError struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// telnyxPayload is a message in a callback.
type telnyxPayload struct {
	ID   string `json:"id"`
	From struct {
		Number string `json:"phone_number"`
	} `json:"from"`
	To []struct {
		Number string `json:"phone_number"`
		Status string `json:"status"`
	} `json:"to"`
	Text       string            `json:"text"`
	Media      []json.RawMessage `json:"media"`
	Errors     []telnyxError     `json:"errors"`
	WebhookURL string            `json:"webhook_url"`
}

func telnyxRequest(ctx context.Context, c *pbx.Carrier, m *pbx.TextMessage, callback string) (*http.Request, error) {
	req, err := jsonRequest(ctx, urlOr(c, telnyxURL)+"/v2/messages",
		telnyxMessage{From: m.Number, To: m.Peer, Text: m.Text, WebhookURL: callback})
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Secret.Reveal())
	return req, nil
}

func telnyxAnswer(_ int, body []byte) (id, reason string) {
	var a struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
		Errors []telnyxError `json:"errors"`
	}
	if json.Unmarshal(body, &a) != nil {
		return "", ""
	}
	return a.Data.ID, telnyxReason(a.Errors)
}

// telnyxReason is the first of the errors, or "".
func telnyxReason(errs []telnyxError) string {
	if len(errs) == 0 {
		return ""
	}
	e := errs[0]
	reason := e.Title
	if e.Detail != "" && e.Detail != e.Title {
		reason += ": " + e.Detail
	}
	return withCode(reason, e.Code)
}

func telnyxSigned(c *pbx.Carrier, r Callback) bool { return telnyxSignedAt(c, r, time.Now()) }

// telnyxSignedAt checks the ed25519 signature of "timestamp|body" by the account's public key
// (Telnyx, Webhook signing). Within the window a callback may come again: it changes nothing then.
func telnyxSignedAt(c *pbx.Carrier, r Callback, now time.Time) bool {
	key, stamp := c.PublicKey(), r.Header.Get("Telnyx-Timestamp")
	signature, wrong := base64.StdEncoding.DecodeString(r.Header.Get("Telnyx-Signature-Ed25519"))
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if key == nil || wrong != nil || err != nil {
		return false
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > telnyxWindow || age < -telnyxWindow {
		return false
	}
	return ed25519.Verify(key, append([]byte(stamp+"|"), r.Body...), signature)
}

// telnyxStates are the states of a receiver that mean something here (Telnyx, Message status).
// Of an unconfirmed delivery no more is known than that the message was sent.
var telnyxStates = map[string]pbx.TextState{"sent": pbx.TextSent, "delivery_unconfirmed": pbx.TextSent,
	"delivered": pbx.TextDelivered, "sending_failed": pbx.TextFailed, "delivery_failed": pbx.TextFailed,
	"expired": pbx.TextFailed}

// telnyxRead reads one event. Our reference is in the webhook_url that the body repeats: unlike the
// address of the callback it is signed.
func telnyxRead(r Callback) ([]pbx.TextNote, error) {
	var event struct {
		Data struct {
			Type    string        `json:"event_type"`
			Payload telnyxPayload `json:"payload"`
		} `json:"data"`
	}
	if json.Unmarshal(r.Body, &event) != nil {
		return nil, errors.New("it is no JSON of an event")
	}
	p, kind := event.Data.Payload, event.Data.Type
	n := pbx.TextNote{CarrierID: p.ID, From: p.From.Number, Text: p.Text, Media: len(p.Media)}
	status := ""
	if len(p.To) > 0 {
		n.To, status = p.To[0].Number, p.To[0].Status
	}
	switch kind {
	case "message.received":
		n.State = pbx.TextReceived
		return []pbx.TextNote{n}, nil
	case "message.sent", "message.finalized":
	default:
		return nil, nil // other events of the account are not about messages
	}
	n.State = telnyxStates[status]
	if n.State == "" && kind == "message.sent" {
		n.State = pbx.TextSent
	}
	if n.State == "" {
		return nil, nil
	}
	if n.State == pbx.TextFailed {
		n.Reason = said(telnyxReason(p.Errors), status)
	}
	if u, err := url.Parse(p.WebhookURL); err == nil {
		n.Reference = u.Query().Get("ref")
	}
	return []pbx.TextNote{n}, nil
}
