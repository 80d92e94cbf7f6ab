package calls

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// asked is what the program of a test was asked.
type asked struct {
	Application, Call, Dialled string
	Request                    int
	From                       struct{ Number, Extension string }
	Last                       *struct{ Verb, Outcome, Digits, Recording, Reason string }
}

// program answers for all applications of a test: the path of the URL is the name of the row.
type program struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string][]string // by path; of each request the next one
	got     map[string][]asked
}

// slow is an answer that comes too late.
const slow = "slow"

func newProgram(t *testing.T) *program {
	p := &program{answers: map[string][]string{}, got: map[string][]asked{}}
	ended := make(chan struct{})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		var message struct{ Data asked }
		if err := json.Unmarshal(text, &message); err != nil || r.Header.Get("Webhook-Signature") == "" {
			t.Errorf("a request of an application: %s: %v", text, err)
		}
		path := r.URL.Path
		p.mu.Lock()
		p.got[path] = append(p.got[path], message.Data)
		answer := `[{"verb":"hangup"}]`
		if n := len(p.got[path]); n <= len(p.answers[path]) {
			answer = p.answers[path][n-1]
		}
		p.mu.Unlock()
		switch answer {
		case slow:
			select {
			case <-r.Context().Done():
			case <-ended:
			}
		case "500", "302":
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(map[string]int{"500": 500, "302": 302}[answer])
		default:
			_, _ = io.WriteString(w, answer)
		}
	}))
	t.Cleanup(func() { close(ended); p.Close() })
	return p
}

// results are how verbs ended, as the program was told.
func (p *program) results(path string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, a := range p.got[path] {
		if a.Last != nil {
			out = append(out, strings.TrimSpace(a.Last.Verb+" "+a.Last.Outcome+" "+a.Last.Digits))
		}
	}
	return out
}

// applicationCase is one call to an application, which answers its requests one after the other.
type applicationCase struct {
	name    string
	answers []string
	press   string  // keys, as soon as the call is answered and the first sound was heard
	hears   float64 // of the sound, in Hz
	results string  // of verbs, as the application is told, with commas between
	ends    string  // "hung up", "fallback", or a SIP status
}

const (
	welcome = `{"verb":"play","sound":"announcement:welcome"}` // 1500 Hz
	ask4    = `{"verb":"gather","sound":"announcement:welcome","digits":4,"seconds":2}`
	end     = `{"verb":"hangup"}`
)

var applicationCases = []applicationCase{
	{name: "plays and hangs up", answers: []string{`[{"verb":"answer"},` + welcome + `,` + end + `]`}, hears: 1500, ends: "hung up"},
	{name: "one verb is no array", answers: []string{welcome, end}, hears: 1500, results: "play ok", ends: "hung up"},
	{name: "gathers keys", answers: []string{`[` + ask4 + `]`, `[` + end + `]`}, hears: 1500, press: "1234", results: "gather ok 1234", ends: "hung up"},
	{name: "gathers until #", answers: []string{`[` + ask4 + `]`, `[` + end + `]`}, hears: 1500, press: "12#", results: "gather ok 12", ends: "hung up"},
	{name: "gathers nothing", answers: []string{`[` + ask4 + `]`, `[` + end + `]`}, hears: 1500, results: "gather timeout", ends: "hung up"},
	{name: "waits", answers: []string{`[{"verb":"answer"},{"verb":"pause","seconds":1}]`, `[` + end + `]`}, results: "pause ok", ends: "hung up"},
	{name: "records", answers: []string{`[{"verb":"record","seconds":1,"quiet":true}]`, `[` + end + `]`}, results: "record timeout", ends: "hung up"},
	{name: "dials a number that answers", answers: []string{`[{"verb":"dial","to":"extension:101"}]`, `[` + welcome + `,` + end + `]`}, results: "dial answered", hears: 1500, ends: "hung up"},
	{name: "dials a busy one", answers: []string{`[{"verb":"dial","to":"extension:102"}]`, `[` + welcome + `,` + end + `]`}, results: "dial busy", hears: 1500, ends: "hung up"},
	{name: "dials one without a phone", answers: []string{`[{"verb":"dial","to":"extension:103"}]`, `[` + end + `]`}, results: "dial unreachable", ends: "hung up"},
	{name: "dials a group", answers: []string{`[{"verb":"dial","to":"ring-group:busy"}]`, `[` + end + `]`}, results: "dial busy", ends: "hung up"},
	{name: "dials where it may not", answers: []string{`[{"verb":"dial","to":"external:+49301234567"}]`, `[` + end + `]`}, results: "dial refused", ends: "hung up"},
	{name: "dials, then asks", answers: []string{`[{"verb":"dial","to":"extension:102"},` + ask4 + `]`, `[` + end + `]`}, hears: 1500, press: "7#", results: "gather ok 7", ends: "hung up"},
	{name: "sends on", answers: []string{`[{"verb":"redirect","to":"announcement:closed"}]`}, hears: 1100, ends: "hung up"},
	{name: "goes on at another path", answers: []string{`[{"verb":"redirect","path":"/other"}]`}, ends: "hung up"},
	{name: "leaves a mailbox", answers: []string{`[{"verb":"voicemail","mailbox":"101"}]`}, ends: "mailbox"},
	{name: "rejects as busy", answers: []string{`[{"verb":"reject","reason":"busy"}]`}, ends: "486"},
	{name: "refuses", answers: []string{`[{"verb":"reject"}]`}, ends: "403"},
	{name: "is slow", answers: []string{slow}, ends: "fallback"},
	{name: "fails", answers: []string{"500"}, ends: "fallback"},
	{name: "leads elsewhere", answers: []string{"302"}, ends: "fallback"},
	{name: "talks nonsense", answers: []string{"<html/>"}, ends: "fallback"},
	{name: "says nothing", answers: []string{"[]"}, ends: "fallback"},
	{name: "is huge", answers: []string{`[` + strings.Repeat(welcome+",", 500) + end + `]`}, ends: "fallback"},
	{name: "invents a verb", answers: []string{`[{"verb":"explode"}]`}, ends: "fallback"},
	{name: "writes a dialplan", answers: []string{`[{"verb":"play","sound":"x,1)&System(id)"}]`}, ends: "fallback"},
	{name: "plays a sound of another", answers: []string{`[{"verb":"play","sound":"announcement:absent"}]`}, ends: "fallback"},
	{name: "calls for help", answers: []string{`[{"verb":"dial","to":"external:112"}]`, `[` + end + `]`}, results: "dial refused", ends: "hung up"},
	{name: "gathers by TwiML", answers: []string{`<?xml version="1.0"?><Response><Gather numDigits="4" timeout="2">` +
		`<Play>announcement:welcome</Play></Gather><Redirect>extension:103</Redirect></Response>`,
		`<Response><Play>announcement:welcome</Play></Response>`}, hears: 1500, press: "1234", results: "gather ok 1234", ends: "hung up"},
	{name: "sends on by TwiML without a key", answers: []string{`<Response><Gather timeout="1"/><Redirect>announcement:closed</Redirect>` +
		`</Response>`}, hears: 1100, ends: "hung up"},
	{name: "dials by TwiML", answers: []string{`<Response><Dial action=""><Number>102</Number></Dial><Reject/></Response>`, `<Response/>`},
		results: "dial busy", ends: "hung up"},
	{name: "speaks by TwiML", answers: []string{`<Response><Say>Hello</Say></Response>`}, ends: "fallback"},
	{name: "fails after a verb", answers: []string{`[` + welcome + `]`, "500"}, results: "play ok", hears: 1500, ends: "fallback"},
}

// TestApplicationsRealAsterisk plays each case with a phone that listens and presses keys. The
// application then loses its controller in the middle of verbs: the caller gets to the fallback.
func TestApplicationsRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite, "--webhook-networks=127.0.0.0/8")
			p := newProgram(t)
			l.applicationOffice(t)
			for i, c := range applicationCases {
				l.application(t, p, i, c.answers)
			}
			killed := len(applicationCases)
			for i, c := range killedCases {
				l.application(t, p, killed+i, c.answers)
			}
			l.Applied(t)
			callers := l.applicationCallers(t, 0, killed)
			t.Run("cases", func(t *testing.T) {
				var together sync.WaitGroup // they wait for sounds, and take no test's place
				room := make(chan struct{}, 8)
				for i, c := range applicationCases {
					together.Go(func() {
						room <- struct{}{}
						t.Run(c.name, func(t *testing.T) { l.playApplication(t, p, callers[i], i, c) })
						<-room
					})
				}
				together.Wait()
			})
			l.losesController(t, killed)
		})
	}
}

// applicationOffice makes what the applications of the cases lead to.
func (l *lab) applicationOffice(t *testing.T) {
	t.Helper()
	l.Announcement(t, "welcome", 1500, time.Second)
	l.Announcement(t, "closed", 1100, 2*time.Second)
	l.Announcement(t, "long", 1500, 60*time.Second)
	for _, number := range []string{"101", "102", "103", "104"} {
		l.Extension(t, number, "4711", nil)
	}
	l.Register(t, l.Device(t, "silent", "104", nil), phone.Options{NoAnswer: true})
	l.Do(t, "PATCH", Tenant+"/extensions/104", Object{"ring_seconds": 5}, nil)
	answers := l.Register(t, l.Device(t, "answers", "101", nil), phone.Options{})
	go func() {
		for {
			select {
			case c := <-answers.Incoming():
				if c.Answer(t.Context()) == nil {
					_ = c.Hangup(t.Context())
				}
			case <-t.Context().Done():
				return
			}
		}
	}()
	l.Register(t, l.Device(t, "busy", "102", nil), phone.Options{Busy: true})
	l.Do(t, "PUT", Tenant+"/ring-groups/busy", Object{"number": "600", "members": []Object{{"extension": "102"}}}, nil)
}

// application makes an application of its own, and an extension that is forwarded to it.
func (l *lab) application(t *testing.T, p *program, i int, answers []string) {
	t.Helper()
	name, number := fmt.Sprintf("row-%d", i), fmt.Sprint(200+i)
	p.answers["/"+name] = answers
	l.Do(t, "PUT", Tenant+"/applications/"+name, Object{"url": p.URL + "/" + name, "fallback": "announcement:closed"}, nil)
	l.Do(t, "PUT", Tenant+"/extensions/"+number, Object{"name": name}, nil)
	l.Do(t, "PUT", Tenant+"/forwards/"+number, Object{"mode": "destination", "destination": "application:" + name}, nil)
}

// applicationCallers are phones of extensions of their own.
func (l *lab) applicationCallers(t *testing.T, first, n int) (callers []*phone.Phone) {
	t.Helper()
	for i := range n {
		number := fmt.Sprint(300 + first + i)
		l.Do(t, "PUT", Tenant+"/extensions/"+number, Object{"name": number}, nil)
		callers = append(callers, l.Register(t, l.Device(t, "caller-"+number, number, nil), phone.Options{}))
	}
	l.Applied(t)
	return callers
}

func (l *lab) playApplication(t *testing.T, p *program, caller *phone.Phone, i int, c applicationCase) {
	out := Dial(t, caller, fmt.Sprint(200+i))
	hears := func(hz float64) {
		t.Helper()
		if err := out.Hear(Within(t, Patience), hz, 300*time.Millisecond); err != nil {
			t.Errorf("%v Hz: %v", hz, err)
		}
	}
	if c.hears != 0 {
		hears(c.hears)
	}
	if c.press != "" {
		_ = out.SendDTMF(c.press) // the call may end as soon as the last key is down
	}
	switch c.ends {
	case "fallback":
		hears(1100)
	case "mailbox":
		HearsSpeech(t, out)
		Leave(t, out)
	}
	select {
	case <-out.Done():
	case <-Within(t, Patience).Done():
		t.Error("the call does not end by itself")
		Leave(t, out)
	}
	if code := out.Status(); len(c.ends) == 3 && fmt.Sprint(code) != c.ends {
		t.Errorf("the call ends with %d, want %s", code, c.ends)
	}
	if got := strings.Join(p.results(fmt.Sprintf("/row-%d", i)), ", "); got != c.results {
		t.Errorf("the verbs end with %q, want %q", got, c.results)
	}
	if c.ends == "fallback" && c.results == "" {
		var list struct{ Items []struct{ Error string } }
		l.Do(t, "GET", fmt.Sprintf("%s/applications/row-%d/errors", Tenant, i), nil, &list)
		if len(list.Items) != 1 || list.Items[0].Error == "" {
			t.Errorf("errors: %+v", list)
		}
	}
}

// killedCases are verbs during which the controller is killed. A call that is heard is in its verb.
var killedCases = []applicationCase{
	{name: "play", answers: []string{`[{"verb":"play","sound":"announcement:long"}]`}, hears: 1500},
	{name: "gather", answers: []string{`[{"verb":"gather","sound":"announcement:welcome","digits":2,"seconds":4}]`}, hears: 1500},
	{name: "pause", answers: []string{`[` + welcome + `,{"verb":"pause","seconds":4}]`}, hears: 1500},
	{name: "record", answers: []string{`[` + welcome + `,{"verb":"record","seconds":4}]`}, hears: 1500},
	{name: "dial", answers: []string{`[` + welcome + `,{"verb":"dial","to":"extension:104"}]`}, hears: 1500},
	{name: "ask", answers: []string{welcome, slow}, hears: 1500},
}

// losesController has calls in all of killedCases when the controller is killed.
func (l *lab) losesController(t *testing.T, first int) {
	t.Helper()
	callers := l.applicationCallers(t, first, len(killedCases)+1)
	var calls []*phone.Call
	for i, c := range killedCases {
		out := Dial(t, callers[i], fmt.Sprint(200+first+i))
		if err := out.Hear(Within(t, Patience), c.hears, 300*time.Millisecond); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		calls = append(calls, out)
	}
	l.Kill(t)
	Press(t, calls[1], "7")
	var listening sync.WaitGroup
	for i, out := range calls {
		if killedCases[i].name == "play" {
			Leave(t, out) // it would play for a minute
			continue
		}
		listening.Go(func() {
			if err := out.Hear(Within(t, Patience), 1100, 300*time.Millisecond); err != nil {
				t.Errorf("killed in %s: %v", killedCases[i].name, err)
			}
		})
	}
	// Without a controller calls go to the fallback at once.
	late := Dial(t, callers[len(killedCases)], fmt.Sprint(200+first))
	if err := late.Hear(Within(t, Patience), 1100, 300*time.Millisecond); err != nil {
		t.Errorf("a new call without a controller: %v", err)
	}
	listening.Wait()
}
