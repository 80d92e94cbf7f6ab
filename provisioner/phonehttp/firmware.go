package phonehttp

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

const (
	firmwarePrefix = "/firmware/"
	// firmwareWithin is how long sending a firmware file may take: 100 MB over a thin line.
	firmwareWithin = 20 * time.Minute
)

// firmwares are the firmware files that are sent at once.
var firmwares = room{total: 64, share: 8, open: 32}

// sentFile is a part of an open file.
type sentFile struct {
	*os.File
	from int64  // where the part begins; reply.size says how long it is
	done func() // gives back the file's place among those under way
}

// part reads the part of the file to send.
func (f *sentFile) part(size int64) io.Reader { return io.NewSectionReader(f, f.from, size) }

// close ends the sending.
func (f *sentFile) close() {
	_ = f.Close() // it was only read
	f.done()
}

// firmware answers a request for a firmware file by the hash in its path. It reports
// whether there is such a file. A client that knows the hash has the file or could have it.
// A missing file is answered like any unknown path.
func (h *Handler) firmware(a *ask) (reply, bool) {
	rest, ok := strings.CutPrefix(a.path, firmwarePrefix)
	if !ok || h.opt.Firmware == nil || a.method != http.MethodGet && a.method != http.MethodHead {
		return reply{}, false
	}
	sum, name, _ := strings.Cut(rest, "/")
	path, size, modified, ok := h.opt.Firmware(sum, name)
	if !ok {
		return reply{}, false
	}
	file, err := os.Open(path)
	if err != nil {
		return reply{}, false
	}
	if info, err := file.Stat(); err != nil || info.Size() != size || !info.ModTime().Equal(modified) {
		_ = file.Close()      // it was only read
		return reply{}, false // changed since it was hashed
	}
	network := limit.Network(a.remote)
	if !h.sending.take(network) {
		_ = file.Close()
		return unavailable(), true
	}
	r, from := partOf(a, `"`+sum+`"`, size, modified)
	r.file = &sentFile{File: file, from: from, done: func() { h.sending.give(network) }}
	return r, true
}

// partOf says which part of a file answers the request, and where it begins. The rules
// (RFC 9110, 13 and 14) are those of http.ServeContent, which is asked about a file of
// the same size without bytes. Several ranges at once get the whole file, which the
// RFC allows.
func partOf(a *ask, etag string, size int64, modified time.Time) (r reply, from int64) {
	asked := http.Header{}
	for i, name := range partHeaders {
		if name != "Range" || !strings.Contains(a.parts[i], ",") {
			asked.Set(name, a.parts[i])
		}
	}
	asked["If-None-Match"] = a.ifNoneMatch
	e := &emptyFile{size: size, head: http.Header{}}
	e.head.Set("Etag", etag)
	e.head.Set("Content-Type", rawType)
	e.head.Set("Cache-Control", keepForever)
	http.ServeContent(e, &http.Request{Method: a.method, Header: asked}, "", modified, e)
	r = reply{
		status: e.status, ctype: e.head.Get("Content-Type"), cache: e.head.Get("Cache-Control"),
		etag: e.head.Get("Etag"), modified: e.head.Get("Last-Modified"),
		portion: e.head.Get("Content-Range"), ranges: e.head.Get("Accept-Ranges"),
	}
	switch e.status {
	case http.StatusOK, http.StatusPartialContent:
		r.size, _ = strconv.ParseInt(e.head.Get("Content-Length"), 10, 64)
	case http.StatusNotModified:
	default: // a refusal, with words of net/http's in its body
		r.ctype, r.cache = "", keepNothing
	}
	return r, e.at
}

// emptyFile is a file with a size but without bytes. It also keeps which bytes to send.
type emptyFile struct {
	size, at int64
	head     http.Header
	status   int
}

func (e *emptyFile) Header() http.Header         { return e.head }
func (e *emptyFile) WriteHeader(status int)      { e.status = status }
func (e *emptyFile) Write(b []byte) (int, error) { return len(b), nil }
func (e *emptyFile) Read([]byte) (int, error)    { return 0, io.EOF }

// Seek is called for the size (io.SeekEnd) and for a part's first byte.
func (e *emptyFile) Seek(offset int64, whence int) (int64, error) {
	e.at = offset
	if whence == io.SeekEnd {
		e.at += e.size
	}
	return e.at, nil
}
