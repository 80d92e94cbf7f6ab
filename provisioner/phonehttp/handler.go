// Package phonehttp is the HTTP service that phones talk to. It serves phone files and
// nothing else, tells strangers nothing, and reports each request to its owner.
//
// Three kinds of address exist. The generic one (/<file>) gives a known phone in
// its enrolment window the address of its enrolment URL, until it has its full file. The
// enrolment URL and the phone's own (both /p/<secret>/<file>) give the full files of that
// phone alone, and so does the generic one to a client certificate of the MAC asked for.
// The full files name the own URL. Its first use ends the enrolment URL, which a stranger
// may have asked for too. It also ends the own URL before, which serves until then when a
// phone is to enrol again. All other requests, except the links of invitations (invite), get the same 404: a different
// answer for a known MAC would let anybody list the phones of a site.
//
// Under its own URL a phone may also send files of fixed names: its logs, its own
// changes, its call lists. They are kept for people, and its own changes are given
// back to it.
//
// The core is a function from ask to reply (serve), which knows no HTTP library. Two
// adapters bring it to the wire: FastServer (fasthttp) for plain HTTP, because a boot
// storm is made of nothing else, and Server (net/http) for HTTPS with client
// certificates. A listener of Listen bounds the connections of each, and shares
// them between networks before a server has spent anything on a connection.
//
// It may import provisioner/pbx, provisioner/limit and phoneconf.
package phonehttp

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Options are what a Handler needs. Snapshot, Files and Record are required.
type Options struct {
	// Snapshot returns the current state, nil before the first one is loaded.
	Snapshot func() *pbx.Snapshot
	Files    *Files
	// Record is told of each request of a known phone, by secret or by MAC. It is called
	// within the request and must not block.
	Record func(pbx.PhoneFetch)
	// RecordUnknown is told of requests with an unknown MAC in path or User-Agent. Any
	// stranger can send those: the owner caps what it keeps. It must not block. nil drops
	// them.
	RecordUnknown func(pbx.PhoneFetch)
	// Enrolled tells whether a phone has its full file already. The generic URL has nothing
	// more for such a phone. It must not block. nil means never.
	Enrolled func(*pbx.Phone) bool
	// Moved tells whether a phone has used its own URL already. Its enrolment URL and the
	// own URL before have then ended. It must not block. nil means never.
	Moved func(*pbx.Phone) bool
	// Upload keeps a file that a phone sends, and reports whether it existed before.
	// Uploaded returns the kept file, or nil. Both are called for names of
	// phoneconf.UploadOf only. nil refuses uploads.
	Upload   func(p *pbx.Phone, name phoneconf.FileName, body []byte) (replaced bool, err error)
	Uploaded func(p *pbx.Phone, name phoneconf.FileName) ([]byte, error)
	// Firmware finds a firmware file by its hash and name. nil serves none.
	Firmware func(sum, name string) (path string, size int64, modified time.Time, ok bool)
	// Invitations are the pages for softphones below phoneconf.InvitePath; nil serves no
	// pages.
	Invitations Invitations
	// HandshakeFailed is told of each TLS handshake that failed. Strangers cause those too: the
	// owner caps what it keeps. It must not block. nil drops them.
	HandshakeFailed func(pbx.FailedHandshake)
	// Proxies are those in front of the phone listener: behind them a phone's address is the
	// one that they say. nil believes nobody.
	Proxies limit.Proxies
	Logger  *slog.Logger // nil logs nothing
}

// Handler answers phones. It is safe for concurrent use.
type Handler struct {
	opt     Options
	files   *Files
	core    func(context.Context, *ask) (reply, note) // serve; tests of adapters put another in its place
	uploads *places                                   // a place for each body that is being received
	sending *places                                   // for each firmware file that is being sent
}

// New returns a handler.
func New(opt Options) *Handler {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.RecordUnknown == nil {
		opt.RecordUnknown = func(pbx.PhoneFetch) {}
	}
	if opt.Enrolled == nil {
		opt.Enrolled = func(*pbx.Phone) bool { return false }
	}
	if opt.Moved == nil {
		opt.Moved = func(*pbx.Phone) bool { return false }
	}
	h := &Handler{opt: opt, files: opt.Files, uploads: newPlaces(bodies), sending: newPlaces(firmwares)}
	h.core = h.serve
	return h
}

// call is one request on its way.
type call struct {
	*ask
	want  phoneconf.Request // the file that the path asks for
	ok    bool              // the path could be read
	now   time.Time
	index *index
	known pbx.MAC // the phone it belongs to, "" if unknown
	entry *entry  // the phone, once the request proved to be from it
	own   bool    // the request proved to be from the phone
	// enrolling tells that the proof was the enrolment secret, former that it was the
	// secret before the present one.
	enrolling, former bool
	refused           pbx.Refusal // why there is no file, if there is none

	// upload tells that the phone may send this file, by these rules.
	upload bool
	rules  phoneconf.Upload
}

// note is the record of a request.
type note struct {
	fetch pbx.PhoneFetch
	known bool // fetch.MAC is a phone's
}

// serve is the core: it answers a request without regard to the way it came.
func (h *Handler) serve(ctx context.Context, a *ask) (reply, note) {
	if token, ok := strings.CutPrefix(a.path, phoneconf.InvitePath); ok {
		return h.invite(ctx, a.method, token), note{}
	}
	s := h.opt.Snapshot()
	if s == nil { // for everybody alike, so it tells nothing
		return unavailable(), note{}
	}
	if r, ok := h.firmware(a); ok {
		return r, note{}
	}
	if path := h.files.o.Site.RootPath(); path != "" && a.path == path {
		return h.root(a), note{}
	}
	c := call{ask: a, now: h.files.o.Now(), index: h.files.indexOf(s)}
	c.want, c.ok = phoneconf.ParsePath(a.path)
	r, hash := h.answer(&c)
	if r.status != http.StatusNotFound {
		c.refused = ""
	}
	return r, noteOf(&c, hash)
}

// answer returns the reply and the hash of the bytes that the phone then holds. A 304
// proves them as well as a 200, a HEAD does not.
func (h *Handler) answer(c *call) (r reply, hash string) {
	f, err := h.find(c)
	switch {
	case err != nil:
		return unavailable(), ""
	case f != nil && c.upload && c.rules.Back:
		r, hash = h.giveMerged(c, f)
	case f != nil:
		r, hash = c.give(f.etag, string(f.ctype), f.body, int64(f.size)), f.hash()
	case c.own && c.upload && c.method == http.MethodPut:
		return h.receive(c), ""
	case c.own && c.upload:
		r, hash = h.giveBack(c)
	default:
		return miss(), ""
	}
	if c.method == http.MethodHead && r.status == http.StatusOK {
		hash = ""
	}
	return r, hash
}

// find returns the file that the request may have, or nil with c.refused. An error means that a phone with
// the right secret cannot be served now.
func (h *Handler) find(c *call) (*file, error) {
	// The secret is looked up by its hash. So the time it takes does not show how much of a
	// guess was right. It is done for every request.
	owner := c.index.bySecret[sha256.Sum256([]byte(c.want.Secret))]
	if (owner.enrolling || owner.former) && h.opt.Moved(owner.phone) {
		owner.entry = nil
	}
	if owner.entry != nil && h.ended(owner.entry) {
		owner.entry = nil
	}
	named := c.index.byMAC[c.want.MAC]
	if named != nil && h.ended(named) {
		named = nil
	}
	switch {
	case owner.entry != nil:
		c.known = owner.phone.MAC
	case named != nil:
		c.known = named.phone.MAC
	}
	c.refused = pbx.RefusedFile
	if !c.ok || (c.method != http.MethodGet && c.method != http.MethodHead && c.method != http.MethodPut) {
		return nil, nil
	}
	switch {
	case !named.allows(c.remote):
		c.refused = pbx.RefusedNetwork
		return nil, nil
	case !c.cert.allows(c.want.MAC):
		c.refused = pbx.RefusedCertificate
		return nil, nil
	}
	if c.want.Secret != "" {
		if owner.entry == nil || owner.entry != named {
			if owner.entry == nil || named != nil { // else it is a file of no phone by a phone's own URL
				c.refused = pbx.RefusedURL
			}
			return nil, nil
		}
		c.enrolling, c.former = owner.enrolling, owner.former
		return h.proved(c, named)
	}
	if named != nil && c.cert.given {
		return h.proved(c, named)
	}
	if c.method == http.MethodPut || named == nil {
		return nil, nil
	}
	if !c.now.Before(named.phone.EnrolUntil) || h.opt.Enrolled(named.phone) {
		c.refused = pbx.RefusedWindow
		return nil, nil
	}
	f, _ := h.files.file(c.index, named, c.want.File, true, c.now) // the generic URL knows no other refusal than 404
	return f, nil
}

// ended reports whether a phone was replaced by one that has used its own URL.
func (h *Handler) ended(e *entry) bool { return e.heir != nil && h.opt.Moved(e.heir) }

// proved returns the file of a phone that proved to be itself. A phone sends nothing by
// its enrolment URL.
func (h *Handler) proved(c *call, e *entry) (*file, error) {
	c.own, c.entry = true, e
	if h.opt.Upload != nil && !c.enrolling {
		c.rules, c.upload = phoneconf.UploadOf(e.phone, c.want.File)
	}
	if c.upload {
		c.refused = pbx.RefusedNothing
	}
	if c.method == http.MethodPut {
		return nil, nil
	}
	return h.files.file(c.index, e, c.want.File, false, c.now)
}

// maxUserAgent is how much of a User-Agent is kept, see pbx.PhoneFetch.
const maxUserAgent = 200

// noteOf is the record of a request.
func noteOf(c *call, hash string) note {
	agent := c.agent
	if len(agent) > maxUserAgent {
		agent = agent[:maxUserAgent]
	}
	n := note{known: c.known != "", fetch: pbx.PhoneFetch{
		MAC: c.known, File: string(c.want.File), Hash: hash, Own: c.own, Enrolling: c.enrolling, Former: c.former,
		Reason: c.refused, Address: c.remote,
		UserAgent: strings.ToValidUTF8(agent, ""), At: c.now,
	}}
	if n.fetch.MAC == "" {
		n.fetch.MAC = c.want.MAC
	}
	return n
}

// finish ends a request after its reply was sent. err tells why the client may not have
// received all of it, so that a phone holds unknown bytes. Recording comes last because it
// takes longer for a stranger than for a phone, which a stranger must not be able to tell
// by the clock.
func (h *Handler) finish(r *reply, n note, err error) {
	if r.file != nil {
		r.file.close()
	}
	n.fetch.Status = r.status
	if err != nil {
		n.fetch.Hash = ""
	}
	if n.fetch.MAC == "" {
		_, _, _, n.fetch.MAC = phoneconf.Identify(n.fetch.UserAgent)
	}
	switch {
	case n.known:
		h.opt.Record(n.fetch)
	case n.fetch.MAC != "":
		h.opt.RecordUnknown(n.fetch)
	}
}
