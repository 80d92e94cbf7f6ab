package phoneconf

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// input is everything that a phone's files depend on. Views are built from it
// alone, so whatever is not in here cannot change a byte, and the fingerprint
// covers all of it (a test changes each field).
type input struct {
	mac       pbx.MAC
	vendor    pbx.Vendor
	model     string
	urlSecret string
	title     string
	zone      string
	password  string // of the phone's web page
	site      Site
	settings  pbx.PhoneSettings // of the tenant, its user and itself
	lines     []lineInput
	handsets  []pbx.Handset
	buttons   []pbx.Button // what the keys do, labels filled in
	pickup    string       // code that takes a call of a group; "" for none
	directed  string       // code before the number at which a call rings; "" for none
	dialling  pbx.Dialling // the tenant's numbers
	book      bookInput    // where it looks people up over LDAP
	problem   string       // why no file can be rendered
}

// lineInput is one registration.
type lineInput struct {
	registration int
	endpoint     string
	secret       string
	number       string // "" while the device rings for nobody
	name         string
	voicemail    string // what is dialled for its messages; "" for none
}

// gather reads the snapshot. A reference that leads nowhere becomes a problem and
// not a panic: the database forbids it, but one phone must not cost the others.
func gather(s *pbx.Snapshot, p *pbx.Phone, site Site) input {
	in := input{mac: p.MAC, vendor: p.Vendor, model: p.Model, urlSecret: p.URLSecret.Reveal(), site: site}
	t := s.Tenant(p.Tenant)
	if t == nil {
		in.problem = fmt.Sprintf("tenant %q does not exist", p.Tenant)
		return in
	}
	in.title, in.zone, in.password = t.Title, t.Timezone, t.PhonePassword.Reveal()
	in.settings = *s.SettingsOf(p.Tenant)
	codes := s.CodesOf(p.Tenant)
	in.pickup, in.directed = onKey(codes.Codes[pbx.FeaturePickup]), onKey(codes.Codes[pbx.FeatureDirectedPickup])
	if in.dialling = s.DiallingOf(p.Tenant); p.Vendor != pbx.Polycom {
		in.dialling.Map = "" // others send after a pause by themselves
	}
	in.handsets, in.book = p.Handsets, bookOf(site, p)
	in.lines = make([]lineInput, 0, len(p.Lines))
	for _, l := range p.Lines {
		d := s.Device(p.Tenant, l.Device)
		if d == nil {
			in.problem = fmt.Sprintf("line %d is device %q, which does not exist", l.Registration, l.Device)
			return in
		}
		in.lines = append(in.lines, gatherLine(s, l, d))
	}
	in.belongTo(firstExtension(s, p), s)
	in.settings, in.zone = p.Settings.Over(in.settings), cmp.Or(p.Settings.Timezone, in.zone)
	if m, ok := Lookup(p.Vendor, p.Model); ok {
		in.buttons = in.buttonsOn(s, p, m)
	}
	return in
}

// firstExtension is the extension of the phone's first line, whose phone it is; nil for nobody.
func firstExtension(s *pbx.Snapshot, p *pbx.Phone) *pbx.Extension {
	if len(p.Lines) == 0 {
		return nil
	}
	d := s.Device(p.Tenant, p.Lines[0].Device)
	if d == nil {
		return nil
	}
	return s.Extension(p.Tenant, d.Extension)
}

// belongTo gives the phone the clock, tones and language of its user.
func (in *input) belongTo(e *pbx.Extension, s *pbx.Snapshot) {
	if e == nil {
		return
	}
	in.settings.ToneCountry = tonesOf(s, e, in.settings.ToneCountry)
	in.settings.Language = languageOf(s, e, in.settings.Language)
	in.zone = cmp.Or(e.Timezone, in.zone)
	if u := s.UserOf(e.Tenant, e.Number); u != nil {
		in.zone = cmp.Or(u.Timezone, in.zone)
	}
}

func gatherLine(s *pbx.Snapshot, l pbx.Line, d *pbx.Device) lineInput {
	out := lineInput{registration: l.Registration, endpoint: d.Endpoint, secret: d.Secret.Reveal()}
	if e := s.Extension(d.Tenant, d.Extension); e != nil {
		out.number, out.name = e.Number, e.Name
		if e.Mailbox != "" {
			out.voicemail = onKey(s.CodesOf(d.Tenant).Codes[pbx.FeatureVoicemail])
		}
	} else {
		out.name = d.Name
	}
	return out
}

// line returns the line of a registration, or nil.
func (in *input) line(registration int) *lineInput {
	for i := range in.lines {
		if in.lines[i].registration == registration {
			return &in.lines[i]
		}
	}
	return nil
}

// ntp is the time server: the tenant's, or the installation's.
func (in *input) ntp() string {
	if in.settings.NTPServer != "" {
		return in.settings.NTPServer
	}
	return in.site.NTPServer
}

// Fingerprint identifies all that the configuration files of p depend on in this
// process: equal fingerprints mean equal bytes as long as the templates are the
// same. It is computed from secrets: keep it in memory. The directory file
// depends on DirectoryFingerprint as well.
func Fingerprint(s *pbx.Snapshot, p *pbx.Phone, site Site) [sha256.Size]byte {
	in := gather(s, p, site)
	return in.fingerprint()
}

func (in *input) fingerprint() [sha256.Size]byte {
	b := make([]byte, 0, 2048)
	b = appendTexts(b, string(in.mac), string(in.vendor), in.model, in.urlSecret, in.title, in.zone, in.password,
		in.problem, in.pickup, in.directed, in.dialling.Map, strconv.FormatBool(in.dialling.Pound),
		strings.Join(in.dialling.Emergency, " "))
	b = appendTexts(b, in.site.SIPServer, strconv.Itoa(in.site.SIPPort), strconv.Itoa(in.site.TLSPort), in.site.Transport,
		in.site.Root, in.site.BaseURL,
		in.site.NTPServer, strconv.Itoa(in.site.Year), strconv.Itoa(in.site.LDAPPort), strconv.FormatBool(in.site.LDAPTLS),
		in.book.base)
	c := &in.settings
	b = appendTexts(b, c.Language, c.ToneCountry, c.NTPServer, c.SyslogServer, strconv.Itoa(c.VLAN),
		strconv.Itoa(c.VLANPriority),
		strings.Join(c.Codecs, " "), strings.Join(c.Paging, " "), c.OutboundProxy, c.SecondServer, c.SRTP, strconv.FormatBool(c.Clock24), c.Logo,
		strings.Join(c.Uploads, " "), c.FirmwareOf(in.model))
	for _, l := range in.lines {
		b = appendTexts(b, strconv.Itoa(l.registration), l.endpoint, l.secret, l.number, l.name, l.voicemail)
	}
	for _, h := range in.handsets {
		b = appendTexts(b, "handset", strconv.Itoa(h.Number), h.Name, fmt.Sprint(h.Lines), strconv.Itoa(h.DefaultLine))
	}
	for _, k := range in.buttons {
		b = appendTexts(b, strconv.Itoa(k.Module), strconv.Itoa(k.Key), string(k.Kind), k.Value, k.Label,
			strconv.Itoa(k.Line))
	}
	return sha256.Sum256(b)
}

// appendTexts appends each text after its length, so that no two lists of texts
// give the same bytes.
func appendTexts(b []byte, texts ...string) []byte {
	for _, t := range texts {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	return b
}
