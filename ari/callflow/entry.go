package callflow

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	ariv6 "github.com/CyCoreSystems/ari/v6"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// entry is one time that a channel came into the Stasis application.
type entry struct {
	channel string // its id
	exten   string // where in a context it is
	call    pbx.Call
	step    bool           // a step has ended; otherwise the call is new
	desk    bool           // the caller signs in or out on a shared device
	setting bool           // the caller changes a setting of the caller's extension
	test    bool           // a test call of a trunk has ended
	asks    bool           // an application is to say what happens next
	said    string         // how the application's last verb ended
	inbound bool           // the call is new and from a trunk; its tenant is not known yet
	from    string         // of an inbound call: the number in its From header
	set     []pbx.Variable // what the channel gets before anything else
	outcome pbx.Outcome    // of the step
	ended   int            // index of the step in its plan
	odd     bool           // the arguments are foreign
	args    []string
	arrived time.Time
	late    bool // there is no time to decide it: it goes to the fallback
	left    bool // it went out of Stasis again; guarded by Flow.mu
}

// newEntry reads a channel and the arguments it came with.
func newEntry(c *ariv6.ChannelData, args []string) *entry {
	e := &entry{channel: c.ID, args: args, arrived: time.Now()}
	e.call.Endpoint = pbx.EndpointOfChannel(c.Name)
	if c.Dialplan != nil {
		e.exten, e.call.Dialled = c.Dialplan.Exten, c.Dialplan.Exten
	}
	if c.Caller != nil {
		e.call.Caller, e.call.Name = c.Caller.Number, c.Caller.Name
	}
	switch {
	case len(args) >= 2 && len(args) <= 6 && args[0] == pbx.ArgCall:
		e.readParties(args[2:min(5, len(args))])
		e.call.Withheld = len(args) == 6 && args[5] == pbx.Prohibited
	case len(args) >= 1 && len(args) <= 5 && args[0] == pbx.ArgTrunk:
		e.inbound = true
		args = append(slices.Clip(args), make([]string, 4)...)
		e.readParties([]string{args[1], "", args[3]})
		e.from, e.call.Withheld = args[2], args[4] == pbx.Prohibited
		return e
	case len(args) >= 2 && args[0] == pbx.ArgStep:
		e.readStep(args[2:])
	case len(args) >= 2 && args[0] == pbx.ArgApplication:
		e.readApplication(args[1:])
		return e
	case len(args) >= 2 && args[0] == pbx.ArgTest:
		e.test = true
		return e
	case len(args) == 2 && args[0] == pbx.ArgDesk:
		e.desk = true
	case (len(args) == 2 || len(args) == 3) && args[0] == pbx.ArgSetting:
		e.setting = true
		e.call.By = pbx.EndpointOfChannel(strings.Join(args[2:], ""))
	default:
		e.odd = true
		return e
	}
	e.call.Tenant = args[1]
	return e
}

// enter finds out whose an inbound call is, and under which number the caller is seen
// there: in E.164, so that a phone can call back.
func (e *entry) enter(s *pbx.Snapshot) {
	e.call.Tenant = s.TenantCalled(e.call.Endpoint, e.call.Dialled)
	t, trunk := s.Tenant(e.call.Tenant), s.TrunkAt(e.call.Endpoint, e.call.Tenant)
	if t == nil {
		return
	}
	shown, asserted := e.call.Caller, e.call.Caller
	if trunk != nil && !trunk.TrustIDInbound && e.from != "" && e.from != asserted {
		shown, e.call.Name = e.from, ""
		e.set = append(e.set, pbx.Variable{Name: "CALLERID(name)"})
	}
	shown = pbx.NamedCaller(pbx.CallParty{Number: shown}).Number
	if e.call.Caller = pbx.CallerNumber(t.Country, shown); e.call.Caller != asserted {
		e.set = append(e.set, pbx.Variable{Name: "CALLERID(num)", Value: e.call.Caller})
	}
}

// readStep reads the arguments behind the tenant, as far as they are there. These are
// outcome, position, hops, order, the parties, a phone's redirection and an application.
func (e *entry) readStep(args []string) {
	e.step = true
	args = append(slices.Clip(args), make([]string, 9)...)
	e.outcome = pbx.ParseOutcome(args[0])
	e.call.Answer, e.call.Rang = pbx.ParseAnswer(args[0])
	e.ended, _ = strconv.Atoi(args[1]) // never written: it was the first step
	if dialled, hops := pbx.ParseHops(args[2]); len(hops) > 0 {
		e.call.Dialled, e.call.Hops = dialled, hops
	}
	e.call.Order = args[3]
	e.readParties(args[4:7])
	e.call.Redirected = pbx.ParseRedirection(args[7])
	_, e.call.Application = pbx.ParseApplicationMark(args[8])
}

// readApplication reads the arguments of a call that an application is asked about: mark of the
// application, outcome, hops and the parties.
func (e *entry) readApplication(args []string) {
	e.asks, e.ended = true, -1 // what the channel has of an earlier plan counts no more
	args = append(slices.Clip(args), make([]string, 6)...)
	e.call.Tenant, e.call.Application = pbx.ParseApplicationMark(args[0])
	e.said = args[1]
	e.call.Dialled, e.call.Hops = pbx.ParseHops(args[2])
	e.readParties(args[3:6])
	at := pbx.Destination{Kind: pbx.ToApplication, Key: e.call.Application}
	if len(e.call.Hops) == 0 || e.call.Hops[len(e.call.Hops)-1] != at {
		e.odd = true
	}
}

// readParties reads two endpoints, as far as given: the transferor, and the endpoint on
// behalf of which the channel calls; and the diversions of the call before it came here.
func (e *entry) readParties(args []string) {
	if len(args) > 0 {
		e.call.By = pbx.EndpointOfChannel(args[0])
	}
	if len(args) > 1 && args[1] != "" {
		e.call.Endpoint = pbx.EndpointOfChannel(args[1])
	}
	if len(args) > 2 {
		e.call.Diverted = pbx.ParseDiversions(args[2])
	}
}

// waiting returns the entry of a channel as GET /channels shows it. It is nil when the
// channel is not in our application. Asterisk shows the application a channel runs and its
// evaluated arguments, here "dialtone,call,acme".
func waiting(c *ariv6.ChannelData) *entry {
	if c.Dialplan == nil || c.Dialplan.AppName != "Stasis" {
		return nil
	}
	args := strings.Split(c.Dialplan.AppData, ",")
	if args[0] != pbx.StasisApp {
		return nil
	}
	return newEntry(c, args[1:])
}

// same reports whether two entries are the same visit of a channel.
func (e *entry) same(o *entry) bool {
	return e.channel == o.channel && e.call.Dialled == o.call.Dialled && slices.Equal(e.args, o.args)
}

var plainNumber = regexp.MustCompile(`^[0-9A-Za-z*#+]{1,40}$`)

// extensionOf is the extension at which the channel continues for a number. It is the
// number that the call is at, so that the channel still has it when the step has ended. A
// number that a dialplan could misread never gets further than a hangup, at extension s.
func extensionOf(number string) string {
	if plainNumber.MatchString(number) {
		return number
	}
	return "s"
}

// extension is that of the call as it came.
func (e *entry) extension() string { return extensionOf(e.exten) }
