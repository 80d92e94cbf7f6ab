package api

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/dialtone-pbx/dialtone/provisioner/manual"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The pages load nothing from elsewhere: the networks of phone systems are often
// closed. Like the OpenAPI document, they need no token.

//go:embed docs.html
var docsHTML []byte

//go:embed manual.html
var manualHTML string

// docsBase is where the manual's pages are; the API reference is at docsBase + "api".
const docsBase = "/docs/"

// registerDocs serves the manual: a start page, its pages, the API reference.
func (a *api) registerDocs(e *echo.Echo) {
	e.GET("/docs", func(c echo.Context) error { return a.manualPage(c, "") })
	e.GET(docsBase+"api", docsPage)
	e.GET(docsBase+":topic", func(c echo.Context) error { return a.manualPage(c, c.Param("topic")) })
}

// docsPage serves the API reference: a page that draws /openapi.json.
func docsPage(c echo.Context) error {
	return servePage(c, "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
		docsHTML)
}

// manualPage serves a page of the manual, or for "" the list of them.
func (a *api) manualPage(c echo.Context, topic string) error {
	all, err := manualPages()
	if err != nil {
		return a.problem(err)
	}
	page, known := all[topic]
	if !known {
		return a.problem(pbx.NotFoundf("the manual has no page %s; /docs lists its pages", topic))
	}
	return servePage(c, "default-src 'none'; style-src 'unsafe-inline'", page)
}

func servePage(c echo.Context, policy string, page []byte) error {
	c.Response().Header().Set("Content-Security-Policy", policy)
	return c.Blob(http.StatusOK, "text/html; charset=utf-8", page)
}

// manualPages are all pages by topic, made once; the start page has topic "".
var manualPages = sync.OnceValues(func() (map[string][]byte, error) {
	frame, err := template.New("manual.html").Parse(manualHTML)
	if err != nil {
		return nil, fmt.Errorf("the frame of the manual's pages: %w", err)
	}
	out := map[string][]byte{}
	for _, page := range append([]manual.Page{{Title: "Manual"}}, manual.Pages()...) {
		var body []byte
		if page.Topic != "" {
			if body, err = page.HTML(docsBase); err != nil {
				return nil, err
			}
		}
		var text bytes.Buffer
		// The body is made of Markdown of ours, in which raw HTML is left out.
		view := struct {
			manual.Page
			Body  template.HTML
			Pages []manual.Page
		}{page, template.HTML(body), manual.Pages()}
		if err := frame.Execute(&text, view); err != nil {
			return nil, fmt.Errorf("the manual's page %s: %w", page.Topic, err)
		}
		out[page.Topic] = text.Bytes()
	}
	return out, nil
})
