package event

import (
	"net/netip"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Type names what an event tells.
type Type string

// The types of events.
const (
	TypeStatus   Type = "status"
	TypeTrunk    Type = "trunk"
	TypeUnknown  Type = "unknown-number"
	TypeApply    Type = "apply"
	TypeFetch    Type = "fetch"
	TypeDrift    Type = "drift"
	TypeTemplate Type = "template"
	TypeResync   Type = "phone-resync"
	TypeCall     Type = "call"
	TypePort     Type = "port"
	TypeGuard    Type = "guard"
	// TypeEmergency tells that somebody calls for help, or tests that.
	TypeEmergency Type = "emergency"
	TypeWebhook   Type = "webhook"
	TypeQueue     Type = "queue"
	// TypeTextMessage tells that a text message came in, or how far one is that was sent.
	TypeTextMessage Type = "text-message"
	// Missed is the last event of a subscriber that was too slow. Its knowledge is out of
	// date.
	Missed Type = "resync"
	// Gap is an event of a stream alone: some that the client asked for are not kept.
	Gap Type = "gap"
)

// OfTenants are the types of events about tenants' objects, which their webhooks are told.
var OfTenants = []Type{TypeStatus, TypeTrunk, TypeUnknown, TypeFetch, TypeResync, TypeCall, TypePort, TypeGuard,
	TypeEmergency, TypeWebhook, TypeQueue, TypeTextMessage}

// Data is what an event tells: a Status, Trunk, UnknownNumber, Apply, Fetch, Drift, Template, Resync,
// Call, Port, Guard, Emergency, Webhook, Line or TextMessage.
// It holds no secrets.
type Data interface{ Type() Type }

// Status is what Asterisk says of an endpoint, after a change.
type Status struct {
	Endpoint string
	Reach    pbx.Reachability
	Call     pbx.CallState
	Address  netip.AddrPort // where it is registered from; invalid while it is not
}

// Trunk is what is observed of a trunk, after a change.
type Trunk struct {
	Tenant, Name string
	Status       pbx.TrunkStatus
}

// UnknownNumber is a number that a carrier calls, and that no tenant has. Each is told of once
// an hour at most.
type UnknownNumber struct {
	Tenant, Trunk, Number string
	Count                 int // of calls so far
}

// Fetch is one request of a phone for a file.
type Fetch struct {
	MAC    pbx.MAC
	File   string
	Status int // of the HTTP answer
}

// Drift is a rendered file that was edited by hand. The edit has no effect and is kept
// until it is moved away.
type Drift struct {
	File string // name of the file, without its folder
	Kept string // where the edited file is now
	At   time.Time
}

// Template is a template of the site that fails, or no longer does.
type Template struct {
	Path   string // inside the site's folder
	State  TemplateState
	Line   int // where it fails; 0 for the whole file
	Reason string
}

// TemplateState says whether a template works.
type TemplateState string

// The states of a template.
const (
	TemplateBroken TemplateState = "broken"
	TemplateMended TemplateState = "mended"
)

// Resync is how far an order to a phone has come.
type Resync struct {
	ID     int64
	MAC    pbx.MAC
	Action pbx.ResyncAction
	State  pbx.ResyncState
}

// Call is one change of one call.
type Call struct {
	Change  CallChange
	Leg     string // id of the leg that it happened to; "" for the whole call
	Call    pbx.LiveCall
	Outcome pbx.CallOutcome // of a call that has ended
}

// Port is the first call to a number that comes from another carrier: the port is done.
type Port struct{ Tenant, Request, Number string }

// Webhook is a webhook to which nothing is sent any more, because it has failed for too long or
// its receiver said so.
type Webhook struct{ Tenant, Name, Reason string }

// Line is a caller that came into the line of a queue, or left it.
type Line struct {
	Tenant, Name string
	Change       QueueChange
	Waiting      int // callers in line since
}

// QueueChange names what happened in the line of a queue.
type QueueChange string

// The changes. A caller leaves by being served, too.
const (
	QueueJoined QueueChange = "joined"
	QueueLeft   QueueChange = "left"
)

// TextMessage is a text message that came in, or the state of one that was sent. It does not have
// the text.
type TextMessage struct {
	Tenant, Extension string
	ID                int64
	State             pbx.TextState
	Number, Peer      string
	Segments          int
	Reason            string // of one that failed
}

// CallChange names what happened to a call.
type CallChange string

// The changes of a call.
const (
	CallStarted     CallChange = "started"
	CallRinging     CallChange = "ringing"  // one more leg is called
	CallTaken       CallChange = "answered" // a leg is through
	CallAsking      CallChange = "asking"   // a leg consults the target of a transfer; the transferee is held
	CallReturned    CallChange = "returned" // that leg takes the transferee back
	CallTransferred CallChange = "transferred"
	CallRecording   CallChange = "recording" // Asterisk records it from now on
	// CallRecordingEnded is only for a call that goes on.
	CallRecordingEnded CallChange = "recording-ended"
	CallEnded          CallChange = "ended"
)

// Guard is an alarm about the calls outside of an extension, or of a whole tenant.
type Guard struct {
	Tenant    string
	Change    GuardChange
	Extension string // "" for the whole tenant
	Bound     string // that is used, such as minutes_per_day; "" for others
	Used      int64  // of the bound, in its unit
	Most      int64
	Number    string // first number called in a country
	Country   string // ISO 3166-1, or a calling code with + that is no country's
}

// Emergency is a call for help that begins, or a test of one.
type Emergency struct {
	Tenant, Extension, Name, Device string
	Location                        string // of the device; "" where it is not known
	Number                          string // that was dialled
	Shown                           string // number that the carrier is shown; "" for none
	Test                            bool
	Late                            bool      // it began without the controller
	At                              time.Time // in the tenant's zone
}

// GuardChange names what happened to calls outside.
type GuardChange string

// The changes.
const (
	GuardAlarm        GuardChange = "alarm"   // 80 % of a bound of the day are used
	GuardBlocked      GuardChange = "blocked" // all of it is
	GuardUnblocked    GuardChange = "unblocked"
	GuardFirstCountry GuardChange = "first-country" // a country is called that the tenant has never called
	// GuardRefused tells that a call was refused by a bound.
	GuardRefused GuardChange = "refused"
)

// Type returns TypeStatus.
func (Status) Type() Type { return TypeStatus }

// Type returns TypeTrunk.
func (Trunk) Type() Type { return TypeTrunk }

// Type returns TypeUnknown.
func (UnknownNumber) Type() Type { return TypeUnknown }

// Type returns TypeFetch.
func (Fetch) Type() Type { return TypeFetch }

// Type returns TypeDrift.
func (Drift) Type() Type { return TypeDrift }

// Type returns TypeTemplate.
func (Template) Type() Type { return TypeTemplate }

// Type returns TypeResync.
func (Resync) Type() Type { return TypeResync }

// Type returns TypeCall.
func (Call) Type() Type { return TypeCall }

// Type returns TypePort.
func (Port) Type() Type { return TypePort }

// Type returns TypeGuard.
func (Guard) Type() Type { return TypeGuard }

// Type returns TypeEmergency.
func (Emergency) Type() Type { return TypeEmergency }

// Type returns TypeQueue.
func (Line) Type() Type { return TypeQueue }

// Type returns TypeWebhook.
func (Webhook) Type() Type { return TypeWebhook }

// Type returns TypeTextMessage.
func (TextMessage) Type() Type { return TypeTextMessage }
