package pbx

import (
	"slices"
	"strconv"
	"strings"
)

// Plan is what happens to one call at one place: steps, of which the first is
// carried out first. It ends: no step leads to itself or to an earlier one.
type Plan struct {
	Steps []Step
	// Order is to be given to the next plan for the same place, see Call.Order.
	Order string
}

// Step is one thing Asterisk does with a call on its own. Which fields count
// depends on Kind.
type Step struct {
	Kind StepKind
	// Rule says why in one sentence, for people and the simulator.
	Rule     string
	Legs     []Leg      // dial: rung at the same time, no endpoint twice
	Seconds  int        // dial: how long they ring, at least 1
	Silent   int        // dial: how long no leg may ring or say anything, in seconds; 0 as long as Seconds
	Show     *Shown     // dial: what a carrier is told of the caller; nil for what it is anyway
	Called   string     // dial: number to show as called, where it is not the device's own; "" otherwise
	Diverted bool       // dial: the carrier is told of diversions, by variables of Set
	Assumed  Outcome    // dial: how a simulation takes it to end; "" leaves it open
	Record   bool       // dial: the call is recorded from its answer on
	Ringing  bool       // dial: the caller hears ringing whatever the legs do
	Music    bool       // dial: the caller hears music on hold instead, before the answer
	Class    string     // dial: class of that music; "" is Asterisk's own
	Tone     int        // dial: distinctive ring of legs that are no calls of their own
	Set      []Variable // what the channel gets before the step, in this order
	Mailbox  string     // voicemail, messages: number of the mailbox
	Greeting Greeting   // voicemail
	// Sound of play is the name of a sound file, without language and format, or / and the hash of one
	// of ours; of announce and voicemail that hash.
	Sound   string
	To      Destination    // forward, application
	Wait    *Waiting       // queue
	Said    CallOutcome    // application: what came of the dial that goes back there; "" when the call gets there
	GoesOn  bool           // dial: the caller stays when the callee hangs up
	Verb    Verb           // verb
	Of      string         // pickup: extension at which the call rings, "" for the caller's groups; monitor: extension in the call
	Alert   string         // dial: word in Alert-Info by which the phones know how to ring; "" for their own way
	Setting *Setting       // setting: what the caller changes; nil when it is refused
	Unknown bool           // hangup: a carrier brings the call to a number that no tenant has
	Help    *Help          // dial, play, hangup: the call is one for help, or a test of it; nil for others
	Reached []BoundReached // dial, hangup: bounds that leave out legs outside, or refuse the call
	AtBound bool           // hangup: a bound of calls at once was reached
	SIP     int            // hangup: the SIP answer to a carrier's call, where it can be given; 0 is that of Cause
	Cause   int            // hangup, and pickup when nothing rings: Q.850 cause, one of the Cause constants
	// Next leads from each outcome of a step that Returns to the index of the step
	// that follows, always greater than the step's own. Zero for other steps.
	Next Next
}

// Variable is a channel variable, or a function that can be set, such as
// CALLERID(name). The value may be any text: it never passes through a dialplan.
type Variable struct{ Name, Value string }

// StepKind is what a step does.
type StepKind string

// The kinds of step. Dial, play and queue come back with an outcome, application and verb to the
// application, forward leads to another plan without Asterisk's help, the others end the call.
const (
	StepDial      StepKind = "dial"
	StepVoicemail StepKind = "voicemail" // record a message
	StepMessages  StepKind = "messages"  // hear one's own mailbox
	StepPlay      StepKind = "play"
	StepAnnounce  StepKind = "announce" // play an announcement; then the call ends
	StepQueue     StepKind = "queue"    // wait in a queue until a member takes the call
	StepPickup    StepKind = "pickup"   // take a call that rings in one of the caller's groups, or at an extension
	StepHangup    StepKind = "hangup"
	StepDesk      StepKind = "desk"    // sign in or out on the calling device
	StepForward   StepKind = "forward" // go on with the plan for where the call is sent
	StepPage      StepKind = "page"    // the legs answer by themselves and hear the caller
	StepSetting   StepKind = "setting" // change a setting of the caller's extension, and say so
	StepPark      StepKind = "park"    // park a transferred call at the dialled slot, or take the one there
	StepEcho      StepKind = "echo"    // play back what the caller says
	StepMonitor   StepKind = "monitor" // hear the call of another extension, and talk in it
	// StepApplication asks an application what happens; without an answer the next step follows.
	StepApplication StepKind = "application"
	StepVerb        StepKind = "verb" // carry out a verb of an application
)

// Greeting is what a mailbox says to a caller.
type Greeting string

// The greetings of app_voicemail.
const (
	GreetUnavailable Greeting = "unavailable"
	GreetBusy        Greeting = "busy"
)

// Outcome is how a step that comes back ended: DIALSTATUS of a dial (application
// Dial, docs.asterisk.org), QUEUESTATUS of a queue (application Queue), empty for a play.
type Outcome string

// The outcomes. Every other word counts as OutcomeUnreachable, see ParseOutcome.
const (
	OutcomeAnswer      Outcome = "ANSWER"
	OutcomeNoAnswer    Outcome = "NOANSWER"
	OutcomeBusy        Outcome = "BUSY"
	OutcomeUnreachable Outcome = "CHANUNAVAIL" // nothing registered, or no answer on the network
	OutcomeCongestion  Outcome = "CONGESTION"
	OutcomeCancel      Outcome = "CANCEL" // the caller hung up
	// OutcomeDeclined is CHANUNAVAIL with cause 21: the callee
	// answered 603, as Polycoms do when a call is refused.
	OutcomeDeclined Outcome = "DECLINED"
	OutcomePlayed   Outcome = ""
	// Outcomes of a number outside that the carrier does not put through, by the cause that
	// Asterisk makes of its answer (ITU-T Q.1912.5): 404, 485 and 604; 410; 484.
	OutcomeUnallocated Outcome = "UNALLOCATED"
	OutcomeChanged     Outcome = "CHANGED"
	OutcomeIncomplete  Outcome = "INCOMPLETE"
	// Outcomes of a queue: the caller has waited for as long as callers may, as many wait as
	// may, or no member can be rung.
	OutcomeTimeout Outcome = "TIMEOUT"
	OutcomeFull    Outcome = "FULL"
	OutcomeEmpty   Outcome = "JOINEMPTY"
)

// outcomesOfQueues are Asterisk's other words for them.
var outcomesOfQueues = map[string]Outcome{"LEAVEEMPTY": OutcomeEmpty, "JOINUNAVAIL": OutcomeEmpty,
	"LEAVEUNAVAIL": OutcomeEmpty, "WITHDRAW": OutcomeTimeout}

// outcomesOfCauses are what a dial that reached nobody says more with its cause.
var outcomesOfCauses = map[int]Outcome{CauseUnallocated: OutcomeUnallocated, CauseChanged: OutcomeChanged,
	CauseInvalidNumberFormat: OutcomeIncomplete}

// Word is the outcome for people.
func (o Outcome) Word() string {
	return map[Outcome]string{OutcomeAnswer: "answer", OutcomeNoAnswer: "no-answer", OutcomeBusy: "busy",
		OutcomeUnreachable: "unreachable", OutcomeDeclined: "declined",
		OutcomeCongestion: "congestion", OutcomeCancel: "cancel", OutcomePlayed: "played",
		OutcomeUnallocated: "no-such-number", OutcomeChanged: "number-changed", OutcomeIncomplete: "incomplete",
		OutcomeTimeout: "timeout", OutcomeFull: "full", OutcomeEmpty: "empty"}[o]
}

// dialOutcomes is every outcome a dial step has a Next for.
var dialOutcomes = []Outcome{OutcomeAnswer, OutcomeNoAnswer, OutcomeBusy, OutcomeUnreachable, OutcomeCongestion,
	OutcomeCancel}

// ParseOutcome reads DIALSTATUS, behind which the cause of hangup (Q.850) may stand where
// nobody was reached, and behind that a SIP answer, see ParseAnswer: CHANUNAVAIL1/404. DONTCALL
// and TORTURE (privacy screening, never rendered), INVALIDARGS and words of later versions mean
// that nobody was reached.
func ParseOutcome(s string) Outcome {
	s, _, _ = strings.Cut(s, answerMark)
	status := strings.TrimRight(s, "0123456789")
	if cause, err := strconv.Atoi(s[len(status):]); err == nil {
		if o, says := outcomesOfCauses[cause]; says {
			return o
		}
		if cause == CauseRefused && Outcome(status) == OutcomeUnreachable {
			return OutcomeDeclined
		}
	}
	switch o := Outcome(status); o {
	case OutcomeAnswer, OutcomeNoAnswer, OutcomeBusy, OutcomeUnreachable, OutcomeCongestion, OutcomeCancel,
		OutcomeDeclined, OutcomePlayed, OutcomeTimeout, OutcomeFull, OutcomeEmpty:
		return o
	}
	if o, known := outcomesOfQueues[status]; known {
		return o
	}
	return OutcomeUnreachable
}

// The Q.850 causes that plans end with, and what chan_pjsip answers a caller
// before the call is answered.
const (
	CauseUnallocated = 1  // 404 Not Found
	CauseNormal      = 16 // end of an answered call
	CauseBusy        = 17 // 486 Busy Here
	CauseNoAnswer    = 19 // 480 Temporarily Unavailable
	CauseAbsent      = 20 // 480 Temporarily Unavailable
	CauseRefused     = 21 // 403 Forbidden
	CauseCongestion  = 34 // 503 Service Unavailable
)

// Further Q.850 causes with which carriers end calls, in the words of the standard.
const (
	CauseChanged                      = 22 // 410 Gone
	CauseInvalidNumberFormat          = 28 // 484 Address Incomplete
	CauseNetworkOutOfOrder            = 38 // 500 Server Internal Error
	CauseTemporaryFailure             = 41
	CauseSwitchingEquipmentCongestion = 42
	CauseNoUserResponse               = 18 // 408 Request Timeout
	CauseDestinationOutOfOrder        = 27 // 502 Bad Gateway
	CauseFacilityRejected             = 29 // 501 Not Implemented
	CauseNoBearer                     = 58 // 488 Not Acceptable Here: bearer capability not available
)

// Returns reports whether the call comes back after the step, with an outcome.
func (s Step) Returns() bool {
	return s.Kind == StepDial || s.Kind == StepPlay || s.Kind == StepQueue
}

// Context is the rendered context that carries the step out for a call of
// tenant. It expects Argument in StepVariable.
func (s Step) Context(tenant string) string {
	switch s.Kind {
	case StepDial:
		if s.Music {
			return MusicContext
		}
		return s.dialContext(tenant)
	case StepVoicemail:
		return VoicemailContext
	case StepMessages:
		return MessagesContext
	case StepPlay:
		return PlayContext(tenant)
	case StepAnnounce:
		return AnnounceContext
	case StepQueue:
		return QueueContext(tenant)
	case StepPickup:
		if s.Of != "" {
			return DirectedContext
		}
		return PickupContext
	case StepDesk:
		return DeskContext(tenant)
	case StepPage:
		return PageContext
	case StepSetting:
		return SettingContext(tenant)
	case StepPark:
		return ParkContext(tenant)
	case StepEcho:
		return EchoContext
	case StepMonitor:
		return MonitorContext
	case StepApplication, StepVerb:
		return ApplicationContext
	}
	if s.SIP != 0 {
		return RefusedContext
	}
	return HangupContext
}

func (s Step) dialContext(tenant string) string {
	if s.Record {
		return RecordContext(tenant)
	}
	return DialContext(tenant)
}

// Extension is the extension in Context at which the step begins, of a call that is at a number.
func (s Step) Extension(number string) string {
	switch s.Kind {
	case StepApplication:
		return AskExtension
	case StepVerb:
		return string(s.Verb.Verb)
	}
	return number
}

// Variables are what the channel has to carry for the step: its Set, what its
// context reads beside StepVariable, and that last.
func (s Step) Variables(tenant string) []Variable {
	out := slices.Clone(s.Set)
	if s.Music {
		out = append(out, Variable{ThenVariable, s.dialContext(tenant)})
	}
	if s.Kind == StepVoicemail && s.Sound != "" {
		out = append(out, Variable{GreetingVariable, s.Sound})
	}
	if s.Wait != nil {
		return append(out, s.Wait.Variables(s.Record)...)
	}
	if s.Kind == StepVerb {
		out = append(out, Variable{SoundVariable, s.Sound}, Variable{OutcomeVariable, ""}, Variable{KeysVariable, ""})
	}
	return append(out, Variable{StepVariable, s.Argument(tenant)})
}

// Argument is the value of StepVariable: the whole argument of the application
// that carries the step out, for Dial "PJSIP/a&PJSIP/b,20,i". The i makes Asterisk
// ignore a phone's redirection (302), which would lead around the plan: see Redirection.
func (s Step) Argument(tenant string) string {
	switch s.Kind {
	case StepDial:
		return s.channels() + "," + s.limits() + "," + s.Options()
	case StepPage:
		return s.channels() + "," + s.Options() + "," + strconv.Itoa(s.Seconds)
	case StepVoicemail:
		greeting := ",u"
		switch {
		case s.Sound != "":
			greeting = ",s"
		case s.Greeting == GreetBusy:
			greeting = ",b"
		}
		return MailboxName(tenant, s.Mailbox) + greeting
	case StepMessages:
		return MailboxName(tenant, s.Mailbox)
	case StepPlay, StepAnnounce:
		return s.Sound
	case StepQueue:
		return s.Wait.Argument()
	case StepDesk, StepSetting, StepPark, StepEcho, StepApplication:
		return ""
	case StepVerb:
		return s.Verb.argument()
	case StepMonitor:
		return monitorArgument(tenant, s.Of)
	}
	switch {
	case s.Of != "":
		return PickupOf(tenant, s.Of)
	case s.SIP != 0:
		return strconv.Itoa(s.SIP)
	}
	return strconv.Itoa(s.Cause)
}

// limits are the timeouts of Dial. Asterisk before 18.22, 20.7 and 21.2 passes over the second one.
func (s Step) limits() string {
	out := strconv.Itoa(s.Seconds)
	if s.Silent > 0 {
		out += "^" + strconv.Itoa(s.Silent)
	}
	return out
}

func (s Step) channels() string {
	legs := make([]string, len(s.Legs))
	for i, l := range s.Legs {
		legs[i] = l.Channel()
	}
	return strings.Join(legs, "&")
}

// Options are those of Dial or Page.
func (s Step) Options() string {
	if s.Kind == StepPage {
		return PageOptions
	}
	out := "i" + s.talks()
	if s.GoesOn {
		out += "g"
	}
	if s.Ringing {
		out += "r"
	}
	if s.Music {
		out += "m"
		if s.Class != "" {
			out += "(" + s.Class + ")"
		}
	}
	if s.Diverted { // says what Called would, and more
		return out + s.Show.options() + "b(" + DivertedContext + "^s^1)"
	}
	return out + s.Show.options() + ShowCalled(s.Called) + ShowTone(s.Tone) + ShowAlert(s.Alert)
}

// After returns the index of the step that follows when step i came back with
// outcome o. A plan may have been made anew since step i began, from a newer
// snapshot: an i beyond its end means its last step, and a step that does not
// come back is carried out itself. Either way the call gets closer to its end.
func (p Plan) After(i int, o Outcome) int {
	last := len(p.Steps) - 1
	if i < 0 || i > last {
		return last
	}
	step := p.Steps[i]
	if !step.Returns() {
		return i
	}
	if o == OutcomeDeclined && step.Next.To(o) == 0 {
		o = step.declined()
	}
	for _, o := range []Outcome{o, OutcomeUnreachable, OutcomePlayed} {
		if next := step.Next.To(o); next > 0 {
			return next
		}
	}
	return last
}

// declined is what it means that a dial was declined: people are busy, but a carrier
// that says so did not put the call through.
func (s Step) declined() Outcome {
	for _, l := range s.Legs {
		if l.Outside != "" {
			return OutcomeUnreachable
		}
	}
	return OutcomeBusy
}
