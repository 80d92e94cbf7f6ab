package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/phonehttp"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
	"github.com/dialtone-pbx/dialtone/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is the API over a real listener, on a real database and a scripted Asterisk.
type lab struct {
	t        *testing.T
	url      string
	token    string
	ctl      *provisioner.Controller
	db       *db.DB
	asterisk *amitest.Server
	config   string // folder of the rendered files
	recorded string // folder of the recorded calls
	spool    string // folder of voicemail
	log      *safeBuffer
	noCalls  atomic.Bool // call control is away
	server   *httptest.Server
	control  *controlled
}

// safeBuffer is a log that may be read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newLab starts everything; mend changes the listener's settings before it starts.
func newLab(t *testing.T, mend ...func(*http.Server)) *lab {
	t.Helper()
	l := &lab{t: t, asterisk: amitest.NewServer(t), config: t.TempDir(), recorded: t.TempDir(), spool: t.TempDir(),
		log: &safeBuffer{}, control: &controlled{}}
	agree(l.asterisk, l.config)
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})
	engine, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	l.db = store
	log := slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	site := phoneconf.Site{SIPServer: "192.0.2.1", SIPPort: 5060, BaseURL: "http://192.0.2.1:8081"}
	l.ctl, err = provisioner.New(t.Context(), provisioner.Options{
		DB: store, Templates: engine, ConfigDir: l.config, RecordingDir: l.recorded, VoicemailDir: l.spool, Logger: log,
		UploadDir: t.TempDir(), SoundDir: t.TempDir(),
		Site: site, PhoneHash: phonehttp.NewFiles(phonehttp.FilesOptions{Engine: engine, Site: site}).Hash,
		AMI: provisioner.AMI{Address: l.asterisk.Address(), Username: "dialtone"}, Control: l.control, EncodeEvent: EncodeEvent,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.ctl.Run(ctx) }()
	_, text, err := l.ctl.SignIn.CreateToken(t.Context(), &signin.Caller{}, signin.TokenOrder{Name: "tester", Role: pbx.RolePlatformAdmin})
	if err != nil {
		t.Fatal(err)
	}
	l.token = text.Reveal()
	handler := New(Options{Controller: l.ctl, PhoneURL: "http://192.0.2.1:8081", Version: "test", Logger: log,
		CallControl: func() bool { return !l.noCalls.Load() },
		Metrics:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "# none\n") })})
	l.server = httptest.NewUnstartedServer(nil)
	l.server.Config = Server(handler)
	for _, m := range mend {
		m(l.server.Config)
	}
	l.server.Start()
	l.url = l.server.URL
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the controller ended: %v", err)
		}
		noRedirect.CloseIdleConnections()
		l.server.CloseClientConnections()
		l.server.Close()
	})
	return l
}

// agree makes the fake an Asterisk that has always loaded what lies in dir.
func agree(s *amitest.Server, dir string) {
	stated := func(file, pattern string) string {
		content, _ := os.ReadFile(filepath.Join(dir, file))
		m := regexp.MustCompile(pattern).FindSubmatch(content)
		if m == nil {
			return ""
		}
		return string(m[1])
	}
	s.Handle("PJSIPShowEndpoint", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "EndpointDetail", "EndpointDetailComplete",
			[]string{"ObjectName", a.Get("Endpoint"), "Accountcode", stated("pjsip.conf", `accountcode = ([0-9a-f]{64})`)})
	})
	s.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		if channel := a.Get("Channel"); channel != "" {
			c.Reply(a, "Variable", a.Get("Variable"), "Value", a.Get("Variable")+" of "+channel)
			return
		}
		if value, is := amitest.Config(dir, a.Get("Variable")); is {
			c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
			return
		}
		value := "0"
		for _, hash := range []string{stated("extensions.conf", `exten => ([0-9a-f]{64}),1`), stated("res_parking.conf", `parkext = ([0-9a-f]{64})`)} {
			if hash != "" && strings.Contains(a.Get("Variable"), hash) {
				value = "1"
			}
		}
		c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
	})
	s.Handle("VoicemailUserStatus", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "VoicemailUserDetail", "VoicemailUserDetailComplete",
			[]string{"VoicemailBox", a.Get("Mailbox"), "Fullname", stated("voicemail.conf", `0000000000,([0-9a-f]{64})`)})
	})
}

// reply is one answer.
type reply struct {
	t      *testing.T
	Status int
	Header http.Header
	Body   string
}

// path makes a path of the default tenant of what does not begin with a slash.
func (l *lab) path(p string) string {
	if strings.HasPrefix(p, "/") {
		return p
	}
	return "/v1/tenants/default/" + p
}

// do sends a request; headers come as "Name: value".
func (l *lab) do(method, path, body string, headers ...string) reply {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, l.url+l.path(path), r)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := noRedirect.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return reply{l.t, res.StatusCode, res.Header, string(text)}
}

var noRedirect = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 1}, // a connection a request was a seventh of the sweep
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// must is do with the status it has to have.
func (l *lab) must(status int, method, path, body string, headers ...string) reply {
	l.t.Helper()
	r := l.do(method, path, body, headers...)
	if r.Status != status {
		l.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, r.Status, r.Body, status)
	}
	return r
}

// applied creates or replaces by PUT and waits until Asterisk runs it.
func (l *lab) applied(path, body string) reply {
	l.t.Helper()
	r := l.do("PUT", path, body, "Prefer: wait=10")
	if r.Status >= 300 || r.text("apply.state") != "applied" {
		l.t.Fatalf("PUT %s %s: %d %s; log:\n%s", path, body, r.Status, r.Body, l.log)
	}
	return r
}

// json decodes the answer.
func (r reply) json() map[string]any {
	r.t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(r.Body), &out); err != nil {
		r.t.Fatalf("%q: %v", r.Body, err)
	}
	return out
}

// items are the objects of a list.
func (r reply) items() (out []map[string]any) {
	r.t.Helper()
	items, _ := r.json()["items"].([]any)
	for _, item := range items {
		m, _ := item.(map[string]any)
		out = append(out, m)
	}
	return out
}

// text is a field of the answer: "apply.state".
func (r reply) text(path string) string {
	r.t.Helper()
	var v any = r.json()
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

// problem decodes an error answer and checks what all of them have in common.
func (r reply) problem() Problem {
	r.t.Helper()
	var p Problem
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("Content-Type is %q: %d %s", got, r.Status, r.Body)
	}
	dec := json.NewDecoder(strings.NewReader(r.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		r.t.Errorf("%q: %v", r.Body, err)
	}
	if p.Status != r.Status || p.Title != http.StatusText(r.Status) || p.Kind == "" || p.Detail == "" {
		r.t.Errorf("status %d: incomplete problem %s", r.Status, r.Body)
	}
	for _, inner := range []string{"goroutine", ".go:", "SELECT", "sqlite", "Go struct", "unmarshal", "\"expected ", " expected "} {
		if strings.Contains(r.Body, inner) {
			r.t.Errorf("the problem shows internals (%q): %s", inner, r.Body)
		}
	}
	return p
}

// revision is the newest configuration revision: it grows with every change.
func (l *lab) revision() int64 {
	l.t.Helper()
	n, err := l.ctl.Revision(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	return n
}

// until polls until ok, for at most ten seconds.
func (l *lab) until(what string, ok func() bool) {
	l.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(10 * time.Second)
	defer end.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			l.t.Fatalf("waiting %s: not within ten seconds; log:\n%s", what, l.log)
		}
	}
}

// wrong is a request that must change nothing.
type wrong struct {
	name         string
	method, path string
	body         string
	headers      []string
	status       int
	field        string // exactly; "" for problems about no field
	detail       string // a part of it
	alsoFields   []string
	only         bool // no other field is at fault
}

// check sends it and looks at the problem.
func (w wrong) check(t *testing.T, l *lab) {
	t.Helper()
	before := l.revision()
	r := l.do(cmp.Or(w.method, "POST"), w.path, w.body, w.headers...)
	r.t = t
	if r.Status != w.status {
		t.Fatalf("answer %d %s, want %d", r.Status, r.Body, w.status)
	}
	p := r.problem()
	if p.Field != w.field || !strings.Contains(p.Detail, w.detail) {
		t.Errorf("field %q, detail %q; want field %q, detail with %q", p.Field, p.Detail, w.field, w.detail)
	}
	if w.only && len(p.Errors) > 0 {
		t.Errorf("more than one error: %s", r.Body)
	}
	for _, f := range w.alsoFields {
		if !strings.Contains(r.Body, `"field":"`+f+`"`) {
			t.Errorf("%s is not named in %s", f, r.Body)
		}
	}
	if now := l.revision(); now != before {
		t.Errorf("it changed something: revision %d became %d", before, now)
	}
	if strings.Contains(r.Body, canary) || strings.Contains(l.log.String(), canary) {
		t.Errorf("a secret shows in %s or in the log", r.Body)
	}
}

// run checks all of them.
func runWrong(t *testing.T, l *lab, table []wrong) {
	t.Helper()
	for _, w := range table {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
}

// canary is a secret that must never be seen again.
const canary = "c4n4ry5ecret"
