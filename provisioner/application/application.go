// Package application asks the applications of tenants what happens to calls.
//
// It owns the requests, what counts as an answer, which applications are left alone for a while, and
// the list of their last errors, which is kept in memory: a restart forgets it. It may import
// provisioner/pbx and provisioner/tenanthttp.
package application

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/tenanthttp"
)

const (
	// connectWithin and answerWithin bound a request: until there is a connection, and in all, with the
	// second attempt.
	connectWithin, answerWithin = 2 * time.Second, 5 * time.Second
	// atOnce is how many requests are made at once, of all applications, and atOnceEach of one. What is
	// beyond goes to the fallback.
	atOnce, atOnceEach = 512, 128
	// failuresInARow have an application left alone for restFor.
	failuresInARow, restFor = 10, 30 * time.Second
)

// RequestType is the type of the message that an application gets.
const RequestType = "call"

// Options are what an Asker needs. All fields but Networks are required.
type Options struct {
	Snapshot func() *pbx.Snapshot
	Networks []netip.Prefix // of the platform's own, that requests may lead to
	Log      *slog.Logger
}

// Asker asks applications. Its methods are safe for concurrent use.
type Asker struct {
	o      Options
	client *tenanthttp.Client

	mu     sync.Mutex
	now    int // requests under way
	states map[target]*state
}

type target struct{ tenant, name string }

// state is what was observed of an application.
type state struct {
	now    int       // requests under way
	failed int       // in a row
	rests  time.Time // nothing is asked until then
	errors []Failure // the oldest first, at most mostErrors
}

// New returns an asker.
func New(o Options) *Asker {
	return &Asker{o: o, states: map[target]*state{}, client: tenanthttp.New(tenanthttp.Options{Networks: o.Networks,
		Connect: connectWithin, Answer: answerWithin, AtOnce: atOnce})}
}

// Check refuses an address that no request would ever lead to.
func (a *Asker) Check(field string, u *url.URL) *pbx.Error { return a.client.Check(field, u) }

// body is what an application gets, as Standard Webhooks has it.
type body struct {
	Type      string    `json:"type"`
	Timestamp string    `json:"timestamp"`
	Data      pbx.Asked `json:"data"`
}

// Ask returns the verbs that an application wants for a call of its tenant. Each can be carried out.
// An error is among the application's errors too.
func (a *Asker) Ask(ctx context.Context, about pbx.Asked) ([]pbx.Verb, error) {
	s := a.o.Snapshot()
	if s == nil {
		return nil, errors.New("no configuration is loaded yet")
	}
	app := s.Application(about.Tenant, about.Application)
	if app == nil {
		return nil, fmt.Errorf("application %s does not exist any more", about.Application)
	}
	t := target{app.Tenant, app.Name}
	began := time.Now()
	if err := a.begin(t, began); err != nil {
		return nil, err
	}
	answer, verbs, err := a.exchange(ctx, s, app, about)
	a.end(t, about, answer, err, began)
	if err != nil {
		a.o.Log.Info("an application did not answer as it should", "tenant", app.Tenant, "application", app.Name, "error", err)
	}
	return verbs, err
}

// Test asks an application, as its row is now, about a call that there is not. It counts for nothing.
func (a *Asker) Test(ctx context.Context, app *pbx.Application) ([]pbx.Verb, error) {
	s := a.o.Snapshot()
	if s == nil {
		return nil, errors.New("no configuration is loaded yet")
	}
	_, verbs, err := a.exchange(ctx, s, app, pbx.Asked{Application: app.Name, Tenant: app.Tenant, Call: "test", Request: 1})
	return verbs, err
}

// answer is what came back.
type answer struct {
	status int      // 0 without an answer
	kind   string   // its Content-Type
	at     *url.URL // that was asked
	text   []byte
}

// exchange sends the request, once more where no connection was made, and reads the verbs.
func (a *Asker) exchange(ctx context.Context, s *pbx.Snapshot, app *pbx.Application, about pbx.Asked) (got answer,
	verbs []pbx.Verb, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	id := newID()
	text, err := json.Marshal(body{RequestType, time.Now().UTC().Format(time.RFC3339Nano), about})
	if err != nil {
		return got, nil, fmt.Errorf("writing the request: %w", err)
	}
	for attempt := range 2 {
		got, err = a.post(ctx, app, about.Path, id, text)
		if err == nil || attempt > 0 || !tenanthttp.Unreached(err) {
			break
		}
	}
	if err != nil {
		return got, nil, a.client.Reason(ctx, err)
	}
	if got.status >= 300 && got.status < 400 {
		return got, nil, fmt.Errorf("the answer is %d: redirects are not followed", got.status)
	}
	if got.status < 200 || got.status > 299 {
		return got, nil, fmt.Errorf("the answer is %d", got.status)
	}
	if verbs, err = got.verbs(s, app.Tenant); err == nil {
		err = s.CheckVerbs(app.Tenant, verbs)
	}
	if err != nil {
		return got, nil, err
	}
	return got, verbs, nil
}

// verbs reads an answer in either dialect.
func (a answer) verbs(s *pbx.Snapshot, tenant string) ([]pbx.Verb, error) {
	if isTwiML(a.kind, a.text) {
		return parseTwiML(s, tenant, a.at, a.text)
	}
	return pbx.ParseVerbs(a.text)
}

// post sends the request once.
func (a *Asker) post(ctx context.Context, app *pbx.Application, path, id string, text []byte) (got answer, err error) {
	u, err := url.Parse(app.URL)
	if err != nil {
		return got, errors.New("the address cannot be read")
	}
	if path != "" {
		to, err := url.Parse(path)
		if err != nil || to.Host != "" || to.Scheme != "" {
			return got, errors.New("the path of a redirect cannot be read")
		}
		u = u.ResolveReference(to)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(text))
	if err != nil {
		return got, errors.New("the address cannot be read")
	}
	if err := tenanthttp.Sign(req, id, time.Now(), text, app.Secret); err != nil {
		return got, err
	}
	res, err := a.client.Do(req)
	if err != nil {
		return got, err
	}
	defer res.Body.Close()
	got.status, got.kind, got.at = res.StatusCode, res.Header.Get("Content-Type"), u
	got.text, err = io.ReadAll(io.LimitReader(res.Body, pbx.MostVerbBytes+1))
	return got, err
}

func newID() string {
	b := make([]byte, 12)
	_, _ = rand.Read(b) // crypto/rand.Read never returns an error (Go 1.24 and newer).
	return "req_" + hex.EncodeToString(b)
}
