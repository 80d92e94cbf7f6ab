// Package provisioner is the office: the use cases, one file a resource, and the rooms.
//
// It owns the rows that people edit, the use cases that span several rooms, and New, which
// wires the rooms by plain functions. Each room is a package with its own goroutine, lock
// and options; no room imports another machine.
//
// Data flows down: use case → db → snapshot → apply → files → reload. Status flows up: AMI
// event → status, calls → db → API. It may import its rooms, provisioner/pbx, db, templates,
// phoneconf and ami; it knows neither HTTP nor ARI.
package provisioner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/application"
	"github.com/dialtone-pbx/dialtone/provisioner/apply"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/calls"
	"github.com/dialtone-pbx/dialtone/provisioner/cdr"
	"github.com/dialtone-pbx/dialtone/provisioner/emergency"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/eventlog"
	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
	"github.com/dialtone-pbx/dialtone/provisioner/guard"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/notice"
	"github.com/dialtone-pbx/dialtone/provisioner/numberfile"
	"github.com/dialtone-pbx/dialtone/provisioner/numberlife"
	"github.com/dialtone-pbx/dialtone/provisioner/numberpool"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/queues"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
	"github.com/dialtone-pbx/dialtone/provisioner/sms"
	"github.com/dialtone-pbx/dialtone/provisioner/soundfile"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
	"github.com/dialtone-pbx/dialtone/provisioner/status"
	"github.com/dialtone-pbx/dialtone/provisioner/tenanthttp"
	"github.com/dialtone-pbx/dialtone/provisioner/trunkstatus"
	"github.com/dialtone-pbx/dialtone/provisioner/voicemail"
	"github.com/dialtone-pbx/dialtone/provisioner/webhook"
	"github.com/dialtone-pbx/dialtone/templates"
	"golang.org/x/sync/errgroup"
)

// Options is what a Controller needs. All fields but AMI, KeepDays, Mail, MailRetry,
// WebhookNetworks and Control are required.
type Options struct {
	DB        *db.DB
	Templates *templates.Engine
	// ConfigDir is the folder of our own files inside Asterisk's configuration
	// folder, for example /etc/asterisk/dialtone.
	ConfigDir string
	// VoicemailDir is Asterisk's voicemail spool, with the PINs changed on phones. It is ""
	// when this machine cannot see it.
	VoicemailDir string
	// RecordingDir is where Asterisk keeps recorded calls, a folder for each tenant. It is
	// "" when this machine cannot see it.
	RecordingDir string
	// SoundDir keeps the sounds of announcements. Asterisk finds them in sounds/ of ConfigDir.
	SoundDir string
	// CDRLinesFile is where Asterisk writes its own records of calls. It is "" when this
	// machine cannot see it.
	CDRLinesFile string
	// UploadDir keeps the files that phones send; "" refuses them.
	UploadDir string
	// FirmwareDir is the folder of firmware files for phones; "" serves no files.
	FirmwareDir string
	Site        phoneconf.Site       // the phones' view of this server
	Asterisk    asteriskconf.Options // what Asterisk's files have beside the rows
	// PhoneHash returns the hash of the file that a phone would get now, see fleet.Options.
	PhoneHash func(s *pbx.Snapshot, p *pbx.Phone, name phoneconf.FileName) (string, error)
	AMI       AMI
	// KeepDays is how long the audit trail and other records are kept; 0: forever.
	KeepDays int
	// Mail takes invitations, codes to sign in and notes about voicemail; the zero value sends no mail.
	Mail mail.Server
	// MailRetry is the pause before the second attempt to mail something; 0 is 30 s.
	MailRetry time.Duration
	// EncodeEvent is the data of an event as listeners outside read it, in JSON.
	EncodeEvent func(event.Event) ([]byte, error)
	// WebhookNetworks are networks of the platform's own that webhooks and applications may lead to.
	WebhookNetworks []netip.Prefix
	// Control acts on channels; without it calls can be watched only.
	Control calls.Control
	Logger  *slog.Logger
	// Patience is how long after a reload its effect must show; 0 is ten seconds.
	Patience time.Duration
}

// AMI is the address of Asterisk's manager interface and our login there.
type AMI struct {
	Address  string // host:port
	Username string
	Secret   pbx.Secret
}

// Controller is the office: its rooms and the use cases of each kind of row. Its methods
// are safe for concurrent use.
type Controller struct {
	Events      *event.Hub            // events for the API's stream and for lamps
	EventLog    *eventlog.Log         // events of before
	Deliveries  *webhook.Sender       // of events to webhooks
	Asker       *application.Asker    // asks applications what happens to calls
	Texts       *sms.Carriers         // of text messages
	Apply       *apply.Loop           // brings Asterisk to the desired state
	Status      *status.Watcher       // the states of endpoints
	TrunkStatus *trunkstatus.Watcher  // the states of trunks
	Lines       *queues.Watcher       // callers in line, and members of queues
	Calls       *calls.Tracker        // calls under way
	Guard       *guard.Guard          // counts calls outside
	Emergency   *emergency.Watch      // calls for help
	Notices     *notice.Queue         // mails about alarms
	Records     *cdr.Recorder         // of calls that have ended
	Away        *cdr.Away             // records of calls that ended while the controller was away
	Spool       *spool.Spool          // the folders that Asterisk fills
	Sounds      *soundfile.Files      // of announcements
	Messages    *voicemail.Messages   // of mailboxes
	Fleet       *fleet.Fleet          // desk phones, and orders to them
	SignIn      *signin.Authenticator // passwords, sessions, codes and tokens
	Mail        *mail.Outbox          // sends codes, invitations and notes about voicemail

	db         *db.DB
	log        *slog.Logger
	snapshot   atomic.Pointer[pbx.Snapshot]
	asterisk   *asterisk
	site       phoneconf.Site
	overTLS    bool                 // Asterisk has a transport of ours for SIP over TLS
	pins       *limit.Count[string] // wrong PINs by endpoint
	damages    atomic.Pointer[[]string]
	retention  *retention
	numberLife *numberlife.Life

	// Tenants, Extensions, Devices, Phones, Mailboxes and Users are use cases, one kind
	// each.
	Tenants   *Resource[pbx.Tenant]
	Resellers *Resource[pbx.Reseller]
	Carriers  *Resource[pbx.Carrier]
	Rates     *Resource[pbx.Rate]
	Inventory *Inventory
	// NumberFiles brings the numbers of files into the inventory.
	NumberFiles  *numberfile.Uploads
	NumberPool   *numberpool.Pool // finds numbers to claim
	PortRequests *Resource[pbx.PortRequest]
	Extensions   *Resource[pbx.Extension]
	Devices      *Resource[pbx.Device]
	Phones       *Resource[pbx.Phone]
	Mailboxes    *Resource[pbx.Mailbox]
	Groups       *Resource[pbx.Group]
	Users        *Resource[pbx.User]
	// ResellerUsers are those of resellers, whose name is passed as tenant.
	ResellerUsers *Resource[pbx.User]
	// Settings that phones of a tenant have in common.
	PhoneSettings   *Resource[pbx.PhoneSettings]
	ButtonTemplates *Resource[pbx.ButtonTemplate]
	Contacts        *Resource[pbx.Contact]
	BlockedCallers  *Resource[pbx.BlockedCaller]
	// ExternalNumbers and Trunks lead out of a tenant.
	ExternalNumbers *Resource[pbx.ExternalNumber]
	Trunks          *Resource[pbx.Trunk]
	OutboundRoutes  *Resource[pbx.OutboundRoute]
	Forwards        *Resource[pbx.Forward]
	// Numbers lead calls from outside in, ClassesOfService limit calls to the outside.
	Numbers          *Resource[pbx.Number]
	ClassesOfService *Resource[pbx.ClassOfService]
	RingGroups       *Resource[pbx.RingGroup]
	Queues           *Resource[pbx.Queue]
	Announcements    *Resource[pbx.Announcement]
	Applications     *Resource[pbx.Application]
	FeatureCodes     *Resource[pbx.FeatureCodes]
	Webhooks         *Resource[pbx.Webhook]
}

// New reads the first snapshot; Run starts the loops. The first call silences sipgo's
// logger for the whole program. It is long because the wiring of all rooms stands here, in order.
func New(ctx context.Context, o Options) (*Controller, error) {
	quietSIP()
	snap, err := o.DB.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c := &Controller{db: o.DB, log: o.Logger, Events: event.NewHub(), site: o.Site,
		overTLS: o.Asterisk.TLS != nil}
	c.snapshot.Store(snap)
	if c.EventLog, err = eventlog.New(ctx, eventlog.Options{DB: o.DB, Log: o.Logger, Events: c.Events,
		Encode: o.EncodeEvent, Queued: func() { c.Deliveries.Nudge() }}); err != nil {
		return nil, err
	}
	c.asterisk = newAsterisk(o.AMI, o.Logger)
	c.Spool = spool.New(spool.Options{Recordings: o.RecordingDir, Voicemail: o.VoicemailDir, Tenant: c.tenantExists,
		Log: o.Logger})
	c.Sounds = soundfile.New(soundfile.Options{Dir: o.SoundDir, Asterisk: filepath.Join(o.ConfigDir, asteriskconf.SoundFolder),
		Named: c.namedSounds, Log: o.Logger})
	c.Mail = mail.New(mail.Options{Server: o.Mail, RetryFirst: o.MailRetry, Log: o.Logger})
	c.Messages = voicemail.New(voicemail.Options{DB: o.DB, Log: o.Logger, Snapshot: c.Snapshot, Spool: c.Spool,
		Mailbox: c.mailbox, Session: c.asterisk.Session, Queued: c.Mail.Nudge})
	c.Deliveries = webhook.New(webhook.Options{DB: o.DB, Log: o.Logger, Events: c.Events, Networks: o.WebhookNetworks,
		MailDue: c.Mail.Nudge})
	c.Asker = application.New(application.Options{Snapshot: c.Snapshot, Networks: o.WebhookNetworks, Log: o.Logger})
	carriers := tenanthttp.New(tenanthttp.Options{Networks: o.WebhookNetworks})
	c.Texts = sms.New(sms.Options{DB: o.DB, Log: o.Logger, Events: c.Events, Do: carriers.Do, Reason: carriers.Reason,
		Alarm: c.tellTexts})
	calendar, err := o.DB.NewCalendar(ctx) // before anything is recorded
	if err != nil {
		return nil, err
	}
	c.retention = &retention{db: o.DB, log: o.Logger, days: o.KeepDays, calendar: calendar,
		tenants: func() []*pbx.Tenant { return c.Snapshot().Tenants }, trim: c.Spool.Trim}
	c.pins = limit.NewCount[string](pinRate, mostPINs)
	if c.Status, err = status.New(ctx, status.Options{DB: o.DB, Log: o.Logger, Events: c.Events,
		Device: c.deviceOf, Back: func(endpoint string) { c.Fleet.Back(endpoint) }}); err != nil {
		return nil, err
	}
	c.TrunkStatus = trunkstatus.New(trunkstatus.Options{Log: o.Logger, Events: c.Events, Snapshot: c.Snapshot,
		Lookup: trunkstatus.SystemLookup})
	c.Lines = queues.New(queues.Options{Events: c.Events, Snapshot: c.Snapshot, Session: c.asterisk.Session})
	if c.Records, err = cdr.New(ctx, cdr.Options{DB: o.DB, Log: o.Logger, Recordings: c.Spool,
		Today: c.retention.today}); err != nil {
		return nil, err
	}
	c.Notices = notice.New(notice.Options{DB: o.DB, Log: o.Logger, Nudge: c.Mail.Nudge})
	if c.Emergency, err = emergency.New(ctx, emergency.Options{DB: o.DB, Log: o.Logger, Snapshot: c.Snapshot,
		Events: c.Events, Queued: c.Mail.Nudge}); err != nil {
		return nil, err
	}
	if c.Guard, err = guard.New(ctx, guard.Options{DB: o.DB, Log: o.Logger, Snapshot: c.Snapshot, Tell: c.tellGuard,
		Outside: func() (channels, numbers map[string]bool, known bool) { return c.Calls.Outside() }}); err != nil {
		return nil, err
	}
	c.numberLife = numberlife.New(numberlife.Options{DB: o.DB, Log: o.Logger, Events: c.Events,
		Changed: func() { c.Apply.Nudge() }})
	c.Calls, err = calls.New(ctx, calls.Options{DB: o.DB, Log: o.Logger, Events: c.Events, Snapshot: c.Snapshot,
		Tenant:  c.tenantExists,
		Session: c.asterisk.Session, Control: o.Control, Ended: func(r *pbx.CDR) { c.foundRecord(r); c.Records.Add(r) },
		Answered:     c.Records.Count,
		Came:         c.numberLife.Called,
		OutsideEnded: func(l calls.OutsideLeg) { c.Guard.LegEnded(guard.Ended(l)) }})
	if err != nil {
		return nil, err
	}
	c.Away = cdr.NewAway(cdr.AwayOptions{File: o.CDRLinesFile, Records: c.Records, UnderWay: c.Calls.UnderWay,
		Snapshot: c.Snapshot, Found: c.foundRecords})
	if c.Fleet, err = fleet.New(ctx, fleet.Options{DB: o.DB, Templates: o.Templates, Site: o.Site, Hash: o.PhoneHash,
		UploadDir: o.UploadDir, FirmwareDir: o.FirmwareDir, Log: o.Logger, Events: c.Events,
		Session: c.asterisk.Session, Registered: c.Status.Reached, Snapshot: c.Snapshot}); err != nil {
		return nil, err
	}
	c.Apply = apply.New(apply.Options{DB: o.DB, Templates: o.Templates, Dir: o.ConfigDir, Log: o.Logger, Events: c.Events,
		Current: &c.snapshot, Swapped: c.swapped, Applied: c.Fleet.Changed, Patience: o.Patience, Site: o.Asterisk})
	c.SignIn = signin.New(signin.Options{DB: o.DB, Log: o.Logger, Mail: c.Mail, Changed: c.Apply.Nudge})
	c.asterisk.listeners = []listener{
		{up: c.Status.Up, live: c.Status.Live, handle: c.Status.Handle, down: c.Status.Down},
		{handle: c.Lines.Handle},
		{live: c.TrunkStatus.Live, handle: c.TrunkStatus.Handle, down: c.TrunkStatus.Down},
		{up: c.Calls.Up, handle: c.Calls.Handle, broken: c.Calls.Broken, down: c.Calls.Down},
		{live: func(context.Context, *ami.Session) { c.Away.Nudge() }},
		{live: c.findHelp},
		{live: func(context.Context, *ami.Session) { c.Messages.LookAtAll() }, handle: c.Messages.Handle},
		{live: c.Apply.Live, down: c.Apply.Down},
	}
	c.makeKinds()
	return c, nil
}

// makeKinds comes last: kinds tell the machines of changes.
func (c *Controller) makeKinds() {
	c.Tenants, c.Resellers, c.Carriers = newTenants(c), newResellers(c), newCarriers(c)
	c.Rates = newRates(c)
	c.Inventory = &Inventory{db: c.db, changed: c.Apply.Nudge}
	c.NumberFiles = numberfile.New(numberfile.Options{DB: c.db, Changed: c.Apply.Nudge, Log: c.log})
	c.PortRequests = newPortRequests(c)
	c.NumberPool = numberpool.New(c.db)
	c.Extensions, c.Devices = newExtensions(c), newDevices(c)
	c.Phones, c.Mailboxes = newPhones(c), newMailboxes(c)
	c.Groups, c.Users = newGroups(c), newUsers(c, func(tenant string) pbx.Account { return pbx.AccountOf("", tenant) })
	c.ResellerUsers = newUsers(c, func(reseller string) pbx.Account { return pbx.AccountOf(reseller, "") })
	c.PhoneSettings, c.ButtonTemplates = newPhoneSettings(c), newButtonTemplates(c)
	c.Contacts = newContacts(c)
	c.BlockedCallers = newBlockedCallers(c)
	c.OutboundRoutes = newOutboundRoutes(c)
	c.ExternalNumbers, c.Trunks = newExternalNumbers(c), newTrunks(c)
	c.Forwards = newForwards(c)
	c.Numbers, c.ClassesOfService = newNumbers(c), newClassesOfService(c)
	c.RingGroups, c.Queues, c.Announcements = newRingGroups(c), newQueues(c), newAnnouncements(c)
	c.Applications = newApplications(c)
	c.FeatureCodes = newFeatureCodes(c)
	c.Webhooks = newWebhooks(c)
}

// Run runs the loops until ctx ends and waits for all of them.
func (c *Controller) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.Apply.Run(ctx) })
	g.Go(func() error { return c.Status.Run(ctx) })
	g.Go(func() error { return c.TrunkStatus.Run(ctx) })
	g.Go(func() error { return c.Fleet.Run(ctx) })
	g.Go(func() error { return c.asterisk.run(ctx) })
	// Codes come first: somebody waits for them.
	g.Go(func() error {
		return c.Mail.Run(ctx, c.SignIn.NextCode, c.Notices.Next, c.nextInvitation, c.Messages.NextMail,
			c.Deliveries.NextMail)
	})
	g.Go(func() error { return c.Messages.Run(ctx) })
	g.Go(func() error { return c.Sounds.Run(ctx) })
	g.Go(func() error { return c.retention.run(ctx) })
	g.Go(func() error { return c.checkDatabase(ctx) })
	g.Go(func() error { return c.Records.Run(ctx) })
	g.Go(func() error { return c.Away.Run(ctx) })
	g.Go(func() error { return c.Calls.Run(ctx) })
	g.Go(func() error { return c.Guard.Run(ctx) })
	g.Go(func() error { return c.Emergency.Run(ctx) })
	g.Go(func() error { return c.Notices.Run(ctx) })
	g.Go(func() error { return c.NumberFiles.Run(ctx) })
	g.Go(func() error { return c.numberLife.Run(ctx) })
	g.Go(func() error { return c.EventLog.Run(ctx) })
	g.Go(func() error { return c.Deliveries.Run(ctx) })
	g.Go(func() error { return c.Texts.Run(ctx) })
	err := g.Wait()
	c.Events.Close()
	if e := c.EventLog.End(ctx); e != nil {
		c.log.Error("storing the last events", "error", e)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// swapped runs when another snapshot is in force. The command line may have revoked a token.
func (c *Controller) swapped(s *pbx.Snapshot) {
	c.Status.Forget(s)
	c.TrunkStatus.Changed()
	c.SignIn.Recheck()
}

// Snapshot returns the desired state in force. Calls are routed and phone files are
// rendered by it.
func (c *Controller) Snapshot() *pbx.Snapshot { return c.snapshot.Load() }

// tenantExists returns a NotFound error for a tenant that does not exist.
func (c *Controller) tenantExists(ctx context.Context, name string) error {
	_, err := c.Tenants.Get(ctx, "", name)
	return err
}

func (c *Controller) deviceOf(endpoint string) *pbx.Device { return c.Snapshot().DeviceOf(endpoint) }
