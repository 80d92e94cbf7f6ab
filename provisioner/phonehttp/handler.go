// Package phonehttp is what phones talk to: an HTTP handler with its own trust.
// It serves phone files and nothing else, tells strangers nothing, and reports
// each request to its owner.
//
// Two kinds of address exist. The generic one (/<file>) gives a known phone in
// its enrolment window the address of its own URL, until it has its full file. A
// phone's own URL (/p/<secret>/<file>) gives the full files of that phone alone, and
// so does the generic one to a client certificate of the MAC asked for. Whatever else is
// asked, in whatever way, but for the links of invitations (serveInvite), gets the
// same 404: a different answer for a known MAC
// would let anybody list the phones of a site.
//
// It uses net/http bare: one handler and two addresses need no router. What nearly all
// phones ask nearly always does not get that far: Plain reads it and writes the answer,
// by the same handler, at two thirds of the processor time. It may import
// provisioner/pbx and phoneconf.
//
// Under its own URL a phone may also send files of fixed names: its logs, its own
// changes, its call lists. They are kept for people, and its own changes are given
// back to it.
package phonehttp

import (
	"crypto/sha256"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DefaultCacheBytes holds the files of more than 10,000 desk phones: each is 8 kB
// and takes 2 kB, see packed.
const DefaultCacheBytes = 32 << 20

// Options are what a Handler needs. Snapshot, Engine and Record are required.
type Options struct {
	// Snapshot returns the current state, nil before the first one is loaded.
	Snapshot func() *pbx.Snapshot
	Engine   *phoneconf.Engine
	Site     phoneconf.Site // Year is set here from Now
	// Record is told of each request that belongs to a known phone, be it by
	// secret or by MAC. It is called within the request and must not block.
	Record func(pbx.PhoneFetch)
	// RecordUnknown is told of requests that name a MAC nobody knows, in the path
	// or the User-Agent. Anybody can send those: the owner caps what it keeps. It
	// must not block. nil drops them.
	RecordUnknown func(pbx.PhoneFetch)
	// Enrolled tells whether a phone has its full file already, so that the generic
	// URL has nothing more for it. It must not block. nil means never.
	Enrolled func(*pbx.Phone) bool
	// Upload keeps a file that a phone sends, and reports whether it was there
	// before; Uploaded returns what was kept, nil for nothing. Both are called for
	// names of phoneconf.UploadOf only. nil refuses uploads.
	Upload   func(p *pbx.Phone, name phoneconf.FileName, body []byte) (replaced bool, err error)
	Uploaded func(p *pbx.Phone, name phoneconf.FileName) ([]byte, error)
	// Firmware finds a firmware file by its hash and name. nil serves none.
	Firmware func(sum, name string) (path string, size int64, modified time.Time, ok bool)
	// Invitations are the pages for softphones below phoneconf.InvitePath; nil has none.
	Invitations Invitations
	Now         func() time.Time // nil is time.Now
	Logger      *slog.Logger     // nil logs nothing
	CacheBytes  int64            // bound of the rendered files kept, 0 is DefaultCacheBytes
}

// Handler answers phones. It is safe for concurrent use.
type Handler struct {
	opt      Options
	index    atomic.Pointer[index]
	indexing sync.Mutex
	cache    *cache
	packer   packer
	flight   singleflight.Group
	renders  atomic.Int64  // files rendered, or tried
	uploads  chan struct{} // a place for each body that is being received
	sending  chan struct{} // for each firmware file that is being sent
	// and for each file that is being rendered: more at once would take no less time
	rendering chan struct{}
}

// Renders returns how many files were rendered since the start: what the cache
// did not answer.
func (h *Handler) Renders() int64 { return h.renders.Load() }

// New returns a handler.
func New(opt Options) *Handler {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.RecordUnknown == nil {
		opt.RecordUnknown = func(pbx.PhoneFetch) {}
	}
	if opt.Enrolled == nil {
		opt.Enrolled = func(*pbx.Phone) bool { return false }
	}
	if opt.CacheBytes <= 0 {
		opt.CacheBytes = DefaultCacheBytes
	}
	return &Handler{opt: opt, cache: newCache(opt.CacheBytes), uploads: make(chan struct{}, maxUploads), sending: make(chan struct{}, maxFirmware), rendering: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// call is one request on its way.
type call struct {
	path  phoneconf.Request
	ok    bool // path could be read
	now   time.Time
	index *index
	known pbx.MAC // the phone it belongs to, "" for nobody's
	from  netip.Addr
	cert  certificate
	entry *entry // the phone, once it proved to be it
	own   bool   // it proved to be the phone

	// upload tells that the phone may send this file, by these rules.
	upload bool
	rules  phoneconf.Upload
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, phoneconf.InvitePath) {
		h.serveInvite(w, r)
		return
	}
	s := h.opt.Snapshot()
	if s == nil { // for everybody alike, so it tells nothing
		writeUnavailable(w)
		return
	}
	if h.serveFirmware(w, r) {
		return
	}
	c := call{now: h.opt.Now(), index: h.indexOf(s)}
	c.path, c.ok = phoneconf.ParsePath(r.URL.Path)
	c.from, c.cert = remote(r), certificateOf(r.TLS)
	status, hash := http.StatusNotFound, ""
	f, err := h.find(&c, r.Method)
	switch {
	case err == nil && f == nil && c.own && c.upload && r.Method == http.MethodPut:
		status = h.receive(w, r, &c)
	case err == nil && f == nil && c.own && c.upload:
		status, hash = h.giveBack(w, r, &c)
	case err != nil:
		status = http.StatusServiceUnavailable
		writeUnavailable(w)
	case f == nil:
		writeMiss(w)
	default:
		status, hash = writeFile(w, r, f)
	}
	h.record(&c, r, status, hash)
}

// find returns the file that the request may have, nil for none. An error means
// that a phone with the right secret cannot be served now.
func (h *Handler) find(c *call, method string) (*file, error) {
	// The secret is looked up by its hash: how long that takes says nothing about
	// how much of a guess was right. It is done for every request.
	owner := c.index.bySecret[sha256.Sum256([]byte(c.path.Secret))]
	named := c.index.byMAC[c.path.MAC]
	switch {
	case owner != nil:
		c.known = owner.phone.MAC
	case named != nil:
		c.known = named.phone.MAC
	}
	if !c.ok || (method != http.MethodGet && method != http.MethodHead && method != http.MethodPut) {
		return nil, nil
	}
	if !named.allows(c.from) || !c.cert.allows(c.path.MAC) {
		return nil, nil
	}
	if c.path.Secret != "" {
		if owner == nil || owner != named {
			return nil, nil
		}
		return h.proved(c, owner, method)
	}
	if named != nil && c.cert.given {
		return h.proved(c, named, method)
	}
	if method == http.MethodPut || named == nil || !c.now.Before(named.phone.EnrolUntil) || h.opt.Enrolled(named.phone) {
		return nil, nil
	}
	f, _ := h.file(c, named, true) // the generic URL knows no other refusal than 404
	return f, nil
}

// proved returns the file of a phone that proved to be itself.
func (h *Handler) proved(c *call, e *entry, method string) (*file, error) {
	c.own, c.entry = true, e
	if h.opt.Upload != nil {
		c.rules, c.upload = phoneconf.UploadOf(e.phone, c.path.File)
	}
	if method == http.MethodPut {
		return nil, nil
	}
	return h.file(c, e, false)
}

// maxUserAgent is how much of a User-Agent is kept, see pbx.PhoneFetch.
const maxUserAgent = 200

func (h *Handler) record(c *call, r *http.Request, status int, hash string) {
	agent := r.UserAgent()
	fetch := pbx.PhoneFetch{MAC: c.known, File: string(c.path.File), Status: status, Hash: hash, Own: c.own, Address: c.from, At: c.now}
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	fetch.UserAgent = strings.ToValidUTF8(agent, "")
	if c.known != "" {
		h.opt.Record(fetch)
		return
	}
	if fetch.MAC = c.path.MAC; fetch.MAC == "" {
		_, _, _, fetch.MAC = phoneconf.Identify(fetch.UserAgent)
	}
	if fetch.MAC != "" {
		h.opt.RecordUnknown(fetch)
	}
}

// remote is the address a request comes from, without port and zone.
func remote(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
