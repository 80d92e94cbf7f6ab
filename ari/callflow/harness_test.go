package callflow

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	ariv6 "github.com/CyCoreSystems/ari/v6"
	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait; a wait that ends by it fails its test.
const patience = 20 * time.Second

// office is one tenant: 101 with a mailbox, 102 without, 103 without a device.
func office() *pbx.Snapshot {
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants: []*pbx.Tenant{{Name: "acme"}},
		Extensions: []*pbx.Extension{
			{Tenant: "acme", Number: "101", RingSeconds: 20, Mailbox: "101"},
			{Tenant: "acme", Number: "102", RingSeconds: 20},
			{Tenant: "acme", Number: "103", RingSeconds: 20},
		},
		Devices: []*pbx.Device{
			{Tenant: "acme", Name: "desk", Extension: "101", Endpoint: "daaa"},
			{Tenant: "acme", Name: "mobile", Extension: "101", Endpoint: "dbbb"},
			{Tenant: "acme", Name: "hall", Extension: "102", Endpoint: "dccc"},
		},
		Mailboxes: []*pbx.Mailbox{{Tenant: "acme", Number: "101"}},
	})
}

// rig is a flow with a fake Asterisk behind it.
type rig struct {
	*Flow
	t        *testing.T
	server   *aritest.Server
	client   *ari.Client
	verdicts chan Verdict
	stop     func() // ends Run and waits for it
	log      *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newRig makes a flow that does not run yet; change may alter its options.
func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, server: aritest.NewServer(t), verdicts: make(chan Verdict, 10_000), log: &lockedBuffer{}}
	r.client = ari.New(ari.Options{URL: r.server.URL(), Username: aritest.Username, Password: aritest.Password, App: pbx.StasisApp,
		OnEvent: func(e ariv6.Event) { r.HandleEvent(e, r.client.EventRead()) },
		OnUp:    func(ctx context.Context, gen uint64) error { return r.Up(ctx, gen) }})
	t.Cleanup(r.client.Close)
	opts := Options{Client: r.client, Snapshot: office, Deadline: patience,
		Observe: func(v Verdict, _ time.Duration) { r.verdicts <- v },
		Logger:  slog.New(slog.NewTextHandler(io.MultiWriter(r.log, t.Output()), nil))}
	if change != nil {
		change(&opts)
	}
	r.Flow = New(opts)
	return r
}

// run starts the flow; it ends with the test at the latest.
func (r *rig) run() *rig {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(patience):
			r.t.Error("Run does not end")
		}
	})
	r.t.Cleanup(r.stop)
	return r
}

// enters hands the flow a channel that came into Stasis.
func (r *rig) enters(c aritest.Channel, args ...string) {
	r.t.Helper()
	r.event(aritest.StasisStart(pbx.StasisApp, c, args...))
}

func (r *rig) event(raw string) {
	r.t.Helper()
	r.eventAt(time.Now(), raw)
}

func (r *rig) eventAt(read time.Time, raw string) {
	r.t.Helper()
	e, err := ariv6.DecodeEvent([]byte(raw))
	if err != nil {
		r.t.Fatalf("decoding %s: %v", raw, err)
	}
	r.HandleEvent(e, read)
}

// verdict waits for the next verdict.
func (r *rig) verdict() Verdict {
	r.t.Helper()
	select {
	case v := <-r.verdicts:
		return v
	case <-time.After(patience):
		r.t.Fatalf("no verdict; requests so far:\n%s", strings.Join(r.trace(), "\n"))
		return ""
	}
}

// trace is what Asterisk was asked so far, without the list at the end of Run.
func (r *rig) trace() []string {
	var lines []string
	for _, q := range r.server.Requests() {
		line := q.Method + " " + q.Path
		switch {
		case strings.HasSuffix(q.Path, "/variable"):
			line += " " + q.Field("variable")
			if q.Method == "POST" {
				line += "=" + q.Field("value")
			}
		case strings.HasSuffix(q.Path, "/continue"):
			line += fmt.Sprintf(" %s,%s,%s%s", q.Field("context"), q.Field("extension"), q.Field("priority"), q.Field("label"))
		case q.Method == "DELETE":
			line += " " + q.Field("reason")
		}
		lines = append(lines, strings.ReplaceAll(line, "/channels/", ""))
	}
	return lines
}

// caller is a channel of extension 102's device.
func caller(id, dialled string) aritest.Channel {
	return aritest.Channel{ID: id, Name: "PJSIP/dccc-0000002a", Context: "from-acme", Exten: dialled}
}

// answers makes the server give requests that fit pattern these answers, the
// last one for ever.
func (r *rig) answers(pattern string, list ...aritest.Answer) {
	var mu sync.Mutex
	r.server.Handle(pattern, func(aritest.Request) aritest.Answer {
		mu.Lock()
		defer mu.Unlock()
		a := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return a
	})
}

// holds makes requests that fit pattern wait until the returned function is
// called; it ends by itself with the test.
func (r *rig) holds(pattern string) (release func()) {
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	r.t.Cleanup(release)
	r.server.Handle(pattern, func(aritest.Request) aritest.Answer {
		<-gate
		return aritest.Answer{}
	})
	return release
}

// inStasis scripts GET /channels: channels that run an application with data.
func (r *rig) inStasis(list ...string) {
	r.answers("GET /channels", aritest.Answer{Body: "[" + strings.Join(list, ",") + "]"})
}

// listed is a channel as GET /channels shows it.
func listed(id, name, exten, app, data string) string {
	return fmt.Sprintf(`{"id":%q,"name":%q,"state":"Ring","caller":{"name":"","number":""},"connected":{"name":"","number":""},`+
		`"accountcode":"","creationtime":"2026-11-22T05:44:15.000+0000","language":"en",`+
		`"dialplan":{"context":"from-acme","exten":%q,"priority":2,"app_name":%q,"app_data":%q}}`, id, name, exten, app, data)
}

var (
	broken = aritest.Failure(500, "Allocation failed")
	hangs  = aritest.Answer{Hang: true}
	gone   = aritest.Failure(404, "Channel not found")
	moved  = aritest.Failure(409, "Channel not in Stasis application")
)

// with returns a snapshot with other rows.
func with(s *pbx.Snapshot, change func(*pbx.Rows)) *pbx.Snapshot {
	r := s.Rows
	change(&r)
	return pbx.NewSnapshot(s.Revision, r)
}
