package api

import (
	"fmt"
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
			a.Logger.Debug("request", "method", r.Method, "path", r.URL.Path, "status", c.Response().Status, "ms", time.Since(start).Milliseconds())
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
