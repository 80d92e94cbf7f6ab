package asteriskconf

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanView is what extensions.conf's template sees: names that callflow and others
// share with the dialplan, then the tenants.
type dialplanView struct {
	App          string // of Stasis
	Arg          dialplanArgs
	Context      dialplanContexts
	Var          dialplanVariables
	Label        dialplanLabels
	Extension    dialplanExtensions
	Cause        dialplanCauses
	Recorded     string // group of the channels that are recorded
	RecordFolder string
	RingsFor     string // tells phones for whom they ring
	Forget       string // clears the variables of a call that was elsewhere before
	InHeaders    string // characters of headers that tell of diversions, as FILTER takes them
	Mark         string // between two such headers
	MaxInside    int    // the most of Var.Inside
	MaxHops      int    // the most of Var.QueueHops
	AskSeconds   int    // the longest wait for a verb
	// SilentSeconds is how long a carrier that seems dead may be silent about a call for help.
	SilentSeconds int
	Patterns      []string // which together match every extension a call can be at
	Unknown       []string // which match what is nobody's number in a fallback
	Written       string   // characters that numbers are written with, as REPLACE takes them
	CallerWords   []string // that stand for a caller without a number
	// Answers and CarrierAnswers are the causes with which SIP answers of phones and carriers
	// end a call.
	Answers, CarrierAnswers map[int]int
	NextTrunk               []int // SIP answers after which another trunk is tried, beside 5xx
	Tenants                 []dialplanTenant
	Numbers                 []dialplanNumber // of all tenants
	Ruled                   []dialplanRuled  // those of them that depend on caller or time
	Blocked                 []dialplanBlocked
	Defaults                []dialplanDefault                // of trunks
	Answer                  struct{ Blocked, Anonymous int } // SIP answers to callers that are refused
	Accounts                []accountName
	Applications            []dialplanApplication // of all tenants
	Legs                    []dialplanLeg         // of all tenants that are calls of their own
	Sounds                  soundFolder           // of tenants
	OwnSound                string                // begins what stands for one of them
	// HintsHash is that of hintsFile: Asterisk loads both when either changes.
	HintsHash string
}

// dialplanArgs are the first arguments of Stasis.
type dialplanArgs struct{ Call, Trunk, Step, Setting, Desk, Application, Test string }

// dialplanContexts are the contexts that all tenants share.
type dialplanContexts struct {
	Hangup, Voicemail, Messages, Echo string
	Refused                           string // of carriers' calls, by a SIP answer
	Pickup, Directed, Monitor         string
	OnDemand                          string // records a call when a code is pressed
	Called, Legs, Groups, Confirm     string // run on legs
	Redirected                        string // run on phones that were rung
	Trunks, Inbound, Numbers          string // of calls from outside
	Click, Test                       string // of calls that are placed over the API
	Nameless                          string // run on channels of callers outside
	Diverted                          string // run on channels of trunks
	Alert, Music, Page                string // of ring groups
	Consult, Ask, Held, Take          string // of consultations
	Back, ParkedBack                  string // of calls that come back to the phone that let go of them
	Answer, Answers, CarrierAnswers   string // of SIP answers
	NextTrunk, Onward                 string // of legs that try several trunks
	Announce                          string // of sounds that tenants have uploaded
	Greet                             string // the same, as a subroutine
	Wait                              string // in a queue
	Application, Fallbacks            string // of verbs, and of where calls go that applications lose
}

// dialplanVariables are channel variables.
type dialplanVariables struct {
	Step, Position, Hops, Order         string // of a plan
	Then                                string // the context that follows Music
	Call, Shown, As, Tenant             string
	Record, Recording, RecordedAs       string
	DeskNumber, DeskPIN                 string
	Held, AskEntry, Asker, Recall, GoOn string // of consultations
	Unanswered, Waits                   string // of a channel that is held
	Diverted, History                   string // of a call that was diverted
	Answer                              string // SIP answer of the last leg
	Passed, Onward                      string // of a leg that tries several trunks
	RingsFor, Redirected                string // of a call that a phone redirects
	Inside                              string // counts the numbers of this system that a call has come by
	Greeting                            string // of a mailbox
	Talk                                string // for how many seconds a leg outside may talk
	Most, Empty, Welcome, QueueRecord   string // of a queue
	QueueRing, QueueHops                string
	Application, Outcome, Keys, Sound   string // of verbs of an application
	RecordVerb                          string
	Test, TestFrom                      string // of a test call
}

// dialplanExtensions are extensions of shared contexts.
type dialplanExtensions struct {
	Left    string // of the context Held
	Over    string // of the context Back
	Verbs   string // of the context Application: asks for the next one
	Overdue string // no answer has come
}

// dialplanLabels are priority labels.
type dialplanLabels struct{ Ask, Rung, After, Done, Refused string }

// dialplanCauses are causes of Hangup.
type dialplanCauses struct {
	NoPickup          int // nothing rings that could be picked up
	NoAnswer, Refused int
	Unknown           int // no number is written so
	Full              int // the trunk has as many calls as it may
}

// anyExtension matches what phones dial and every number pbx allows, but none of
// the single letters that Asterisk runs by itself (a, e, h, i, o, s, t, T).
var anyExtension = []string{"_[0-9*#+]!", "_[A-Za-z][0-9A-Za-z]!"}

// written are the characters of extensions, codes and numbers, with what people and
// carriers write between and behind them: visual separators, and parameters of the user
// part (RFC 3966, 3 and 5.1.1). What is not among them is in no number. The list is an
// argument of REPLACE, which knows no ranges; it must have both parentheses, see there.
const written = `0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*#+()./_=\; -`

// rememberDialled keeps the number that was dialled first where Asterisk's own records
// of the call show it: by their end a forward or a transfer has put another in its place.
const rememberDialled = `CHANNEL(accountcode)=${IF($["${CHANNEL(accountcode)}" = ""]` +
	`?${FILTER(0-9A-Za-z*#+,${EXTEN})}:${CHANNEL(accountcode)})}`

// enteredVariable keeps the number by which a call entered last: shown on a phone to which
// a transferred call comes back.
const enteredVariable = "DIALTONE_ENTERED"

// sharedNames is the view without tenants.
func sharedNames() dialplanView {
	return dialplanView{
		App: pbx.StasisApp,
		Arg: dialplanArgs{
			Call: pbx.ArgCall, Trunk: pbx.ArgTrunk, Step: pbx.ArgStep, Setting: pbx.ArgSetting, Desk: pbx.ArgDesk,
			Application: pbx.ArgApplication, Test: pbx.ArgTest,
		},
		Context: dialplanContexts{
			Hangup: pbx.HangupContext, Refused: pbx.RefusedContext, Voicemail: pbx.VoicemailContext,
			Messages: pbx.MessagesContext, Echo: pbx.EchoContext,
			Pickup: pbx.PickupContext, Directed: pbx.DirectedContext, Monitor: pbx.MonitorContext, OnDemand: pbx.OnDemandContext,
			Called: pbx.CalledContext, Legs: pbx.LegContext, Groups: pbx.LegGroupContext, Confirm: pbx.ConfirmContext,
			Redirected: pbx.RedirectedContext,
			Trunks:     pbx.TrunkContext, Inbound: pbx.InboundContext, Numbers: pbx.AllNumbersContext,
			Nameless: pbx.NamelessContext, Click: pbx.ClickContext, Test: pbx.TestContext, Diverted: pbx.DivertedContext,
			Alert: pbx.AlertContext, Music: pbx.MusicContext, Page: pbx.PageContext,
			Consult: pbx.ConsultContext, Ask: pbx.AskContext, Held: pbx.HeldContext, Take: pbx.TakeContext,
			Back: pbx.BackContext, ParkedBack: pbx.ParkedBackContext,
			Answer: pbx.AnswerContext, Answers: pbx.AnswersContext, CarrierAnswers: pbx.CarrierAnswersContext,
			NextTrunk: pbx.NextTrunkContext, Onward: pbx.OnwardContext,
			Announce: pbx.AnnounceContext, Greet: pbx.GreetContext, Wait: pbx.WaitContext,
			Application: pbx.ApplicationContext, Fallbacks: pbx.FallbacksContext,
		},
		Var: dialplanVariables{
			Step: pbx.StepVariable, Position: pbx.PositionVariable, Hops: pbx.HopsVariable, Order: pbx.OrderVariable,
			Then: pbx.ThenVariable,
			Call: pbx.CallVariable, Shown: pbx.ShownVariable, As: pbx.AsVariable, Tenant: pbx.TenantVariable,
			Record: pbx.RecordVariable, Recording: pbx.OnDemandVariable, RecordedAs: pbx.OnDemandExtension,
			DeskNumber: pbx.DeskNumberVariable, DeskPIN: pbx.DeskPINVariable,
			Held: pbx.HeldVariable, AskEntry: pbx.AskEntryVariable, Asker: pbx.AskerVariable,
			Recall: pbx.RecallVariable, GoOn: pbx.GoOnVariable,
			Diverted: pbx.DivertedVariable, History: pbx.HistoryVariable,
			RingsFor: pbx.RingsForVariable, Redirected: pbx.RedirectedVariable, Answer: pbx.AnswerVariable,
			Passed: pbx.PassedVariable, Onward: pbx.OnwardVariable,
			Greeting: pbx.GreetingVariable,
			Inside:   pbx.InsideVariable, Unanswered: pbx.UnansweredVariable, Waits: pbx.WaitsVariable, Talk: pbx.TalkVariable,
			Most: pbx.QueueMostVariable, Empty: pbx.QueueEmptyVariable, Welcome: pbx.QueueWelcomeVariable,
			QueueRecord: pbx.QueueRecordVariable, QueueRing: pbx.QueueRingVariable, QueueHops: pbx.QueueHopsVariable,
			Application: pbx.ApplicationVariable, Outcome: pbx.OutcomeVariable, Keys: pbx.KeysVariable,
			Sound: pbx.SoundVariable, RecordVerb: pbx.RecordVerbVariable,
			Test: pbx.TestVariable, TestFrom: pbx.TestFromVariable,
		},
		Label: dialplanLabels{
			Ask: pbx.EntryAsksLabel, Rung: pbx.RungLabel, After: pbx.AfterLabel,
			Done: pbx.DeskDoneLabel, Refused: pbx.DeskRefusedLabel,
		},
		Extension: dialplanExtensions{Left: pbx.LeftExtension, Over: pbx.OverExtension, Verbs: pbx.AskExtension,
			Overdue: pbx.OverdueExtension},
		Cause: dialplanCauses{
			NoPickup: pbx.CauseAbsent, NoAnswer: pbx.CauseNoAnswer, Refused: pbx.CauseRefused, Unknown: pbx.CauseUnallocated,
			Full: pbx.CauseCongestion,
		},
		Recorded:     pbx.RecordedGroup,
		RecordFolder: pbx.RecordingFolder,
		OwnSound:     pbx.OwnSound,
		RingsFor:     ringsFor,
		Forget:       forget(),
		InHeaders:    `0-9A-Za-z+:@=.|\;`,
		Mark:         pbx.DiversionMark,
		CallerWords:  pbx.CallerWords(),
		Answers:      pbx.CallAnswers(), CarrierAnswers: pbx.CarrierAnswers(),
		NextTrunk:     pbx.NextTrunk(),
		MaxInside:     pbx.MaxInside,
		MaxHops:       pbx.MaxHops,
		SilentSeconds: pbx.SilentSeconds,
		AskSeconds:    pbx.AskSeconds,
		Patterns:      anyExtension,
		Unknown:       []string{"_X!", "_[*#+]!", "i"},
		Written:       written,
	}
}

// StepValue is the value of the variable that carries the step to carry out.
func (v dialplanView) StepValue() string { return "${" + v.Var.Step + "}" }

// ringsFor is the argument of MSet by which phones that are rung without a controller learn
// for whom, and by which earlier redirections count no more. REDIRECTING is handed on to
// what is rung.
const ringsFor = "__" + pbx.RingsForVariable + "=>${CHANNEL},REDIRECTING(to-num,i)=," +
	"SHARED(" + pbx.RedirectedVariable + ")="

// forget is the argument of MSet by which a call begins anew. Its channel is no longer one
// that is rung, and needs no hangup handler.
func forget() string {
	return strings.Join([]string{
		pbx.PositionVariable + "=", pbx.HopsVariable + "=", pbx.OrderVariable + "=", pbx.AsVariable + "=",
		pbx.GreetingVariable + "=", pbx.QueueHopsVariable + "=", pbx.ApplicationVariable + "=",
		"__" + pbx.DivertedVariable + "=", "__" + pbx.TalkVariable + "=",
		"__" + pbx.CallVariable + "=${UNIQUEID}", ringsFor, "CHANNEL(hangup_handler_wipe)=",
		enteredVariable + "=${FILTER(0-9A-Za-z*#+,${EXTEN})}", rememberDialled,
	}, ",")
}
