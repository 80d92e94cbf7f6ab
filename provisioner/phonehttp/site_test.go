package phonehttp

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

var (
	engine = templates.MustNew()
	noon   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
)

// site is a handler with what its owner would hold. Phones 0, 2, 4 … are Yealinks,
// the others Polycoms; each has one line with an extension of its own.
type site struct {
	*Handler
	*Files
	current atomic.Pointer[pbx.Snapshot]
	now     atomic.Pointer[time.Time]
	log     bytes.Buffer
	mu      sync.Mutex
	known   []pbx.PhoneFetch
	unknown []pbx.PhoneFetch
}

func newSite(t testing.TB, phones int, change func(*rows)) *site {
	t.Helper()
	return newBoundSite(phones, 0, change)
}

func newBoundSite(phones int, bound int64, change func(*rows)) *site {
	s := &site{}
	s.swap(phones, change)
	s.clock(noon)
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Files = NewFiles(FilesOptions{
		Engine: engine, Now: func() time.Time { return *s.now.Load() }, CacheBytes: bound, Logger: log,
		Site: phoneconf.Site{SIPServer: "pbx.example.com", SIPPort: 5060, Transport: "udp", BaseURL: "http://pbx.example.com:8480", NTPServer: "pool.ntp.org"},
	})
	s.Handler = New(Options{
		Snapshot: s.current.Load, Files: s.Files, Logger: log,
		Record:        s.record(&s.known),
		RecordUnknown: s.record(&s.unknown),
	})
	return s
}

func (s *site) record(to *[]pbx.PhoneFetch) func(pbx.PhoneFetch) {
	return func(f pbx.PhoneFetch) {
		s.mu.Lock()
		defer s.mu.Unlock()
		*to = append(*to, f)
	}
}

func (s *site) clock(t time.Time) { s.now.Store(&t) }

// rows are the parts of a snapshot before it is built.
type rows struct {
	tenant     *pbx.Tenant
	extensions []*pbx.Extension
	devices    []*pbx.Device
	phones     []*pbx.Phone
}

// swap builds a snapshot of n phones, always the same but for change.
func (s *site) swap(n int, change func(*rows)) {
	r := &rows{tenant: &pbx.Tenant{Name: "default", Title: "Example", Timezone: "Europe/Berlin", PhonePassword: pbx.NewSecret("Phone4Password")}}
	for i := range n {
		number := fmt.Sprint(1000 + i)
		r.extensions = append(r.extensions, &pbx.Extension{Tenant: "default", Number: number, Name: "Person " + number, Mailbox: number})
		r.devices = append(r.devices, &pbx.Device{Tenant: "default", Name: "desk-" + number, Extension: number, Endpoint: "dendpointnumber" + number, Secret: pbx.NewSecret("sipsecretsipsecretsipsecret" + number)})
		p := &pbx.Phone{Tenant: "default", MAC: macOf(i), Vendor: pbx.Yealink, Model: "T46U", URLSecret: pbx.NewSecret(secretOf(i)), EnrolUntil: noon.Add(time.Hour), Lines: []pbx.Line{{Registration: 1, Device: "desk-" + number}}}
		if i%2 == 1 {
			p.Vendor, p.Model = pbx.Polycom, "VVX450"
		}
		r.phones = append(r.phones, p)
	}
	if change != nil {
		change(r)
	}
	s.current.Store(pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{r.tenant},
		Extensions: r.extensions,
		Devices:    r.devices,
		Phones:     r.phones,
	}))
}

func macOf(i int) pbx.MAC { return pbx.MAC(fmt.Sprintf("001565%06x", i)) }

// secretOf is as long as a real one: 52 characters.
func secretOf(i int) string { return fmt.Sprintf("urlsecret%043d", i) }

// own is the path of a file on the own URL of phone i.
func own(i int) string {
	if i%2 == 1 {
		return fmt.Sprintf("/p/%s/%s-reg.cfg", secretOf(i), macOf(i))
	}
	return fmt.Sprintf("/p/%s/%s.cfg", secretOf(i), macOf(i))
}

// ask makes one request; headers are name, value, name, value.
func (s *site) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://pbx.example.com/", nil)
	r.URL.Path = path
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *site) get(path string, headers ...string) *httptest.ResponseRecorder {
	return s.ask(http.MethodGet, path, headers...)
}
