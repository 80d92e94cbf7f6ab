package outside

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

const (
	jane      = "+491701234567"
	ourNumber = "+493012345600" // that the trunk shows
)

// outsideCallers are how carriers tell of the caller, or that it is withheld: From and more lines.
var outsideCallers = map[string]struct {
	lines   []string
	seen    string // what phones see
	forward string // what a carrier sees of a call that is forwarded as its caller's
}{
	"named": {[]string{`"Jane Doe" <sip:` + jane + `@carrier>`}, `"Jane Doe" <sip:` + jane + `@HOST> asserted "Jane Doe" ` + jane,
		`"Jane Doe" <sip:` + jane + `@HOST> asserted "Jane Doe" ` + jane},
	"without a name": {[]string{`<sip:` + jane + `@carrier>`}, `<sip:` + jane + `@HOST> asserted ` + jane,
		`<sip:` + jane + `@HOST> asserted ` + jane},
	"withheld, asserted": {[]string{`"Anonymous" <sip:anonymous@anonymous.invalid>`,
		`P-Asserted-Identity: "Jane Doe" <sip:` + jane + `@carrier>`, "Privacy: id"}, nobodySeen,
		`"Anonymous" <sip:anonymous@HOST> asserted "Jane Doe" ` + jane + ` private`},
	"withheld in Privacy alone": {[]string{`"Jane Doe" <sip:` + jane + `@carrier>`, "Privacy: user;id"}, nobodySeen,
		`"Anonymous" <sip:anonymous@HOST> asserted "Jane Doe" ` + jane + ` private`},
	"withheld, not asserted": {[]string{`"Anonymous" <sip:anonymous@anonymous.invalid>`}, nobodySeen, nobodyForwarded},
	"without a user":         {[]string{`<sip:carrier.example>`}, nobodySeen, nobodyForwarded},
	"a word":                 {[]string{`"Unknown" <sip:Unavailable@carrier>`}, nobodySeen, nobodyForwarded},
}

const (
	nobodySeen      = `"Anonymous" <sip:anonymous@anonymous.invalid>`
	nobodyForwarded = `"Anonymous" <sip:anonymous@HOST> asserted ` + ourNumber + ` private`
)

// TestWithheldCallersRealAsterisk brings calls of callers with and without a number from a
// carrier: to a phone, with and without a controller, and forwarded outside.
func TestWithheldCallersRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l, carrier := openLab(t, suite), OpenWire(t, "127.0.0.4")
			carrier.Answers("INVITE", "486 Busy Here")
			l.Do(t, "PUT", Tenant+"/trunks/carrier", carrier.Trunk(Object{"caller_number": ourNumber}), nil)
			l.Do(t, "PATCH", Tenant, Object{"country": "DE", "forward_caller": "caller"}, nil)
			l.Extension(t, "120", "", nil)
			l.Extension(t, "121", "", nil)
			desk := l.Register(t, l.Device(t, "desk", "120", nil), phone.Options{})
			l.Do(t, "PUT", Tenant+"/forwards/121", Object{"mode": "destination", "destination": "external:+4930999999"}, nil)
			l.Do(t, "PUT", Tenant+"/numbers/+493012345601", Object{"destination": "extension:120"}, nil)
			l.Do(t, "PUT", Tenant+"/numbers/+493012345602", Object{"destination": "extension:121"}, nil)
			l.Applied(t)
			l.seesCallers(t, carrier, desk)
			for who, c := range outsideCallers {
				before := len(carrier.Packets("INVITE"))
				carrier.Calls(t, l.Lab, "+493012345602", c.lines[0], c.lines[1:]...)
				Eventually(t, 10*time.Second, func() string {
					if len(carrier.Packets("INVITE")) == before {
						return who + ": nothing is forwarded"
					}
					return ""
				})
				got := carrier.Packets("INVITE")[before]
				if shown := identityOf(func(name string) string { return Header(got, name) }); shown != c.forward {
					t.Errorf("%s, forwarded: the carrier sees %s, want %s", who, shown, c.forward)
				}
			}
			l.NoChannels(t)
			for _, r := range l.CDRs(t, "?limit=100") {
				if text := r.From.Number + r.From.Name; text != "" && !strings.HasPrefix(text, jane) {
					t.Errorf("a record has the caller %q %q", r.From.Number, r.From.Name)
				}
			}
			l.Kill(t)
			l.seesCallers(t, carrier, desk)
		})
	}
}

// seesCallers brings calls to the desk phone.
func (l *lab) seesCallers(t *testing.T, carrier *Wire, desk *phone.Phone) {
	t.Helper()
	for who, c := range outsideCallers {
		carrier.Calls(t, l.Lab, "+493012345601", c.lines[0], c.lines[1:]...)
		select {
		case in := <-desk.Incoming():
			if shown := identityOf(in.Header); shown != c.seen {
				t.Errorf("%s: the phone sees %s, want %s", who, shown, c.seen)
			}
			if err := in.Reject(486); err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the phone does not ring", who)
		}
	}
}

var (
	hostOfURI  = regexp.MustCompile(`@127\.0\.0\.[0-9]+`)
	ofIdentity = regexp.MustCompile(`^("[^"]*" )?<sip:([^@>]*)`)
)

// identityOf is what an INVITE says of the caller: From, the asserted name and number, and
// whether they are private.
func identityOf(header func(string) string) string {
	from, _, _ := strings.Cut(header("From"), ";tag=")
	out := hostOfURI.ReplaceAllString(from, "@HOST")
	if m := ofIdentity.FindStringSubmatch(header("P-Asserted-Identity")); m != nil {
		out += fmt.Sprintf(" asserted %s%s", m[1], m[2])
	}
	if strings.Contains(header("Privacy"), "id") {
		out += " private"
	}
	return out
}
