package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// The folders beside the database: what phones sent, the site's own templates,
// firmware for phones, the sounds of announcements.
const (
	phoneFolder    = "dialtone-phones"
	templateFolder = "dialtone-templates"
	firmwareFolder = "dialtone-firmware"
	soundFolder    = "dialtone-sounds"
)

// dbFlag names the database.
type dbFlag struct {
	DB string `name:"db" help:"The SQLite file." default:"dialtone.db" type:"path" env:"DIALTONE_DB"`
}

func (f dbFlag) open(ctx context.Context) (*db.DB, error) { return db.Open(ctx, f.DB, db.Options{}) }

// openExisting is for every command but serve: a mistyped path must not become a
// new and empty database.
func (f dbFlag) openExisting(ctx context.Context) (*db.DB, error) {
	if _, err := os.Stat(f.DB); err != nil {
		return nil, fmt.Errorf("the database: %w; name it with --db", err)
	}
	return f.open(ctx)
}

// siteFlags are what phones are told about this server.
type siteFlags struct {
	SIPServer    hostFlag `name:"sip-server" help:"Name or address of Asterisk as phones reach it." placeholder:"HOST" env:"DIALTONE_SIP_SERVER"`
	SIPPort      int      `name:"sip-port" help:"Its SIP port over UDP and TCP." default:"5060" env:"DIALTONE_SIP_PORT"`
	SIPTLSPort   int      `name:"sip-tls-port" help:"Its SIP port over TLS." default:"5061" env:"DIALTONE_SIP_TLS_PORT"`
	SIPTransport string   `name:"sip-transport" help:"udp, tcp or tls; phones whose software knows no TLS 1.2 stay with udp." enum:"udp,tcp,tls" default:"udp" env:"DIALTONE_SIP_TRANSPORT"`
	PhoneURL     baseFlag `help:"Base of the phone listener's URLs as phones reach it, such as http://pbx.example.com:8081." placeholder:"URL" env:"DIALTONE_PHONE_URL"`
	NTPServer    hostFlag `name:"ntp-server" help:"Time server for phones; empty leaves it to DHCP." placeholder:"HOST" env:"DIALTONE_NTP_SERVER"`
}

// site fills in what was left out: this machine's first address.
func (f siteFlags) site(phonePort string, year int) (phoneconf.Site, error) {
	s := phoneconf.Site{SIPServer: string(f.SIPServer), SIPPort: f.SIPPort, TLSPort: f.SIPTLSPort,
		Transport: f.SIPTransport, BaseURL: string(f.PhoneURL), NTPServer: string(f.NTPServer), Year: year}
	if s.SIPServer == "" {
		s.SIPServer = ownAddress()
	}
	if s.BaseURL == "" {
		s.BaseURL = "http://" + net.JoinHostPort(ownAddress(), phonePort)
	}
	return s, s.Validate()
}

// guessed are the flags that were left out of what phones are told.
func (f siteFlags) guessed(s phoneconf.Site) (out []string) {
	if f.SIPServer == "" {
		out = append(out, "--sip-server "+s.SIPServer)
	}
	if f.PhoneURL == "" {
		out = append(out, "--phone-url "+s.BaseURL)
	}
	return out
}

// templateFlags are where a site's own templates are.
type templateFlags struct {
	TemplateDir string `help:"Folder of the site's own templates of phones' files; dialtone-templates beside the database if empty." type:"path" env:"DIALTONE_TEMPLATE_DIR"`
}

// engine knows the shipped templates and the site's.
func (f templateFlags) engine(database string) (*templates.Engine, error) {
	e, err := templates.New()
	if err != nil {
		return nil, err
	}
	if f.TemplateDir == "" {
		f.TemplateDir = filepath.Join(filepath.Dir(database), templateFolder)
	}
	return e.WithSite(f.TemplateDir), nil
}

// mailFlags are where invitations are handed in.
type mailFlags struct {
	SMTPAddress  serverFlag    `name:"smtp-address" help:"Mail server that takes invitations; empty sends none." placeholder:"HOST:PORT" env:"DIALTONE_SMTP_ADDRESS"`
	SMTPUser     string        `name:"smtp-user" help:"User there; empty signs in nowhere." env:"DIALTONE_SMTP_USER"`
	SMTPPassword string        `name:"smtp-password" help:"Its password; better given in the environment." env:"DIALTONE_SMTP_PASSWORD"`
	SMTPFrom     string        `name:"smtp-from" help:"Address of the sender." placeholder:"ADDRESS" env:"DIALTONE_SMTP_FROM"`
	SMTPTLS      string        `name:"smtp-tls" help:"starttls, tls, or none for a server on this machine." enum:"starttls,tls,none" default:"starttls" env:"DIALTONE_SMTP_TLS"`
	SMTPRetry    time.Duration `name:"smtp-retry" help:"Pause before the second attempt; each one after that waits twice as long." default:"30s" env:"DIALTONE_SMTP_RETRY"`
}

func (f mailFlags) mail() (mail.Server, error) {
	m := mail.Server{Address: string(f.SMTPAddress), Username: f.SMTPUser, Password: pbx.NewSecret(f.SMTPPassword),
		From: f.SMTPFrom, TLS: mail.TLS(f.SMTPTLS)}
	if err := m.Validate(); err != nil {
		return m, fmt.Errorf("the mail server: %w", err)
	}
	return m, nil
}

// ownAddress is this machine's first address that is not loopback.
func ownAddress() string {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// etcFlags are where Asterisk's configuration lies.
type etcFlags struct {
	AsteriskEtc    string `help:"Asterisk's configuration folder; ours is dialtone/ in it." default:"/etc/asterisk" type:"path" env:"DIALTONE_ASTERISK_ETC"`
	AsteriskSounds string `help:"Where Asterisk sees the folder dialtone/sounds of --asterisk-etc, if it sees another path than this program; that one if empty." env:"DIALTONE_ASTERISK_SOUNDS"`
}

// asteriskFlags are Asterisk's addresses and our logins.
type asteriskFlags struct {
	etcFlags
	AsteriskSpool string     `help:"Asterisk's spool folder; empty when this machine cannot see it." default:"/var/spool/asterisk" env:"DIALTONE_ASTERISK_SPOOL"`
	AsteriskLog   string     `help:"Asterisk's log folder; empty when this machine cannot see it." default:"/var/log/asterisk" env:"DIALTONE_ASTERISK_LOG"`
	AMIAddress    serverFlag `name:"ami-address" help:"Asterisk's manager interface." default:"127.0.0.1:5038" env:"DIALTONE_AMI_ADDRESS"`
	AMIUser       string     `name:"ami-user" help:"Section of manager.conf." default:"dialtone" env:"DIALTONE_AMI_USER"`
	AMISecret     string     `name:"ami-secret" help:"Its secret; better given in the environment." env:"DIALTONE_AMI_SECRET"`
	ARIURL        pathFlag   `name:"ari-url" help:"Asterisk's REST interface." default:"http://127.0.0.1:8088/ari" env:"DIALTONE_ARI_URL"`
	ARIUser       string     `name:"ari-user" help:"Section of ari.conf." default:"dialtone" env:"DIALTONE_ARI_USER"`
	ARISecret     string     `name:"ari-secret" help:"Its password; better given in the environment." env:"DIALTONE_ARI_SECRET"`
}

func (f etcFlags) configDir() string { return filepath.Join(f.AsteriskEtc, "dialtone") }

// asterisk is what Asterisk's files have beside the rows.
func (f etcFlags) asterisk(secure *asteriskconf.TLS) asteriskconf.Options {
	sounds := f.AsteriskSounds
	if sounds == "" {
		sounds = filepath.Join(f.configDir(), asteriskconf.SoundFolder)
	}
	return asteriskconf.Options{TLS: secure, Sounds: sounds}
}

func (f asteriskFlags) voicemailDir() string {
	if f.AsteriskSpool == "" {
		return ""
	}
	return filepath.Join(f.AsteriskSpool, "voicemail")
}

func (f asteriskFlags) recordingDir() string {
	if f.AsteriskSpool == "" {
		return ""
	}
	return filepath.Join(f.AsteriskSpool, "monitor", pbx.RecordingFolder)
}

func (f asteriskFlags) cdrLinesFile() string {
	if f.AsteriskLog == "" {
		return ""
	}
	return filepath.Join(f.AsteriskLog, asteriskconf.CDRLinesFile)
}

func (f asteriskFlags) amiSecret() pbx.Secret { return pbx.NewSecret(f.AMISecret) }

// logFlags choose the log.
type logFlags struct {
	LogLevel  string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"DIALTONE_LOG_LEVEL"`
	LogFormat string `help:"text or json." enum:"text,json" default:"text" env:"DIALTONE_LOG_FORMAT"`
}

func (f logFlags) logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // the enum allows only names it knows
	o := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}
