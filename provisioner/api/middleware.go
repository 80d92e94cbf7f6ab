package api

import (
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// logRequests notes every request but the frequent health checks. Paths carry no
// secret here; query strings are left out.
func (a *api) logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		r := c.Request()
		if path := c.Path(); path != "/healthz" && path != "/metrics" {
			a.Logger.Debug("request", "method", r.Method, "path", r.URL.Path, "status", c.Response().Status, "ms",
				time.Since(start).Milliseconds())
		}
		return nil
	}
}

// recoverPanic turns a panic of a handler into an error for the log.
func recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic in %s %s: %v\n%s", c.Request().Method, c.Path(), r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// unescapeParams decodes characters of a path that were escaped without need. An example
// are the colons of a MAC. Echo decodes parameters only while nothing is escaped so.
func unescapeParams(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().URL.RawPath == "" {
			return next(c)
		}
		values := c.ParamValues()
		for i, v := range values {
			text, err := url.PathUnescape(v)
			if err != nil {
				return echo.ErrNotFound
			}
			values[i] = text
		}
		c.SetParamValues(values...)
		return next(c)
	}
}

// answerHead answers HEAD as GET without the body (RFC 9110, 9.3.2). net/http leaves the
// body out by the original method. The event stream has no end and so no head.
func answerHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && r.URL.Path != "/v1/events" {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// boundWrites gives each piece of an answer a deadline. One deadline for the whole of it
// would end long downloads and event streams.
func boundWrites(within time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := &boundWriter{ResponseWriter: w, control: http.NewResponseController(w), within: within}
		defer b.bound() // what is left in buffers is sent after this, the head of an empty answer too
		next.ServeHTTP(b, r)
	})
}

// boundWriter sets the deadline before each write. It hides ReadFrom, which would write a
// whole file under one deadline.
type boundWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	within  time.Duration
}

// bound fails only for writers of tests, which have no connection.
func (b *boundWriter) bound() { _ = b.control.SetWriteDeadline(time.Now().Add(b.within)) }

// Write implements io.Writer.
func (b *boundWriter) Write(p []byte) (int, error) {
	b.bound()
	return b.ResponseWriter.Write(p)
}

// FlushError is found by http.ResponseController.
func (b *boundWriter) FlushError() error {
	b.bound()
	return b.control.Flush()
}

// Flush implements http.Flusher, which Echo asks for.
func (b *boundWriter) Flush() { _ = b.FlushError() }

// Unwrap is found by http.ResponseController.
func (b *boundWriter) Unwrap() http.ResponseWriter { return b.ResponseWriter }
