package phonehttp

import (
	"io"
	"log"
	"net/http"
	"net/netip"
	"time"
)

// Server returns a server on net/http, for HTTPS and where it is configured. The caller
// runs it with a listener of Listen and shuts it down.
func (h *Handler) Server() *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headWithin,
		ReadTimeout:       bodyWithin,
		WriteTimeout:      answerWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    headBytes,
		// OPTIONS * would get a 200 before the handler sees it.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(newServerLog(h.opt.Logger, h.opt.HandshakeFailed), "", 0),
	}
}

// ServeHTTP answers one request through net/http.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := ask{
		method: r.Method, path: r.URL.Path, agent: r.UserAgent(), ifNoneMatch: r.Header["If-None-Match"],
		remote: h.opt.Proxies.Client(addressOf(r.RemoteAddr), r.Header[forwardedFor]), cert: certificateOf(r.TLS),
		body: r.Body, length: r.ContentLength,
	}
	for i, name := range partHeaders {
		a.parts[i] = r.Header.Get(name)
	}
	answer, n := h.core(r.Context(), &a)
	h.finish(&answer, n, h.write(w, r.Method, &answer))
}

// write sends a reply. An error means that the client may not have received all of it.
func (h *Handler) write(w http.ResponseWriter, method string, r *reply) (err error) {
	buf := emptyBuffer()
	defer buffers.Put(buf)
	if r.file == nil {
		if *buf, err = r.text(*buf); err != nil {
			h.opt.Logger.Error("answering a phone", "error", err)
		}
	}
	head := w.Header()
	r.headers(func(name, value string) { head[name] = []string{value} })
	if r.sized() {
		head["Content-Length"] = []string{r.contentLength()}
	}
	control := http.NewResponseController(w)
	if r.file != nil {
		_ = control.SetWriteDeadline(time.Now().Add(firmwareWithin)) // else the server's own holds
	}
	w.WriteHeader(r.status)
	switch {
	case method == http.MethodHead || !r.sized():
	case r.file != nil:
		_, err = io.Copy(w, r.file.part(r.size))
	case len(*buf) > 0:
		if _, failed := w.Write(*buf); failed != nil {
			err = failed
		}
	}
	if err != nil {
		return err
	}
	return control.Flush() // before the request is recorded, see finish
}

// addressOf is the address in a text that also holds a port, without its zone.
func addressOf(text string) netip.Addr {
	ap, err := netip.ParseAddrPort(text)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
