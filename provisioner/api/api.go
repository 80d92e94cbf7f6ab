// Package api is the admin API: /v1 on Echo v4 behind huma. From the same declarations huma
// validates bodies and writes the OpenAPI document. It decodes, calls the Controller, and
// encodes; rules live in pbx, SQL in db. One file a resource. Beside it stand the manual's
// pages, at /docs. It may import provisioner, provisioner/event, provisioner/pbx,
// provisioner/manual and db's plain row types, and must not know ARI, AMI or templates.
package api

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/dialtone-pbx/dialtone/provisioner"
)

// Options are the needs of the API.
type Options struct {
	Controller *provisioner.Controller
	// PhoneURL is the base of the phone listener's URLs, without trailing slash.
	// Provisioning URLs of phones start with it.
	PhoneURL string
	// CallControl reports whether calls are decided over ARI at the moment.
	CallControl func() bool
	Version     string // of the program, for the document and /v1/health
	Metrics     http.Handler
	Logger      *slog.Logger
	patience    time.Duration // of writes, for tests; 0 is patience
}

// patience is how long a client may take to receive one piece of an answer. Then the
// connection is closed. A client of events that only reads slowly is told to resync long
// before.
const patience = 30 * time.Second

// api holds what handlers share.
type api struct {
	Options
	ctl    *provisioner.Controller
	hu     huma.API
	router *echo.Echo
	streams
}

// New returns the handler of the admin listener. The first call replaces huma's errors
// and words for the whole program.
func New(o Options) http.Handler {
	return boundWrites(cmp.Or(o.patience, patience), answerHead(newAPI(o).router))
}

// newAPI declares everything.
func newAPI(o Options) *api {
	ownProblems()
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	a := &api{Options: o, ctl: o.Controller, router: e, streams: streams{of: map[string]int{}}}
	e.HTTPErrorHandler = a.echoError
	e.Use(a.logRequests, recoverPanic, unescapeParams)
	config := huma.DefaultConfig("Dialtone", o.Version)
	config.CreateHooks = nil // no $schema in answers
	config.DocsPath = ""     // huma's page loads scripts from elsewhere; ours is at /docs/api
	config.Info.Description = "The controller in front of Asterisk. Every call needs `Authorization: Bearer TOKEN`, where a token is one that `POST /v1/tokens` made (the first start writes one beside the database) or a session that `POST /v1/sign-in` began. Each operation names the roles that may use it; whoever belongs to a tenant reaches that tenant only."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	config.RejectUnknownQueryParameters = true
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	a.hu = humaecho.NewV4(e, config)
	a.hu.UseMiddleware(a.authenticate)
	a.register(e)
	return a
}

// register declares every operation; this is the whole route table.
func (a *api) register(e *echo.Echo) {
	registerTenants(a)
	registerResellers(a)
	registerCarriers(a)
	registerRates(a)
	a.registerInventory()
	registerExtensions(a)
	registerDevices(a)
	registerPhones(a)
	registerMailboxes(a)
	a.registerSeats()
	a.registerGuard()
	a.registerEmergency()
	registerGroups(a)
	registerRingGroups(a)
	registerQueues(a)
	registerQueueStatus(a)
	a.registerRecordings()
	a.registerMessages()
	a.registerTextMessages()
	a.registerCalls()
	a.registerCDRs()
	registerUsers(a)
	a.registerPhoneModels()
	registerPhoneSettings(a)
	registerFeatureCodes(a)
	registerButtonTemplates(a)
	registerExternalNumbers(a)
	registerContacts(a)
	registerAnnouncements(a)
	registerApplications(a)
	registerBlockedCallers(a)
	registerRoutes(a)
	registerPortRequests(a)
	registerTrunks(a)
	registerTestCalls(a)
	registerWebhooks(a)
	registerForwards(a)
	registerSimulate(a)
	registerNumbers(a)
	registerClassesOfService(a)
	a.registerStatus()
	a.registerChanges()
	a.registerTokens()
	a.registerEvents()
	a.registerHealth(e)
	a.registerSignIn()
	a.checkDeclared()
	a.registerDocs(e)
	e.GET("/metrics", echo.WrapHandler(a.Metrics))
	e.GET("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/docs") })
}

// Server returns the admin listener's settings. Every phase of a connection has a deadline.
// An event stream and a long recording have no end to be foreseen, so it is each piece of
// an answer that has one, see boundWrites.
func Server(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10}
}
