package pbx

import (
	"cmp"
	"strings"
)

// Application is a program of the tenant that decides what happens to a call. The program gets a
// signed request (Standard Webhooks 1.0.0) and answers with verbs, see Verb.
type Application struct {
	Tenant      string
	Name        string // key within the tenant
	URL         string // with scheme https, or http
	Secret      Secret // signs, see CheckWebhookSecret
	Description string // for people, at most 100 characters; may be empty
	// Fallback is where a call goes when the program does not answer, or not with what it may. It is
	// no application.
	Fallback Destination
	Version  int64
	Revision int64
}

// MostApplications is how many applications a tenant may have.
const MostApplications = 100

// Validate returns all broken rules.
func (a *Application) Validate() error {
	var es Errors
	es.Add(CheckName("name", a.Name))
	es.Add(checkWebhookURL("url", a.URL))
	es.Add(CheckText("description", a.Description, 0, 100, 0))
	es.Add(CheckWebhookSecret("secret", a.Secret))
	switch a.Fallback.Kind {
	case "":
		es.Add(Invalidf("fallback", "is required: calls go there when the application does not answer; hangup ends them"))
	case ToApplication:
		es.Add(Invalidf("fallback", "is an application, which may not answer either"))
	}
	return es.Err()
}

// Application returns an application, or nil.
func (s *Snapshot) Application(tenant, name string) *Application {
	return s.applications[key{tenant, name}]
}

// WithoutController is where the fallback leads in place of a destination: that of an application.
func (s *Snapshot) WithoutController(tenant string, to Destination) Destination {
	if to.Kind != ToApplication {
		return to
	}
	if a := s.Application(tenant, to.Key); a != nil {
		return a.Fallback
	}
	return Destination{}
}

// The names that the dialplan and the call flow share about applications.
const (
	// ApplicationContext carries out the verbs of applications: each is an extension, and goes on at
	// AskExtension.
	ApplicationContext = "dialtone-application"
	// AskExtension asks the controller for the next verb: Stasis(dialtone,application,APPLICATION,
	// OUTCOME,HOPS,TRANSFERER,AS,DIVERTED). Without an answer the call goes on at OverdueExtension, to
	// what FallbacksContext has for the application.
	AskExtension     = "ask"
	OverdueExtension = "T" // of Asterisk: where a call goes on whose TIMEOUT(absolute) is over
	FallbacksContext = "dialtone-applications"
	// ArgApplication is the first Stasis argument of AskExtension.
	ArgApplication = "application"
	// ApplicationVariable names the application that the channel is at, see ApplicationMark; empty for
	// channels that are at none.
	ApplicationVariable = "DIALTONE_APPLICATION"
	// ProgressVariable keeps how far the channel has come in the application's answer.
	ProgressVariable = "DIALTONE_PROGRESS"
	// OutcomeVariable has the outcome of the last verb, KeysVariable the keys that were pressed in it,
	// SoundVariable the sound that it plays.
	OutcomeVariable = "DIALTONE_OUTCOME"
	KeysVariable    = "DIALTONE_KEYS"
	SoundVariable   = "DIALTONE_SOUND"
	// RecordVerbVariable is the name of the last recording.
	RecordVerbVariable = "DIALTONE_RECORDED"
	// OverdueVariable bounds how long a channel lives.
	OverdueVariable = "TIMEOUT(absolute)"
	// AskSeconds bounds how long a call waits for the next verb, whatever becomes of the controller.
	AskSeconds = 9
)

// ApplicationMark names an application among those of all tenants, as an extension can be named:
// Asterisk passes over hyphens.
func ApplicationMark(tenant, name string) string {
	return strings.ReplaceAll(tenant+"*"+name, "-", "+")
}

// ParseApplicationMark reads what ApplicationMark writes.
func ParseApplicationMark(mark string) (tenant, name string) {
	tenant, name, _ = strings.Cut(strings.ReplaceAll(mark, "+", "-"), "*")
	return tenant, name
}

// toApplication asks an application what happens to the call. Without an answer the call goes on
// where its fallback leads.
func (r routing) toApplication(a *Application) Plan {
	ask := Step{Kind: StepApplication, To: Destination{ToApplication, a.Name},
		Rule: "application " + a.Name + " is asked what happens", Next: NextIs(1, OutcomeUnreachable)}
	fallback := sendOn(a.Fallback, "application %s does not answer as it should", a.Name)
	if why := r.barred(a.Fallback); why != "" {
		fallback = hangupStep(CauseNoAnswer, "application %s does not answer as it should, and the call is %s", a.Name, why)
	}
	return Plan{Steps: []Step{ask, fallback}}
}

// comesBack makes a plan one of what an application dials: where the call would end, or reach a
// mailbox or an announcement, it goes back to the application.
func (r routing) comesBack(p Plan) Plan {
	led := map[int]CallOutcome{}
	for i, s := range p.Steps {
		if s.Kind != StepDial {
			continue
		}
		p.Steps[i].GoesOn = true
		for outcome, said := range map[Outcome]CallOutcome{OutcomeNoAnswer: CallNoAnswer, OutcomeBusy: CallBusy,
			OutcomeUnreachable: CallUnreachable} {
			if next := s.Next.To(outcome); led[next] == "" || said == CallNoAnswer {
				led[next] = said
			}
		}
	}
	for i, s := range p.Steps {
		said := led[i]
		switch s.Kind {
		case StepHangup:
			said = saidBy(s.Cause)
		case StepVoicemail, StepAnnounce:
			if s.Greeting == GreetBusy {
				said = CallBusy
			}
			said = cmp.Or(said, CallUnreachable)
		default:
			continue
		}
		p.Steps[i] = Step{Kind: StepApplication, To: Destination{ToApplication, r.c.Application}, Said: said,
			Rule: s.Rule + ": back to application " + r.c.Application}
	}
	return p
}

// saidBy is what an application is told of a dial that a plan ends with a cause.
func saidBy(cause int) CallOutcome {
	if cause == CauseNormal {
		return CallAnswered
	}
	said, known := OutcomeOfCause(cause)
	if !known {
		return CallFailed
	}
	return said
}

// AtApplication is the call where an application has it that has dialled, or that it has reached.
func (c Call) AtApplication(to Destination) Call {
	for i := len(c.Hops) - 1; i >= 0; i-- {
		if c.Hops[i] == to {
			c.Hops = c.Hops[: i+1 : i+1]
			break
		}
	}
	c.Application, c.Order, c.Resumed, c.Answer, c.Rang = to.Key, "", false, 0, false
	return c
}

// atApplication reports whether the call is at the application itself, and not at what that dials.
func (c Call) atApplication() bool {
	return len(c.Hops) > 0 && c.Hops[len(c.Hops)-1] == Destination{ToApplication, c.Application}
}

// Barred says why an application may not send the call to a destination, "" when it may.
func (c Call) Barred(s *Snapshot, to Destination) string { return routing{s: s, c: c}.barred(to) }

// Asked is what an application is asked about a call. The JSON form is that of the request.
type Asked struct {
	Application string      `json:"application"`
	Tenant      string      `json:"tenant"`
	Call        string      `json:"call"`    // Asterisk's Uniqueid of the channel that calls
	Request     int         `json:"request"` // number of the request in this call, from 1
	From        CallParty   `json:"from"`
	Withheld    bool        `json:"withheld,omitempty"` // the caller does not want to be shown to anybody
	Dialled     string      `json:"dialled"`
	Last        *VerbResult `json:"last,omitempty"` // nil in the first request
	Path        string      `json:"-"`              // where the request goes at the application's host; "" is its URL
}

// VerbResult is how a verb ended.
type VerbResult struct {
	Verb VerbKind `json:"verb"`
	// Outcome is a word: ok or failed; of gather ok or timeout; of dial one of CallOutcomes; of record
	// what ended it: dtmf, silence, timeout or hangup.
	Outcome   string `json:"outcome"`
	Digits    string `json:"digits,omitempty"`    // keys that were pressed during gather
	Recording string `json:"recording,omitempty"` // name of what record has recorded
	Reason    string `json:"reason,omitempty"`    // why a number is not dialled
}

// AskedParty is the caller as an application is told.
func (c Call) AskedParty(s *Snapshot) CallParty {
	p := NamedCaller(CallParty{Number: c.Caller, Name: c.Name})
	if e := c.Extension(s); e != nil {
		p.Extension, p.Device = e.Number, c.Device(s).Name
	}
	return p
}
