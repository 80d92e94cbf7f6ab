package pbx

import (
	"cmp"
	"fmt"
	"strconv"
	"time"
)

// A test call of a trunk is a Local channel in TestContext: TestDial calls the number, TestTalk is
// what the number hears after an answer. Its variables, beside that of the step: the call's id, and
// the number that is shown where the step names no other.
const (
	TestContext      = "dialtone-test"
	TestDial         = "s"
	TestTalk         = "talk"
	TestVariable     = "DIALTONE_TEST"
	TestFromVariable = "DIALTONE_TEST_FROM"
	// ArgTest is the first Stasis argument when a test call has ended: Stasis(dialtone,test,ID,
	// DIALSTATUS,HANGUPCAUSE,SIP,RINGTIME_MS,DIALEDTIME_MS,ANSWEREDTIME_MS).
	ArgTest = "test"
)

// The bounds of a test call, in seconds; Asterisk holds them.
const (
	TestRings = 30 // until an answer
	TestTalks = 5  // after it
)

// TestCall decides about a test call of a number by one trunk alone, on behalf of owner; one
// without a number is the tenant itself. An Invalid error of "to" is for a number that owner may
// not call outside. A step that is no dial says why the trunk is not tried now.
func (s *Snapshot) TestCall(t *Trunk, owner *Extension, number string, live Live) (Step, error) {
	r := routing{s: s, c: Call{Tenant: t.Tenant, Dialled: number, Live: live}, now: time.Now()}
	known := s.ExternalNumber(t.Tenant, number)
	a := s.RightsOf(owner).Ask(DoorDialled, number, known)
	by := NumberSIP
	if known != nil {
		by = known.Type
	} else {
		number = a.Reading.Number
	}
	switch {
	case a.Reading.Emergency || CheckLedTo("", r.c.Dialled, s.CountriesOf(t.Tenant)) != nil:
		return Step{}, Invalidf("to", "%s is for emergencies, and no test call leads there", quote(r.c.Dialled))
	case a.Refused != "":
		return Step{}, Invalidf("to", "cannot be dialled: %s", a.Refused)
	case a.Inside != nil:
		return Step{}, Invalidf("to", "%s is a number of this system, and calls to it leave by no trunk", a.Inside.Number)
	case by != t.Reaches():
		return Step{}, Invalidf("to", "is a number of type %s, which trunk %s does not reach", by, t.Name)
	}
	if why := r.untested(t); why != "" {
		return endStep(CauseCongestion, why), nil
	}
	o := outlet{trunk: t}
	ways, _ := s.outlets(t.Tenant, by, a.Reading, time.Time{})
	for _, way := range ways {
		if way.trunk == t {
			o = way
		}
	}
	dial := r.leaveBy(owner, o, a, number)
	dial.Seconds, dial.GoesOn, dial.Record = TestRings, true, false
	dial.Set = append(dial.Set, Variable{TestFromVariable, cmp.Or(owner.Number, t.DefaultNumber)})
	step := r.guarded(owner, a, number, Plan{Steps: []Step{dial}}).Steps[0]
	if step.Kind == StepDial {
		charge := *step.Legs[0].Charge
		if charge.Seconds == 0 || charge.Seconds > TestTalks {
			charge.Seconds = TestTalks
		}
		step.Legs[0].Charge = &charge
	}
	return step, nil
}

// untested says why a trunk carries no call now; "" where it may.
func (r routing) untested(t *Trunk) string {
	switch l, full := r.linkOf(outlet{trunk: t}), r.tenantFull(t.Tenant, 0); {
	case t.Disabled:
		return "trunk " + t.Name + " is disabled"
	case !l.open():
		return l.over
	case r.signedOut(t):
		return "trunk " + t.Name + " is not registered at its carrier"
	default:
		return full
	}
}

// TestEnd is how a test call has ended, as Asterisk tells it.
type TestEnd struct {
	Outcome Outcome
	Cause   int // Q.850, 0 where it is not known
	// Answer is the last SIP answer of the carrier, a provisional one too; 0 for silence.
	Answer int
	// Ringing and Answered are counted from the dial, 0: never. An answer within the first
	// millisecond counts as one of a millisecond.
	Ringing, Answered, Talked time.Duration
}

// ParseTestEnd reads the arguments behind the id; those that are missing or no number are 0.
func ParseTestEnd(args []string) (e TestEnd) {
	var n [5]int
	for i := range n {
		if i+1 < len(args) {
			n[i], _ = strconv.Atoi(args[i+1])
			n[i] = max(0, n[i])
		}
	}
	if len(args) > 0 {
		e.Outcome = Outcome(args[0])
	}
	e.Cause, e.Answer = n[0], n[1]
	e.Ringing, e.Talked = time.Duration(n[2])*time.Millisecond, time.Duration(n[4])*time.Millisecond
	if e.Outcome == OutcomeAnswer {
		e.Answered = max(time.Millisecond, time.Duration(n[3])*time.Millisecond-e.Talked)
	}
	return e
}

// Final is the final SIP answer of the carrier, 0 where it gave none.
func (e TestEnd) Final() int {
	if e.Answer < 200 || e.Outcome == OutcomeNoAnswer && e.Answer == answerCancelled {
		return 0
	}
	return e.Answer
}

// answerCancelled is the answer to an INVITE that the caller has taken back.
const answerCancelled = 487

// State is the outcome in one word, with a sentence.
func (e TestEnd) State() (CallOutcome, string) {
	said := ""
	if n := e.Final(); n != 0 {
		said = fmt.Sprintf(": SIP %d", n)
	}
	switch n := e.Final(); {
	case e.Outcome == OutcomeAnswer:
		return CallAnswered, "the number was called and has answered"
	case e.Outcome == OutcomeCancel:
		return CallNoAnswer, "the call was hung up here before its end was told"
	case e.Outcome == OutcomeBusy:
		return CallBusy, "the carrier was reached, and the number is busy" + said
	case e.Outcome == OutcomeNoAnswer && n != 0:
		return CallNoAnswer, "the carrier was reached, and nobody answered" + said
	case e.Outcome == OutcomeNoAnswer && (e.Answer != 0 || e.Ringing > 0):
		return CallNoAnswer, fmt.Sprintf("the carrier was reached, and nobody answered within %d seconds", TestRings)
	case n == answerTimeout, n/100 == 5:
		return CallUnreachable, "the carrier did not put the call through" + said
	case IsAboutAccount(n):
		return CallRefused, "the carrier refuses the trunk's account" + said
	case n != 0:
		return CallRefused, "the carrier refuses the call" + said
	}
	return CallUnreachable, "the carrier gave no answer"
}
