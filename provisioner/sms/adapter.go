package sms

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Callback is a request of a carrier.
type Callback struct {
	// Query is the part of its address behind the ?, which some carriers sign.
	Query  string
	Header http.Header
	Body   []byte
}

// adapter is how one carrier is spoken to.
type adapter struct {
	// repeats says that the carrier sends a message once which is handed over twice, by its
	// reference. The APIs of Twilio, Telnyx and Bandwidth have no key for that.
	repeats bool
	// request makes the request that hands a message over. callback is where the carrier tells
	// how far it is; "" for nowhere.
	request func(ctx context.Context, c *pbx.Carrier, m *pbx.TextMessage, callback string) (*http.Request, error)
	// answer reads the carrier's id, or why it refuses.
	answer func(status int, body []byte) (id, reason string)
	// signed reports whether a callback is the carrier's.
	signed func(c *pbx.Carrier, r Callback) bool
	read   func(r Callback) ([]pbx.TextNote, error)
}

// adapters by their names; pbx.Adapters has the same.
var adapters = map[pbx.Adapter]adapter{
	pbx.AdapterGeneric: {repeats: true, request: genericRequest, answer: genericAnswer, signed: bearerSigned,
		read: genericRead},
	pbx.AdapterTwilio: {request: twilioRequest, answer: twilioAnswer, signed: twilioSigned, read: twilioRead},
	pbx.AdapterTelnyx: {request: telnyxRequest, answer: telnyxAnswer, signed: telnyxSigned, read: telnyxRead},
	pbx.AdapterBandwidth: {request: bandwidthRequest, answer: bandwidthAnswer, signed: basicSigned,
		read: bandwidthRead},
}

// result is what came of an attempt.
type result struct {
	id       string
	reason   string // why it failed; "" after a success
	refused  bool   // another attempt would fare no better
	unsure   bool   // the carrier may have it
	answered bool
}

// post hands a message over once.
func (c *Carriers) post(ctx context.Context, carrier *pbx.Carrier, m *pbx.TextMessage) result {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	a := adapters[carrier.Adapter]
	callback := ""
	if carrier.PublicURL != "" {
		callback = carrier.PublicURL + carrier.CallbackPath() + "?ref=" + pbx.TextReference(m.ID)
	}
	req, err := a.request(ctx, carrier, m, callback)
	if err != nil {
		return result{reason: err.Error(), refused: true}
	}
	req.Header.Set("User-Agent", "Dialtone")
	res, err := c.o.Do(req)
	if err != nil {
		var op *net.OpError
		dialled := errors.As(err, &op) && op.Op == "dial"
		return result{reason: c.o.Reason(ctx, err).Error(), unsure: !dialled}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	r := judge(a, res.StatusCode, body)
	if err != nil && r.reason == "" && r.id == "" {
		return result{reason: c.o.Reason(ctx, err).Error(), unsure: true, answered: true}
	}
	return r
}

// judge tells what an answer means: 2xx is a success, 429 and 503 say that the message was not
// taken, other answers of 5xx may come after it was.
func judge(a adapter, status int, body []byte) result {
	id, reason := a.answer(status, body)
	r := result{id: id, answered: true}
	switch {
	case status >= 200 && status < 300 && id != "":
		return r
	case status >= 200 && status < 300:
		r.reason, r.unsure = "the carrier's answer has no id of the message", true
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		r.reason = fmt.Sprintf("the carrier asks to wait (%d)", status)
	case status >= 500:
		r.reason, r.unsure = fmt.Sprintf("the carrier's answer is %d", status), true
	case status >= 400:
		r.reason, r.refused = fmt.Sprintf("the carrier refuses it (%d)", status), true
	default:
		r.reason, r.refused = fmt.Sprintf("the carrier's answer is %d: redirects are not followed", status), true
	}
	if reason = pbx.PlainText(reason, 200); reason != "" {
		r.reason += ": " + reason
	}
	return r
}

// jsonRequest makes a request that posts a body as JSON.
func jsonRequest(ctx context.Context, address string, body any) (*http.Request, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("the address of the carrier cannot be read")
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// urlOr is where a carrier's API is, where its profile names no other place.
func urlOr(c *pbx.Carrier, usual string) string {
	if c.URL != "" {
		return c.URL
	}
	return usual
}

// withCode adds a carrier's code of an error to its words; "" and 0 are no codes.
func withCode(words, code string) string {
	if code == "" || code == "0" {
		return words
	}
	return strings.TrimSpace(words + " (error " + code + ")")
}

// said is the reason that a carrier gave in a callback, or else the state that it told.
func said(reason, state string) string {
	if reason == "" {
		reason = state
	}
	return "the carrier says " + pbx.PlainText(reason, 200)
}

// bearerSigned reports whether a callback brings the profile's callback_key.
func bearerSigned(c *pbx.Carrier, r Callback) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && sameSecret(c.CallbackKey, strings.TrimSpace(token))
}

// sameSecret compares in constant time. A secret that is not set is the same as nothing.
func sameSecret(s pbx.Secret, text string) bool {
	return !s.IsZero() && subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(text)) == 1
}
