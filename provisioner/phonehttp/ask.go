package phonehttp

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// ask is all that the core may know of a request. Each adapter fills in all of it.
type ask struct {
	method      string
	path        string   // decoded, without the query
	agent       string   // User-Agent as sent
	ifNoneMatch []string // the lines of the header
	// parts are the headers of partHeaders, first lines only. Only the core's answer to
	// a firmware file looks at them.
	parts  [len(partHeaders)]string
	remote netip.Addr
	cert   certificate
	body   io.Reader // nil for an empty one
	length int64     // of the body as declared, negative if the request does not say
}

// forwardedFor is the header in which a proxy names the client.
const forwardedFor = "X-Forwarded-For"

// partHeaders decide whether a file is sent, and which part (RFC 9110, 13 and 14).
var partHeaders = [...]string{"If-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since", "Range"}

// reply is the answer of the core. Each field reaches the wire through each adapter:
// header fields by reply.headers, the others by the adapter's own means. There is no
// map of headers, so an adapter cannot drop one in silence.
type reply struct {
	status   int
	ctype    string // Content-Type
	cache    string // Cache-Control
	etag     string // ETag with its quotes
	retry    string // Retry-After in seconds
	modified string // Last-Modified of a file
	portion  string // Content-Range of a part of a file
	ranges   string // Accept-Ranges
	// guard adds headers that keep a page from being framed or indexed. They also keep its
	// address from being passed on.
	guard bool
	size  int64   // declared bytes of body or file
	body  *packed // nil for an empty one
	file  *sentFile
}

// The values of header fields that the core sends.
const (
	// keepPrivate lets the phone keep a file if it asks again each time. Nothing in
	// between may keep it, for it holds passwords.
	keepPrivate = "private, no-cache"
	keepNothing = "no-store"
	// keepForever is for files that have their own hash in the address.
	keepForever = "public, max-age=31536000, immutable"
	plainText   = "text/plain; charset=utf-8"
	pageType    = "text/html; charset=utf-8"
	rawType     = "application/octet-stream" // of files that nothing here looks into
	retrySoon   = "30"
)

// guardHeaders are those of reply.guard.
var guardHeaders = [...][2]string{
	{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; " +
		"frame-ancestors 'none'; base-uri 'none'"},
	{"Referrer-Policy", "no-referrer"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Robots-Tag", "noindex"},
}

// headers passes on each header field of the reply except Content-Length. The adapters send
// that one themselves.
func (r *reply) headers(add func(name, value string)) {
	for _, f := range [...][2]string{
		{"Accept-Ranges", r.ranges}, {"Cache-Control", r.cache}, {"Content-Range", r.portion}, {"Content-Type", r.ctype},
		{"Etag", r.etag}, {"Last-Modified", r.modified}, {"Retry-After", r.retry},
	} {
		if f[1] != "" {
			add(f[0], f[1])
		}
	}
	if r.guard {
		for _, f := range guardHeaders {
			add(f[0], f[1])
		}
	}
}

// sized reports whether the status allows a body and a Content-Length (RFC 9110, 8.6).
func (r *reply) sized() bool {
	return r.status != http.StatusNotModified && r.status != http.StatusNoContent
}

// miss is the one answer to all that is not served.
func miss() reply {
	return reply{
		status: http.StatusNotFound, ctype: plainText, cache: keepNothing, body: missText, size: int64(len(missBody)),
	}
}

const missBody = "not found\n"

var missText = whole([]byte(missBody))

// unavailable asks for patience: the phone keeps its file and comes again.
func unavailable() reply {
	return reply{status: http.StatusServiceUnavailable, cache: keepNothing, retry: retrySoon}
}

// give answers with a body, or with 304 if the request names its ETag.
func (a *ask) give(etag, ctype string, body *packed, size int64) reply {
	if matches(a.ifNoneMatch, etag) {
		return reply{status: http.StatusNotModified, etag: etag, cache: keepPrivate}
	}
	return reply{status: http.StatusOK, etag: etag, cache: keepPrivate, ctype: ctype, body: body, size: size}
}

// matches compares If-None-Match weakly (RFC 9110, 13.1.2). Our tags hold no
// comma, so a list can be split at commas.
func matches(lines []string, etag string) bool {
	for _, line := range lines {
		for tag := range strings.SplitSeq(line, ",") {
			if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
				return true
			}
		}
	}
	return false
}

// buffers are for bodies on their way; see emptyBuffer.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// emptyBuffer returns one of the buffers, emptied. The last body was another phone's and
// must not show.
func emptyBuffer() *[]byte {
	buf := buffers.Get().(*[]byte)
	*buf = (*buf)[:0]
	return buf
}

// text appends the body to buf, which is empty. If its length is not the declared one, r becomes
// unavailable: the client would take the rest of the body for the next answer, or the
// next answer for the rest of the body.
func (r *reply) text(buf []byte) ([]byte, error) {
	if r.body != nil {
		buf = r.body.appendTo(buf)
	}
	if n := int64(len(buf)); n != r.size || n > 0 && !r.sized() {
		err := fmt.Errorf("a reply with status %d declares %d bytes and has %d", r.status, r.size, n)
		*r = unavailable()
		return buf[:0], err
	}
	return buf, nil
}

// contentLength is the value of the header.
func (r *reply) contentLength() string { return strconv.FormatInt(r.size, 10) }
