package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/api"
	"github.com/dialtone-pbx/dialtone/provisioner/directory"
	"github.com/dialtone-pbx/dialtone/provisioner/phonehttp"
)

// serveCmd runs the controller.
type serveCmd struct {
	dbFlag
	asteriskFlags
	siteFlags
	templateFlags
	mailFlags
	logFlags
	Listen      listenFlag `help:"Admin API; keep it on loopback or behind TLS." default:"127.0.0.1:8080" env:"DIALTONE_LISTEN"`
	PhoneListen listenFlag `help:"Where phones fetch their files." default:":8081" env:"DIALTONE_PHONE_LISTEN"`
	PhoneHTTP   string     `name:"phone-http" help:"What answers phones over plain HTTP: fasthttp, or net/http, which takes half as much processor time again. Over HTTPS it is always net/http." enum:"fasthttp,net/http" default:"fasthttp" env:"DIALTONE_PHONE_HTTP"`
	phoneTLSFlags
	ldapFlags
	sipTLSFlags
	proxyFlags
	webhookFlags
	KeepDays  int    `help:"How long the audit trail and the records of phones and applies are kept; 0 is for ever." default:"365" placeholder:"DAYS" env:"DIALTONE_KEEP_DAYS"`
	TokenFile string `help:"Where the first start writes the admin token; beside the database if empty." type:"path" env:"DIALTONE_TOKEN_FILE"`
}

// shutdownWithin is how long requests under way may take when the program ends.
const shutdownWithin = 5 * time.Second

// Run wires everything together in one straight function, so that the whole
// program can be read from top to bottom; it is longer than others for that.
func (s *serveCmd) Run(ctx context.Context) error {
	if s.KeepDays < 0 {
		return errors.New("--keep-days must be 0 or more")
	}
	log := s.logger()
	lessGarbage()
	store, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	adminListener, err := net.Listen("tcp", string(s.Listen))
	if err != nil {
		return fmt.Errorf("--listen: admin API: %w", err)
	}
	defer adminListener.Close()
	phoneListener, err := phonehttp.Listen(string(s.PhoneListen), s.PhoneTrustedProxies)
	if err != nil {
		return fmt.Errorf("--phone-listen: %w", err)
	}
	defer phoneListener.Close()
	phoneTLS, err := s.listenTLS(s.PhoneTrustedProxies)
	if err != nil {
		return err
	}
	if phoneTLS != nil {
		defer phoneTLS.Close()
	}
	_, phonePort, _ := net.SplitHostPort(phoneListener.Addr().String())
	site, err := s.site(phonePort, time.Now().UTC().Year())
	if err != nil {
		return err
	}
	book, err := s.ldapFlags.listen(s.phoneTLSFlags, &site)
	if err != nil {
		return err
	}
	if book != nil {
		defer book.Close()
	}
	mail, err := s.mail()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.configDir(), 0o750); err != nil {
		return fmt.Errorf("folder for Asterisk's files: %w", err)
	}
	secure, err := s.sipTLS(s.DB, s.configDir(), &site, log)
	if err != nil {
		return err
	}
	engine, err := s.engine(s.DB)
	if err != nil {
		return err
	}
	app := s.connectCalls(log)
	files := phonehttp.NewFiles(phonehttp.FilesOptions{Engine: engine, Site: site, Logger: log})
	ctl, err := provisioner.New(ctx, provisioner.Options{
		DB: store, Templates: engine, ConfigDir: s.configDir(), VoicemailDir: s.voicemailDir(),
		RecordingDir: s.recordingDir(), CDRLinesFile: s.cdrLinesFile(), Site: site,
		Asterisk: s.asterisk(secure), Mail: mail, MailRetry: s.SMTPRetry,
		KeepDays: s.KeepDays, Logger: log,
		UploadDir: filepath.Join(filepath.Dir(s.DB), phoneFolder), FirmwareDir: filepath.Join(filepath.Dir(s.DB),
			firmwareFolder), SoundDir: filepath.Join(filepath.Dir(s.DB), soundFolder), PhoneHash: files.Hash,
		AMI:     provisioner.AMI{Address: string(s.AMIAddress), Username: s.AMIUser, Secret: s.amiSecret()},
		Control: callControl{app}, EncodeEvent: api.EncodeEvent, WebhookNetworks: s.WebhookNetworks,
	})
	if err != nil {
		return err
	}
	tokenFile := s.TokenFile
	if tokenFile == "" {
		tokenFile = filepath.Join(filepath.Dir(s.DB), "dialtone-admin-token")
	}
	created, err := ctl.SignIn.FirstToken(ctx, tokenFile)
	if err != nil {
		return err
	}
	if created {
		log.Info("first start: an admin token was written", "file", tokenFile)
	}
	m := newMetrics(ctl)
	app.decideCalls(ctl, m, log)
	admin := api.Server(s.behindProxies(api.New(api.Options{Controller: ctl, PhoneURL: site.BaseURL, CallControl: app.client.Healthy,
		Version: programVersion(), Metrics: m.handler(), Logger: log})))
	phones := answerPhones(ctl, files, s.PhoneTrustedProxies, log)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return ctl.Run(ctx) })
	g.Go(func() error { return boundMemory(ctx, ctl.Snapshot) })
	// The flow ends after the connection that feeds it, so that calls which wait
	// for a decision at the end are still handed to the fallback.
	flowCtx, endFlow := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error {
		defer endFlow()
		return app.client.Run(ctx)
	})
	g.Go(func() error { return app.flow.Run(flowCtx) })
	g.Go(func() error { return app.lamps.Run(ctx) })
	g.Go(func() error { return followChanges(ctx, ctl, app.lamps) })
	serveHTTP(ctx, g, "admin API", admin, adminListener)
	if s.PhoneHTTP == "fasthttp" {
		serveHTTP(ctx, g, "phone listener", phones.Fast(), phoneListener)
	} else {
		serveHTTP(ctx, g, "phone listener", phones.Server(), phoneListener)
	}
	if phoneTLS != nil {
		serveHTTP(ctx, g, "phone listener over TLS", phones.Server(), phoneTLS)
	}
	if book != nil {
		search := directory.New(directory.Options{Snapshot: ctl.Snapshot, Log: log})
		g.Go(func() error { return search.Serve(ctx, book) })
	}
	g.Go(func() error {
		return feedWatchdog(ctx, watchdogEvery(), func() bool { return deciding(app.flow, app.client) })
	})
	if err := notifySystemd("READY=1"); err != nil {
		log.Warn(err.Error())
	}
	log.Info("ready", "admin", "http://"+adminListener.Addr().String(), "phones", site.BaseURL+"/", "version",
		programVersion())
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		log.Info("stopped")
		return nil
	}
	return err
}
