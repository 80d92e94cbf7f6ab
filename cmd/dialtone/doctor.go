package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// doctorCmd looks at an Asterisk that somebody else set up. It changes nothing.
type doctorCmd struct {
	dbFlag
	asteriskFlags
}

// askWithin bounds each question to Asterisk.
const askWithin = 5 * time.Second

// finding is one thing that was looked at.
type finding struct {
	what string
	err  error    // nil when all is well
	mend []string // exact lines that mend it
	only string   // what it is needed for; "" for everything
}

// Run prints every finding and fails when one is bad.
func (d *doctorCmd) Run(ctx context.Context) error { return d.examine(ctx, os.Stdout) }

func (d *doctorCmd) examine(ctx context.Context, w io.Writer) error {
	bad := 0
	for _, look := range []func(context.Context) []finding{d.includes, d.options, d.lines, d.manager, d.rest, d.database} {
		for _, f := range look(ctx) {
			if f.err == nil {
				fmt.Fprintf(w, "ok    %s\n", f.what)
				continue
			}
			if f.only != "" {
				fmt.Fprintf(w, "note  %s: %v; needed for %s only\n", f.what, f.err, f.only)
			} else {
				bad++
				fmt.Fprintf(w, "BAD   %s: %v\n", f.what, f.err)
			}
			for _, line := range f.mend {
				fmt.Fprintf(w, "        %s\n", line)
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of the things above need mending; then restart Asterisk and run doctor again", bad)
	}
	fmt.Fprintln(w, "Asterisk is ready for Dialtone.")
	return nil
}

// database checks the whole file, if there is one yet.
func (d *doctorCmd) database(ctx context.Context) []finding {
	if _, err := os.Stat(d.DB); err != nil {
		return nil
	}
	f := finding{what: "the database " + d.DB + " is whole"}
	damages, err := db.CheckFile(ctx, d.DB)
	if f.err = err; err == nil && len(damages) > 0 {
		f.err = errors.New(strings.Join(damages, "; "))
	}
	if f.err != nil {
		f.mend = []string{"stop Dialtone, then put a backup in its place:", "dialtone restore --db " + d.DB + " BACKUP"}
	}
	return []finding{f}
}

// includes checks that the host's files pull ours in.
func (d *doctorCmd) includes(context.Context) []finding {
	var out []finding
	for _, i := range asteriskconf.Includes() {
		path := filepath.Join(d.AsteriskEtc, i.HostFile)
		f := finding{what: path + " pulls in " + strings.TrimPrefix(i.Line, "#tryinclude "), only: i.Needs}
		text, err := os.ReadFile(path)
		switch {
		case err != nil:
			f.err = err
		case !i.In(text):
			f.err = errors.New("the line is missing")
		}
		if f.err != nil {
			f.mend = []string{"at the end of " + path + ":", i.Line}
			if i.Section != "" {
				f.mend = []string{"in " + path + ", in its section [" + i.Section + "]:", "[" + i.Section + "]", i.Line}
			}
		}
		out = append(out, f)
	}
	return out
}

// identifierOrder is safe: with Asterisk's own order, ip first, every phone behind the
// address of a trunk would be taken for that trunk, and so could another tenant's.
const identifierOrder = `(?m)^\s*endpoint_identifier_order\s*=>?\s*username\s*,\s*ip\s*(;.*)?$`

// options checks settings without which a rendered value has no effect.
func (d *doctorCmd) options(context.Context) []finding {
	var out []finding
	for _, o := range []struct{ file, what, pattern, mend, only string }{
		{"pjsip.conf", "a SIP transport", `(?m)^\s*type\s*=>?\s*transport`,
			"[transport-udp]\ntype = transport\nprotocol = udp\nbind = 0.0.0.0:5060", ""},
		{"pjsip.conf", "phones are told by their user before carriers by their address", identifierOrder,
			"[global]\ntype = global\nendpoint_identifier_order = username,ip", ""},
		{"voicemail.conf", "PINs chosen on phones are kept", `(?m)^\s*passwordlocation\s*=>?\s*spooldir`,
			"in [general]:\npasswordlocation = spooldir", ""},
		{"cdr.conf", "calls that reached nobody are written down", `(?m)^\s*unanswered\s*=>?\s*(yes|true|on|1)\b`,
			"in [general]:\nunanswered = yes",
			"records of such calls that end while Dialtone is away"},
	} {
		path := filepath.Join(d.AsteriskEtc, o.file)
		f := finding{what: o.what + " in " + path, only: o.only}
		text, err := os.ReadFile(path)
		if err != nil {
			f.err = err
		} else if !regexp.MustCompile(o.pattern).Match(text) {
			f.err = errors.New("not found")
		}
		if f.err != nil {
			f.mend = strings.Split(o.mend, "\n")
		}
		out = append(out, f)
	}
	return out
}

// lines checks the folder of Asterisk's own records of calls: a file is taken away from it.
func (d *doctorCmd) lines(context.Context) []finding {
	if d.AsteriskLog == "" {
		return nil
	}
	file := d.cdrLinesFile()
	folder := filepath.Dir(file)
	f := finding{what: "files can be taken out of " + folder, only: "records of calls that end while Dialtone is away"}
	if f.err = syscall.Access(folder, 2|1); f.err != nil { // to write and to enter
		f.mend = []string{"as root, where both run in the group asterisk:", "install -d -o asterisk -g asterisk -m 2770 " +
			folder}
	} else if waiting, err := os.Stat(file); err == nil {
		f.what += fmt.Sprintf(", where %d KB of calls wait", waiting.Size()>>10)
	}
	return []finding{f}
}

// manager logs in over AMI.
func (d *doctorCmd) manager(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	f := finding{what: "AMI at " + string(d.AMIAddress)}
	s, err := ami.Dial(ctx, ami.Options{Address: string(d.AMIAddress), Username: d.AMIUser, Secret: d.AMISecret}, nil)
	if err != nil {
		f.err, f.mend = err, d.hostFile("manager.conf")
		return []finding{f}
	}
	defer s.Close()
	// Rights show only when they are used: this action needs the same class as a reload.
	if _, err := s.PJSIPContacts(ctx); err != nil {
		f.err, f.mend = err, d.hostFile("manager.conf")
	}
	// So does this one, of a channel that nobody has.
	calls := finding{what: "AMI lets calls be transferred (write class call)"}
	if err := s.BlindTransfer(ctx, "Dialtone/doctor", pbx.HangupContext, "s"); errors.Is(err, ami.ErrPermission) {
		calls.err, calls.mend = err, d.hostFile("manager.conf")
	}
	// And this one, of a message that nobody has.
	messages := finding{what: "AMI lets voicemail messages be changed (write class user)",
		only: "messages that are marked, moved, deleted and forwarded over the API"}
	nowhere := ami.MessagePlace{Context: "dialtone-doctor", Mailbox: "0", Folder: "INBOX"}
	switch err := s.VoicemailMove(ctx, nowhere, "0", "Old"); {
	case errors.Is(err, ami.ErrPermission):
		messages.err, messages.mend = err, d.hostFile("manager.conf")
	case errors.Is(err, ami.ErrNotFound):
		messages.err = errors.New("this needs Asterisk 18.20, 20.5 or newer")
	}
	return []finding{f, calls, messages}
}

// needed are the modules that our files and call control work with.
var needed = []string{"res_pjsip.so", "res_pjsip_session.so", "res_pjsip_registrar.so", "res_pjsip_notify.so",
	"res_pjsip_exten_state.so", "res_pjsip_mwi.so", "pbx_config.so", "app_dial.so", "app_stasis.so", "app_bridgewait.so",
	"bridge_holding.so", "app_channelredirect.so", "app_read.so", "app_playtones.so", "res_musiconhold.so",
	"res_ari_channels.so", "app_voicemail.so", "app_queue.so", "res_parking.so", "app_exec.so", "func_config.so",
	"func_pjsip_endpoint.so", "func_global.so", "res_pjsip_diversion.so", "func_hangupcause.so", "func_groupcount.so"}

// rest asks ARI for its version and modules.
func (d *doctorCmd) rest(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	client := ari.New(ari.Options{URL: string(d.ARIURL), Username: d.ARIUser, Password: d.ARISecret, App: pbx.StasisApp})
	f := finding{what: "ARI at " + string(d.ARIURL)}
	var modules []struct{ Name, Status string }
	if err := client.Do(ctx, "GET", "/asterisk/modules", nil, nil, &modules); err != nil {
		f.err, f.mend = err, append(d.hostFile("http.conf"), d.hostFile("ari.conf")...)
		return []finding{f}
	}
	running := map[string]bool{}
	for _, m := range modules {
		running[m.Name] = m.Status == "Running"
	}
	out := []finding{f}
	for _, name := range needed {
		f := finding{what: "module " + name}
		if !running[name] {
			f.err, f.mend = errors.New("is not running"), []string{"in modules.conf:", "load = " + name}
		}
		out = append(out, f)
	}
	var about struct{ System struct{ Version string } }
	if err := client.Do(ctx, "GET", "/asterisk/info", url.Values{"only": {"system"}}, nil, &about); err != nil {
		return append(out, finding{what: "the version of Asterisk", err: err})
	}
	return append(append(out, codecs(running)...), translation(about.System.Version))
}

// translation notes the Asterisk builds that lose sound where they translate codecs: Debian's
// patch of ast_translate drops frames whose RTP sequence number is behind that of the frame
// before, and a translator outlives the bridge of its channel. Seen in 22.10.1+dfsg, not in
// Debian's 16 nor in the unpatched source.
func translation(version string) finding {
	f := finding{what: "sound between different codecs, Asterisk " + version,
		only: "calls whose parties have no codec in common, some of which stay silent after hold and transfer"}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n > 16 && strings.Contains(version, "dfsg") {
		f.err = errors.New("Debian's build drops frames that it translates")
		f.mend = []string{"leave the codecs of tenants as they are (see dialtone manual phones), " +
			"or build Asterisk from its source"}
	}
	return f
}

// codecs says which codecs of phones Asterisk translates, of those that not every one does.
func codecs(running map[string]bool) []finding {
	var out []finding
	for _, c := range asteriskconf.OptionalCodecs() {
		f := finding{what: "codec " + c.Name, only: "phones and trunks whose codecs name it, which talk in the next one"}
		if !slices.ContainsFunc(c.Modules, func(module string) bool { return running[module+".so"] }) {
			f.err = fmt.Errorf("neither of its modules is running, %s", strings.Join(c.Modules, " and "))
		}
		out = append(out, f)
	}
	return out
}

// hostFile shows what a file of Asterisk must say for the given flags.
func (d *doctorCmd) hostFile(name string) []string {
	o := asteriskconf.HostOptions{SIP: netip.MustParseAddrPort("0.0.0.0:5060"), AMIPort: portOf(string(d.AMIAddress), 5038),
		ARIPort: portOf(string(d.ARIURL), 8088),
		AMIUser: d.AMIUser, ARIUser: d.ARIUser,
		AMISecret: orRandom(d.AMISecret), ARISecret: orRandom(d.ARISecret), RTPFirst: 10000, RTPLast: 20000}
	files, err := asteriskconf.HostFiles(templates.MustNew(), o)
	if err != nil {
		return []string{err.Error()}
	}
	return append([]string{name +
		" must say (the secret goes to Dialtone as DIALTONE_AMI_SECRET or DIALTONE_ARI_SECRET):"},
		strings.Split(strings.TrimSpace(string(files[name])), "\n")...)
}

// portIn finds the port in host:port and in a URL.
var portIn = regexp.MustCompile(`:(\d{1,5})(/|$)`)

func portOf(address string, otherwise int) int {
	if found := portIn.FindStringSubmatch(address); found != nil {
		if n, err := strconv.Atoi(found[1]); err == nil {
			return n
		}
	}
	return otherwise
}

// weakSecret is shorter than what our host files take.
const weakSecret = 16

// orRandom proposes a secret where none, or a weak one, was given.
func orRandom(secret string) pbx.Secret {
	if len(secret) < weakSecret {
		return pbx.RandomSecret(20)
	}
	return pbx.NewSecret(secret)
}
