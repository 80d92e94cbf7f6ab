package phonehttp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/dialtone-pbx/dialtone/phoneconf"
)

// Header values that never change; net/http only reads them.
var (
	// A file may be kept by the phone that asked, which must ask again each time;
	// by nothing in between, for it holds passwords.
	keepPrivate = []string{"private, no-cache"}
	keepNothing = []string{"no-store"}
	plainText   = []string{"text/plain; charset=utf-8"}
	missLength  = []string{"10"}
	waitSeconds = []string{"30"}
	noLength    = []string{"0"}
)

// contentTypes are header values of files.
var contentTypes = map[phoneconf.ContentType][]string{
	phoneconf.YealinkType: {string(phoneconf.YealinkType)}, phoneconf.PolycomType: {string(phoneconf.PolycomType)},
}

const missBody = "not found\n"

// writeMiss is the one answer to everything that is not served. It is sent at once:
// what is noted of the request afterwards takes longer for a stranger than for a
// phone, which the stranger must not be able to tell by the clock.
func writeMiss(w http.ResponseWriter) {
	head := w.Header()
	head["Content-Type"], head["Content-Length"], head["Cache-Control"] = plainText, missLength, keepNothing
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, missBody) // the phone may be gone; nothing is lost
	_ = http.NewResponseController(w).Flush()
}

// writeUnavailable asks for patience: the phone keeps what it has and comes again.
func writeUnavailable(w http.ResponseWriter) {
	head := w.Header()
	head["Retry-After"], head["Content-Length"], head["Cache-Control"] = waitSeconds, noLength, keepNothing
	w.WriteHeader(http.StatusServiceUnavailable)
}

// writeFile answers with the file, or with 304 when the phone has these bytes. It
// returns the status and the hash of the bytes that the phone now holds: a 304
// proves that as well as a 200, a HEAD does not.
func writeFile(w http.ResponseWriter, r *http.Request, f *file) (status int, hash string) {
	head := w.Header()
	etag := f.etag()
	head["Etag"], head["Cache-Control"] = etag, keepPrivate
	if matches(r.Header["If-None-Match"], etag[0]) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, f.hash()
	}
	head["Content-Type"], head["Content-Length"] = contentTypes[f.ctype], f.length()
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return http.StatusOK, ""
	}
	if err := writeBody(r.Context(), w, f.body); err != nil {
		return http.StatusOK, "" // went away in the middle; what it holds is unknown
	}
	return http.StatusOK, f.hash()
}

// buffers are for putting a body together, and for an answer on its way.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// writeBody writes the body in one piece.
func writeBody(ctx context.Context, w io.Writer, p *packed) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	*buf = p.appendTo((*buf)[:0])
	expectBytes(ctx, len(*buf))
	_, err := w.Write(*buf)
	return err
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
