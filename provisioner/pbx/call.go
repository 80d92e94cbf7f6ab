package pbx

import (
	"strconv"
	"strings"
	"time"
)

// CallParty is one end of a call, as far as it is known.
type CallParty struct {
	Number    string `json:"number,omitempty"` // as Asterisk shows it; of a leg outside the number that was dialled
	Name      string `json:"name,omitempty"`
	Extension string `json:"extension,omitempty"` // of the tenant; "" for somebody outside
	Device    string `json:"device,omitempty"`
}

// LegState is what one leg of a call does.
type LegState string

// The states of a leg.
const (
	LegRinging   LegState = "ringing"   // of the caller: hears ringing
	LegAnswering LegState = "answering" // was taken up and is not through: is asked to press 1, or hears a service
	LegUp        LegState = "up"        // talks
	LegHeld      LegState = "held"      // its phone holds the call
	LegWaiting   LegState = "waiting"   // hears music while the other party consults a third one
	LegAsking    LegState = "asking"    // consults a third party while the other one waits
	LegEnded     LegState = "ended"
)

// CallLeg is one phone or line in a call. Observed, never configuration.
type CallLeg struct {
	ID string `json:"id"` // Asterisk's Uniqueid of the channel; its name where only Asterisk's own records tell of it
	CallParty
	Caller   bool      `json:"caller,omitempty"` // placed the call, was not called
	State    LegState  `json:"state"`
	Since    time.Time `json:"since"` // of the state
	Started  time.Time `json:"started"`
	Answered time.Time `json:"answered,omitzero"` // when it was first through
	Ended    time.Time `json:"ended,omitzero"`
	Outcome  Outcome   `json:"outcome,omitempty"` // DIALSTATUS of a called leg that was not answered
	Via      CallVia   `json:"via,omitempty"`     // how it came in, unless it was simply called
	Trunk    string    `json:"trunk,omitempty"`   // name of the tenant's trunk that carries it; "" for phones
}

// CallVia is how a call, or a leg of it, got where it is beside being dialled.
type CallVia string

// The ways.
const (
	ViaPickup   CallVia = "pickup"
	ViaTransfer CallVia = "transfer"
	ViaClick    CallVia = "click" // placed over the API
	ViaTest     CallVia = "test"  // of a trunk, placed over the API
	ViaForward  CallVia = "forward"
	ViaGroup    CallVia = "group"
	ViaMonitor  CallVia = "monitor" // listens to another call
	ViaQueue    CallVia = "queue"
)

// LiveCall is a call under way as Asterisk tells it.
type LiveCall struct {
	ID       string // Asterisk's Linkedid
	Tenant   string
	From     CallParty
	Dialled  string
	Started  time.Time
	Answered time.Time // when the caller was first connected, to voicemail as well
	By       CallParty // the party that answered first
	Legs     []CallLeg // in order of appearance
	Rules    []string  // why it went where it went, in order
	Via      []CallVia
	Recorded bool // Asterisk records it
	// Incomplete says that it was under way when Dialtone started or was connected
	// again: times before that are not known.
	Incomplete bool
}

// CallOutcome is how a call ended, in one word.
type CallOutcome string

// The outcomes.
const (
	CallAnswered    CallOutcome = "answered"
	CallNoAnswer    CallOutcome = "no-answer"
	CallBusy        CallOutcome = "busy"
	CallUnreachable CallOutcome = "unreachable"
	CallRefused     CallOutcome = "refused" // by Dialtone's rules, or by a carrier's
	CallVoicemail   CallOutcome = "voicemail"
	CallCancelled   CallOutcome = "cancelled" // the caller gave up
	CallFailed      CallOutcome = "failed"    // no such number, or a fault
)

// CallOutcomes are all of them.
var CallOutcomes = []CallOutcome{CallAnswered, CallNoAnswer, CallBusy, CallUnreachable, CallRefused, CallVoicemail,
	CallCancelled, CallFailed}

// outcomeOfCause holds the causes of hangup (Q.850) that plans, the fallback and carriers
// end a call with that was not answered.
var outcomeOfCause = map[int]CallOutcome{
	CauseUnallocated: CallFailed, CauseBusy: CallBusy, CauseNoAnswer: CallNoAnswer,
	CauseAbsent: CallUnreachable, CauseRefused: CallRefused,
	CauseChanged: CallFailed, CauseInvalidNumberFormat: CallFailed, CauseCongestion: CallFailed,
	CauseNetworkOutOfOrder: CallFailed,
	CauseTemporaryFailure:  CallFailed, CauseSwitchingEquipmentCongestion: CallFailed,
	CauseNoUserResponse: CallUnreachable, CauseDestinationOutOfOrder: CallFailed, CauseFacilityRejected: CallFailed,
	CauseNoBearer: CallFailed,
}

// OutcomeOfCause returns the outcome of a call that ended unanswered with a cause of
// hangup (Q.850); false if the cause alone does not tell.
func OutcomeOfCause(cause int) (CallOutcome, bool) {
	o, known := outcomeOfCause[cause]
	return o, known
}

// Millis returns a time as the database keeps it: in UTC and whole milliseconds. The zero
// time stays zero.
func Millis(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// CDR is the record of a call that has ended.
type CDR struct {
	ID     int64  // key; grows
	CallID string // Asterisk's Linkedid
	Tenant string
	// Started, Answered (zero: never) and Ended, in whole milliseconds.
	Started, Answered, Ended time.Time
	From                     CallParty
	Dialled                  string
	By                       CallParty // the party that answered; empty for voicemail and services
	Called                   []CallLeg // every leg that was called
	Outcome                  CallOutcome
	Via                      []CallVia
	Rules                    []string
	// RecordedOn are the Uniqueids of the channels that Asterisk recorded; they are not
	// stored, Recording is.
	RecordedOn []string
	Recording  string // its name; "" for none
	Incomplete bool
}

// Duration is how long the call was there.
func (c *CDR) Duration() time.Duration { return c.Ended.Sub(c.Started) }

// Billable is how long it was answered.
func (c *CDR) Billable() time.Duration {
	if c.Answered.IsZero() {
		return 0
	}
	return c.Ended.Sub(c.Answered)
}

// Parties are the extensions and numbers that had to do with the call, each once.
func (c *CDR) Parties() (extensions, numbers []string) {
	add := func(list []string, s string) []string {
		for _, have := range list {
			if have == s {
				return list
			}
		}
		if s == "" || strings.ContainsAny(s, " \n") {
			return list
		}
		return append(list, s)
	}
	parties := []CallParty{c.From, c.By}
	for _, l := range c.Called {
		parties = append(parties, l.CallParty)
	}
	for _, p := range parties {
		extensions, numbers = add(extensions, p.Extension), add(numbers, p.Number)
	}
	return extensions, add(numbers, c.Dialled)
}

// ClickContext rings the devices of the user that places a call over the API, and lets the
// one that answers dial as if its keys had been pressed. Its variables: the
// argument of Dial, the number to dial, what the phone shows meanwhile, and the
// entry context of the tenant. Asterisk hands those with "_" on to the phone.
const (
	ClickContext       = "dialtone-click"
	ClickDialVariable  = "DIALTONE_CLICK"
	ClickToVariable    = "DIALTONE_CLICK_TO"
	ClickNameVariable  = "DIALTONE_CLICK_NAME"
	ClickEntryVariable = "DIALTONE_CLICK_ENTRY"
	// ClickRing and ClickGo are its extensions: where it begins, and where Dial
	// leads both ends once a phone was answered.
	ClickRing = "s"
	ClickGo   = "go"
)

// ClickArgument is the value of ClickDialVariable.
func ClickArgument(devices []*Device, seconds int) string {
	legs := make([]string, len(devices))
	for i, d := range devices {
		legs[i] = d.Technology().Device(d.Endpoint)
	}
	return strings.Join(legs, "&") + "," + strconv.Itoa(seconds) + ",iG(" + ClickContext + "^" + ClickGo + "^1)"
}

// CheckDialled refuses what is no number that a phone here could dial.
func CheckDialled(field, s string) *Error {
	const plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*#+"
	if s == "" || len(s) > 40 || strings.Trim(s, plain) != "" || len(s) == 1 && strings.Trim(s, "0123456789*#+") != "" {
		return Invalidf(field, "must be 1 to 40 digits, letters, *, # and +, as they are dialled")
	}
	return nil
}
