package pbx

// The names that the rendered dialplan and the call flow share. asteriskconf
// renders these contexts, ari/callflow continues channels into them.
const (
	// StasisApp is the name of the application that decides where calls go.
	StasisApp = "dialtone"
	// StepVariable carries the one argument of the step to carry out, for
	// Dial: "PJSIP/a&PJSIP/b,20".
	StepVariable = "DIALTONE_STEP"
	// ArgCall is the first Stasis argument of a new call:
	// Stasis(dialtone,call,TENANT,TRANSFERER,AS,DIVERTED), the last three being the channel that
	// transferred the call, the one on whose behalf this one calls, and DivertedVariable, or empty.
	ArgCall = "call"
	// ArgStep is the first Stasis argument when a step has ended:
	// Stasis(dialtone,step,TENANT,OUTCOME,POSITION,HOPS,ORDER,TRANSFERER,AS,DIVERTED,REDIRECTED),
	// the outcome being what ParseOutcome and ParseAnswer read or empty, the next three the variables
	// of those names, the last after a dial alone.
	ArgStep = "step"
	// ArgDesk is the first Stasis argument when a caller at the code to sign in has typed a
	// number and a PIN, or is at the one to sign out: Stasis(dialtone,desk,TENANT). What was
	// typed is in variables, because arguments show in every list of channels.
	ArgDesk = "desk"
	// DeskNumberVariable and DeskPINVariable carry what was typed.
	DeskNumberVariable = "DIALTONE_DESK_NUMBER"
	DeskPINVariable    = "DIALTONE_DESK_PIN"
	// DeskDoneLabel and DeskRefusedLabel are the priority labels in DeskContext at
	// which the call goes on.
	DeskDoneLabel    = "done"
	DeskRefusedLabel = "refused"
	// AfterLabel is the priority label in a fallback extension at which an
	// unanswered call goes on. One that rings in sequence has, beside it, for each
	// step but the last this label with the step's index behind it.
	AfterLabel = "after"
	// PassedVariable names the trunks that legs of their own pass over: their endpoints, each
	// between two points.
	PassedVariable = "DIALTONE_PASSED"
	// PositionVariable keeps in a channel the index of the plan's step that is
	// carried out, for plans with more than one step that returns.
	PositionVariable = "DIALTONE_POSITION"
	// HopsVariable keeps where the call was sent to, see HopsText; empty while it is
	// where it was dialled to.
	HopsVariable = "DIALTONE_HOPS"
	// OrderVariable keeps the plan's Order.
	OrderVariable = "DIALTONE_ORDER"
	// CallVariable names a call to all its legs, by the channel that called.
	CallVariable = "DIALTONE_CALL"
	// VoicemailCode is dialled to hear one's own mailbox, where the tenant has no
	// other code for that; so are those below.
	VoicemailCode = "*97"
	// PickupCode is dialled to take a call that rings at a member of one's groups.
	PickupCode = "*8"
	// SignInCode and SignOutCode are dialled on a shared device.
	SignInCode  = "*11"
	SignOutCode = "*12"
	// ArgSetting is the first Stasis argument when a caller has dialled a code that
	// changes a setting: Stasis(dialtone,setting,TENANT,TRANSFERER).
	ArgSetting = "setting"
)

// EntryContext is where calls from a tenant's endpoints enter.
func EntryContext(tenant string) string { return "from-" + tenant }

// InsideContext is where a call enters that dialled a number of a tenant of this system. It
// goes on as if a carrier had brought it; a call that comes by here too often ends.
func InsideContext(tenant string) string { return "inside-" + tenant }

// InsideVariable counts how often a call has come by an InsideContext, MaxInside at most.
const (
	InsideVariable = "DIALTONE_INSIDE"
	MaxInside      = 2
)

// InsideChannel is what Dial rings for a number of a tenant of this system.
func InsideChannel(tenant, number string) string {
	return "Local/" + number + "@" + InsideContext(tenant) + "/n"
}

// DivertedVariable keeps what a call brought along about its diversions, for ParseDiversions.
// Asterisk hands it on to the channels that the call dials; there it is the value of
// Diversion. HistoryVariable is that of History-Info.
const (
	DivertedVariable = "DIALTONE_DIVERTED"
	HistoryVariable  = "DIALTONE_HISTORY"
	// DivertedContext tells a carrier of both, on the channel that is dialled.
	DivertedContext = "dialtone-diverted"
)

// FallbackContext holds what happens when no controller answers: each extension
// rings its devices, outside ones with confirmation included, all at once or in
// sequence, and falls to voicemail. It differs from Route in that it rings the
// calling device as well when that calls its own extension.
func FallbackContext(tenant string) string { return "fallback-" + tenant }

// AnswerContext sets AnswerVariable to the final SIP answer of the leg that the last Dial
// called, if it called one alone. AnswersContext and CarrierAnswersContext end a call as an
// answer says: at sip603 as 603 does.
const (
	AnswerContext         = "dialtone-answer"
	AnswersContext        = "dialtone-answers"
	CarrierAnswersContext = "dialtone-carrier-answers"
	AnswerVariable        = "DIALTONE_ANSWER"
)

// NextTrunkContext has an extension sipNNN for each SIP answer after which the next trunk is
// tried. OnwardContext sets OnwardVariable to yes where the last Dial ended so.
const (
	NextTrunkContext = "dialtone-next-trunk"
	OnwardContext    = "dialtone-onward"
	OnwardVariable   = "DIALTONE_ONWARD"
)

// DialContext runs Dial(${DIALTONE_STEP}) for the extension it is continued at
// and returns to Stasis with DIALSTATUS, or goes on at RungLabel.
func DialContext(tenant string) string { return "dial-" + tenant }

// RecordContext makes Asterisk record the call while it is bridged, and goes on
// in DialContext.
func RecordContext(tenant string) string { return "record-" + tenant }

// AnnounceContext plays the sound of ours whose hash StepVariable has, and ends the call.
const AnnounceContext = "dialtone-announce"

// GreetingVariable has the hash of the sound of ours that VoicemailContext plays first.
const GreetingVariable = "DIALTONE_GREETING"

// GreetContext is a subroutine that plays a sound of ours, by its hash.
const GreetContext = "dialtone-greet"

// RecordVariable is set on channels of devices whose extension is recorded, for
// calls that no controller decides.
const RecordVariable = "DIALTONE_RECORD"

// RungLabel is the priority label of DialContext that leads to what follows the ringing
// in the fallback: its AfterLabel, or that of the step that PositionVariable names.
const RungLabel = "rung"

// DeskContext asks at the code to sign in for number and PIN and returns to Stasis with
// ArgDesk, as it does at the one to sign out; at DeskDoneLabel and DeskRefusedLabel it says
// how that went and hangs up.
func DeskContext(tenant string) string { return "desk-" + tenant }

// SettingContext answers and returns to Stasis with ArgSetting; at DeskDoneLabel it
// runs Playback(${DIALTONE_STEP}), at DeskRefusedLabel it says that nothing was
// changed, which is what follows without a controller; then it hangs up.
func SettingContext(tenant string) string { return "set-" + tenant }

// ParkContext takes the call that is parked at the slot it is continued at; without
// one it parks a call that was transferred there. It is the tenant's parking lot as well.
func ParkContext(tenant string) string { return "park-" + tenant }

// ParkedBackContext rings the phone that parked a call when nobody has taken it for long. It
// is one for all tenants: calls come back although their tenant parks none any more.
const ParkedBackContext = "dialtone-parked-back"

// BackContext is where a transferred call ends that nobody took: it rings the phone that
// transferred it.
const BackContext = "dialtone-back"

// OverExtension of BackContext tells the caller that nobody can be reached, and hangs up.
const OverExtension = "over"

// EchoContext plays back what the caller says.
const EchoContext = "dialtone-echo"

// MonitorContext runs ChanSpy(${DIALTONE_STEP}) and hangs up.
const MonitorContext = "dialtone-monitor"

// What recording on demand goes by. OnDemandContext is run by a code that is pressed
// during a call, as Gosub with the tenant as argument.
const (
	OnDemandContext = "dialtone-on-demand"
	// RecordedGroup is the category of channel groups in which recordings are counted: its
	// groups are the Linkedids of calls, their members the channels that are recorded.
	RecordedGroup = "dialtone-recorded"
	// OnDemandVariable is set on a channel that is recorded on demand: the id of its
	// MixMonitor.
	OnDemandVariable = "DIALTONE_ON_DEMAND"
	// OnDemandExtension is set on channels of phones that may have a call recorded on
	// demand: the number of their extension.
	OnDemandExtension = "DIALTONE_EXTENSION"
)

// OnDemandFeature is the name in features.conf of the code with which a tenant's
// phones have a call recorded.
func OnDemandFeature(tenant string) string { return "dialtone-record-" + tenant }

// DirectedContext runs Pickup(${DIALTONE_STEP}), and hangs up when nothing rings
// there.
const DirectedContext = "dialtone-directed"

// VoicemailContext runs VoiceMail(${DIALTONE_STEP}) and hangs up.
const VoicemailContext = "dialtone-voicemail"

// MessagesContext runs VoiceMailMain(${DIALTONE_STEP}) and hangs up.
const MessagesContext = "dialtone-messages"

// PickupContext runs Pickup(), which takes a call that rings in one of the
// caller's groups, and hangs up with StepVariable as cause when there is none.
const PickupContext = "dialtone-pickup"

// CalledContext tells a phone that is being called which number was dialled.
const CalledContext = "dialtone-called"

// ShowCalled is the option of Dial that does so; "" when number is. The number
// is an extension's and so has no character that means something to Dial.
func ShowCalled(number string) string {
	if number == "" {
		return ""
	}
	return "b(" + CalledContext + "^s^1(" + number + "))"
}

// AlertContext tells a phone that is being called how to ring, or to answer by
// itself, by a word in Alert-Info that its file knows.
const AlertContext = "dialtone-alert"

// ShowTone is the option of Dial that does so; "" for the phone's own ring.
func ShowTone(tone int) string { return ShowAlert(RingWord(tone)) }

// ShowAlert is ShowTone for any word that has no character which means something
// to Dial.
func ShowAlert(word string) string {
	if word == "" {
		return ""
	}
	return "b(" + AlertContext + "^s^1(" + word + "))"
}

// MusicContext lets a caller hear music before the answer, and goes on in the
// context that ThenVariable names.
const (
	MusicContext = "dialtone-music"
	ThenVariable = "DIALTONE_THEN"
)

// PageContext runs Page(${DIALTONE_STEP}) and hangs up when the caller does.
const PageContext = "dialtone-page"

// PageOptions are those of Page: only phones that are in no call, which answer by
// themselves and redirect nobody.
const PageOptions = "isb(" + AlertContext + "^s^1(" + AlertAnswer + "))"

// HangupContext runs Hangup(${DIALTONE_STEP}), the argument being a Q.850 cause:
// which causes ARI's own hangup knows differs from version to version.
const HangupContext = "dialtone-hangup"

// RefusedContext runs PJSIPHangup(${DIALTONE_STEP}), the argument being a SIP answer.
const RefusedContext = "dialtone-refused"

// PlayContext runs Playback(${DIALTONE_STEP}) and returns to Stasis.
func PlayContext(tenant string) string { return "play-" + tenant }

// HintContext holds the hints that BLF keys of a tenant subscribe to.
func HintContext(tenant string) string { return "hints-" + tenant }

// LegContext holds the legs that are calls of their own, by name of the leg.
const LegContext = "dialtone-legs"

// LegGroupContext puts the channel of a leg into its groups before it is called,
// for technologies whose file cannot.
const LegGroupContext = "dialtone-leg-groups"

// ConfirmContext asks the person at an answered leg to press 1.
const ConfirmContext = "dialtone-confirm"

// What calls from outside pass, of all tenants.
const (
	// TrunkContext is where calls from trunks enter. It reads which number was called.
	TrunkContext = "dialtone-trunks"
	// InboundContext asks the controller about the number that it is entered at.
	InboundContext = "dialtone-inbound"
	// AllNumbersContext holds, for each number of a tenant in every way that carriers write
	// it, where its calls go when no controller answers.
	AllNumbersContext = "dialtone-numbers"
	// ArgTrunk is the first Stasis argument of a new call from a trunk:
	// Stasis(dialtone,trunk,TRANSFERER,FROM,DIVERTED), FROM being the number in From.
	ArgTrunk = "trunk"
	// TenantVariable is set on channels of endpoints: their tenant.
	TenantVariable = "DIALTONE_TENANT"
)

// NamelessContext takes words for a caller without a number or a name away, and withholds a
// caller that wants that (Privacy of RFC 3323).
const NamelessContext = "dialtone-nameless"

// NumbersContext holds what differs from AllNumbersContext for trunks of a tenant.
func NumbersContext(tenant string) string { return "numbers-" + tenant }

// ShownVariable is set on channels of devices whose extension has a presentation
// number, for emergency calls that no controller decides.
const ShownVariable = "DIALTONE_SHOWN"

// MailboxName is how Asterisk names a mailbox of a tenant: number@context.
func MailboxName(tenant, number string) string { return number + "@" + tenant }
