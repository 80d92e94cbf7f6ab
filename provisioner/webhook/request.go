package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/tenanthttp"
)

const (
	// connectWithin and answerWithin bound one attempt: until there is a connection, and in all.
	connectWithin, answerWithin = 5 * time.Second, 15 * time.Second
	// mostAnswer is how much of an answer is read, in bytes.
	mostAnswer = 1024
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
	res, err := s.client.Do(req)
	if err != nil {
		a.err = s.client.Reason(ctx, err)
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
		a.err = s.client.Reason(ctx, err)
	}
	return a
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
	if err := tenanthttp.Sign(req, d.Message, now, text, d.Secret, d.Former); err != nil {
		return nil, err
	}
	return req, nil
}

// newTestID is the id of a test, which no event has.
func newTestID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // crypto/rand.Read never returns an error (Go 1.24 and newer).
	return "test_" + hex.EncodeToString(b)
}
