package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// connectWithin and answerWithin bound one attempt: until there is a connection, and in all.
	connectWithin, answerWithin = 5 * time.Second, 15 * time.Second
	// mostAnswer is how much of an answer is read, in bytes, and mostHeader of its header.
	mostAnswer, mostHeader = 1024, 16 << 10
	// mostIdle is how long a connection waits for the next event.
	mostIdle = 30 * time.Second
)

// body is what a receiver gets, as Standard Webhooks has it.
type body struct {
	Type      string          `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// answer is what came of one attempt.
type answer struct {
	status int // 0 without an answer
	text   string
	err    error // why it failed
	began  time.Time
}

// into notes an answer, which came now, in its delivery.
func (a answer) into(d *pbx.Delivery, now time.Time) {
	d.Attempts++
	d.Last, d.Took, d.Status, d.Answer, d.Error = a.began, now.Sub(a.began), a.status, a.text, ""
	if a.err != nil {
		d.Error = a.err.Error()
	}
}

// post sends a delivery once.
func (s *Sender) post(ctx context.Context, d *db.DueDelivery) (a answer) {
	a.began = time.Now()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	req, err := request(ctx, d, a.began)
	if err != nil {
		a.err = err
		return a
	}
	res, err := s.Do(req)
	if err != nil {
		a.err = Reason(ctx, err)
		return a
	}
	defer res.Body.Close()
	a.status = res.StatusCode
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	a.text = pbx.PlainText(string(text), mostAnswer)
	switch {
	case a.status >= 300 && a.status < 400:
		a.err = fmt.Errorf("the answer is %d: redirects are not followed", a.status)
	case a.status < 200 || a.status > 299:
		a.err = fmt.Errorf("the answer is %d", a.status)
	case err != nil:
		a.err = Reason(ctx, err)
	}
	return a
}

// Do sends a request to where the platform lets tenants' requests lead, see Options.Networks. It
// follows no redirect. Reason tells an error of it.
func (s *Sender) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" {
		return s.http.Do(req)
	}
	return s.https.Do(req)
}

// request makes the signed request of a delivery. Its body is the same in each attempt.
func request(ctx context.Context, d *db.DueDelivery, now time.Time) (*http.Request, error) {
	text, err := json.Marshal(body{d.Event, d.At.UTC().Format(time.RFC3339Nano), d.Data})
	if err != nil {
		return nil, fmt.Errorf("writing the event: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	signature, err := sign(d.Message, now, text, d.Secret, d.Former)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "Dialtone",
		"Webhook-Id": d.Message, "Webhook-Timestamp": strconv.FormatInt(now.Unix(), 10), "Webhook-Signature": signature} {
		req.Header.Set(name, value)
	}
	return req, nil
}

// sign returns the signatures of a message by each secret (Standard Webhooks 1.0.0, signature
// scheme v1).
func sign(id string, at time.Time, body []byte, secrets ...pbx.Secret) (string, error) {
	var out []byte
	for _, secret := range secrets {
		if secret.IsZero() {
			continue
		}
		key, err := pbx.WebhookKey(secret)
		if err != nil {
			return "", errors.New("the secret cannot be read")
		}
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
		_, _ = mac.Write(body)
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = base64.StdEncoding.AppendEncode(append(out, "v1,"...), mac.Sum(nil))
	}
	return string(out), nil
}

// Reason says why there was no answer, without addresses that a tenant need not know.
func Reason(ctx context.Context, err error) error {
	var forbidden *forbiddenError
	var lookup *net.DNSError
	var tooSlow net.Error
	var op *net.OpError
	switch {
	case errors.As(err, &forbidden):
		return forbidden
	case errors.As(err, &lookup):
		return errors.New("the name of the host leads to no address")
	case ctx.Err() != nil || errors.As(err, &tooSlow) && tooSlow.Timeout():
		return fmt.Errorf("no answer within %s", answerWithin)
	case errors.As(err, &op) && op.Op == "dial":
		return errors.New("no connection")
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without method and address
	}
	return errors.New(pbx.PlainText("no answer: "+err.Error(), mostReason))
}

// mostReason bounds a reason, in characters.
const mostReason = 200

// newTestID is the id of a test, which no event has.
func newTestID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // crypto/rand.Read never returns an error (Go 1.24 and newer).
	return "test_" + hex.EncodeToString(b)
}
