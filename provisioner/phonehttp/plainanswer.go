package phonehttp

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// plainAnswer is the http.ResponseWriter of requests that readPlain reads. It collects an
// answer and writes it in one piece.
type plainAnswer struct {
	conn   net.Conn
	head   http.Header // of the answer at hand
	buf    *[]byte     // what is to be written; nil for nothing
	method string
	status int // 0 until WriteHeader
	last   bool
	err    error // of writing
}

// reset prepares for the answer to a request.
func (a *plainAnswer) reset(method string) {
	clear(a.head)
	a.method, a.status, a.last = method, 0, false
}

// Header returns the headers to come.
func (a *plainAnswer) Header() http.Header { return a.head }

// WriteHeader takes the status; the headers are what they are now. An answer that does
// not say how long its body is ends the connection.
func (a *plainAnswer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	if a.buf == nil {
		a.buf = buffers.Get().(*[]byte)
		*a.buf = (*a.buf)[:0]
	}
	b := append(*a.buf, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(append(append(b, ' '), http.StatusText(status)...), "\r\n"...)
	if a.head["Content-Length"] == nil && status != http.StatusNotModified && status != http.StatusNoContent {
		a.last, a.head["Connection"] = true, []string{"close"}
	}
	a.head["Date"] = date(time.Now())
	for _, name := range answerHeaders {
		b = appendHeader(b, name, a.head[name])
	}
	*a.buf = append(b, "\r\n"...)
}

// answerHeaders are all that the handler sets, in the order in which net/http sends them.
var answerHeaders = []string{"Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Etag", "Retry-After"}

func appendHeader(b []byte, name string, values []string) []byte {
	for _, v := range values {
		b = append(append(append(append(b, name...), ": "...), v...), "\r\n"...)
	}
	return b
}

// Write takes a part of the body; a HEAD has none.
func (a *plainAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.method != http.MethodHead {
		*a.buf = append(*a.buf, p...)
	}
	return len(p), a.err
}

// Flush sends what there is.
func (a *plainAnswer) Flush() {
	if a.buf == nil {
		return
	}
	if a.err == nil {
		_, a.err = a.conn.Write(*a.buf)
	}
	buffers.Put(a.buf)
	a.buf = nil
}

// unknown are headers that would not be sent; a test looks.
func (a *plainAnswer) unknown() []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(a.head)), func(name string) bool { return slices.Contains(answerHeaders, name) })
}

// dated is a second's Date header.
type dated struct {
	second int64
	value  []string
}

var lastDate atomic.Pointer[dated]

// date is the header value of a time, made once a second.
func date(now time.Time) []string {
	if d := lastDate.Load(); d != nil && d.second == now.Unix() {
		return d.value
	}
	d := &dated{now.Unix(), []string{now.UTC().Format(http.TimeFormat)}}
	lastDate.Store(d)
	return d.value
}
