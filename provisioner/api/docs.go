package api

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:embed docs.html
var docsHTML []byte

// docsPage serves a page that draws /openapi.json without loading anything from
// elsewhere: the networks of phone systems are often closed.
func docsPage(c echo.Context) error {
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'")
	return c.Blob(http.StatusOK, "text/html; charset=utf-8", docsHTML)
}
