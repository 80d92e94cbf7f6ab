package asteriskconf

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// HostOptions say where an Asterisk that has no configuration of its own listens
// and who may control it. AMI and ARI listen on 127.0.0.1 only.
type HostOptions struct {
	SIP               netip.AddrPort // UDP and TCP
	IAX               netip.AddrPort // UDP, for IAX2; none if it is not valid
	AMIPort, ARIPort  int
	AMIUser, ARIUser  string // letters, digits and '_'
	AMISecret         pbx.Secret
	ARISecret         pbx.Secret
	RTPFirst, RTPLast int // UDP ports, both inclusive; two a leg
	// WebRTC lets devices of that class in: SIP over WebSocket at /ws of ARI's
	// port, and ICE.
	WebRTC bool
}

// Include is the one line that pulls a file of ours into the host's.
type Include struct {
	HostFile, Line string
	Section        string // of the host's file, where ours has none; "" for the end of the file
	Needs          string // what needs it, where an Asterisk may do without; "" if all do
}

// Includes lists the lines an Asterisk with a configuration of its own needs.
// #tryinclude, not #include: with a missing file the latter drops the whole
// host's file, and Asterisk may start before we have rendered for the first time.
func Includes() []Include {
	var out []Include
	for _, r := range rendered {
		if r.dialled {
			continue
		}
		i := Include{HostFile: baseName(r.name), Line: "#tryinclude " + r.name, Needs: r.needs}
		if r.name == cdrFile {
			i.Section = "mappings"
		}
		out = append(out, i)
	}
	return out
}

var (
	includeLine = regexp.MustCompile(`^\s*#(?:try)?include\s+["<]?([^\s">;]+)[">]?\s*(?:;.*)?$`)
	sectionLine = regexp.MustCompile(`^\s*\[([^\]]+)\]`)
)

// In reports whether a host's file has the line, in either spelling and in its section.
func (i Include) In(text []byte) bool {
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if found := sectionLine.FindStringSubmatch(line); found != nil {
			section = found[1]
		}
		found := includeLine.FindStringSubmatch(line)
		if found != nil && found[1] == strings.TrimPrefix(i.Line, "#tryinclude ") &&
			(i.Section == "" || i.Section == section) {
			return true
		}
	}
	return false
}

// hostView is what the host templates see.
type hostView struct {
	SIP, IAX             netip.AddrPort
	AMIPort, ARIPort     int
	AMIUser, ARIUser     contextName
	AMISecret, ARISecret confValue
	RTPFirst, RTPLast    int
	WebRTC               bool
	Include              string
}

// hostFiles are the files that HostFiles makes.
var hostFiles = []string{"pjsip.conf", "extensions.conf", "voicemail.conf", "res_parking.conf", "features.conf",
	"queues.conf", "musiconhold.conf",
	"cdr_custom.conf", "iax.conf", "manager.conf", "http.conf", "ari.conf", "rtp.conf"}

// HostFiles returns the host's own files, by name below Asterisk's configuration
// folder, for an Asterisk that runs only what Dialtone configures. What does not
// depend on Dialtone (modules.conf, logger.conf, …) is the sandbox's or the
// distribution's.
func HostFiles(e *templates.Engine, o HostOptions) (map[string][]byte, error) {
	v, err := hostViewOf(o)
	if err != nil {
		return nil, fmt.Errorf("rendering the host's files: %w", err)
	}
	includes := map[string]string{}
	for _, i := range Includes() {
		includes[i.HostFile] = i.Line
	}
	out := map[string][]byte{}
	for _, name := range hostFiles {
		if name == "iax.conf" && !o.IAX.IsValid() {
			continue
		}
		v.Include = includes[name]
		if out[name], err = e.Render("asterisk/host."+name, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func hostViewOf(o HostOptions) (v hostView, err error) {
	var es pbx.Errors
	v = hostView{SIP: o.SIP, IAX: o.IAX, AMIPort: o.AMIPort, ARIPort: o.ARIPort, RTPFirst: o.RTPFirst, RTPLast: o.RTPLast,
		WebRTC: o.WebRTC}
	if !o.SIP.IsValid() || o.SIP.Addr().Zone() != "" || o.SIP.Port() == 0 {
		es.Add(pbx.Invalidf("sip", "is not an address and a port"))
	}
	for _, p := range []struct {
		field string
		port  int
	}{{"ami_port", o.AMIPort}, {"ari_port", o.ARIPort}, {"rtp_first", o.RTPFirst}, {"rtp_last", o.RTPLast}} {
		es.Add(pbx.CheckRange(p.field, p.port, 1, 65535, ""))
	}
	if o.RTPLast <= o.RTPFirst {
		es.Add(pbx.Invalidf("rtp_last", "must be above rtp_first"))
	}
	into(&es, &v.AMIUser)(newUserName("ami_user", o.AMIUser))
	into(&es, &v.ARIUser)(newUserName("ari_user", o.ARIUser))
	into(&es, &v.AMISecret)(newHostSecret("ami_secret", o.AMISecret))
	into(&es, &v.ARISecret)(newHostSecret("ari_secret", o.ARISecret))
	return v, es.Err()
}

// newUserName names a section; "general" is taken.
func newUserName(field, s string) (contextName, *pbx.Error) {
	if s == "" || s == "general" || len(s) > 40 || !isWord(s) {
		return contextName{}, pbx.Invalidf(field, "is not a user name: use 1 to 40 letters, digits and '_'")
	}
	return contextName{s}, nil
}

// newHostSecret refuses a missing or short password.
func newHostSecret(field string, s pbx.Secret) (confValue, *pbx.Error) {
	if len(s.Reveal()) < 16 {
		return confValue{}, pbx.Invalidf(field, "must have at least 16 characters")
	}
	return newConfValue(field, s.Reveal())
}
