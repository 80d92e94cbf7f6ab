package pbx

import (
	"fmt"
	"strconv"
	"strings"
)

// callAnswers are final SIP answers that tell of a call and not of a number, with the cause
// (Q.850) of which chan_pjsip makes the same answer, or the nearest that it can make.
var callAnswers = map[int]int{
	408: CauseNoUserResponse, 415: CauseNoBearer, 488: CauseNoBearer, 606: CauseNoBearer,
	500: CauseNetworkOutOfOrder, 501: CauseFacilityRejected, 502: CauseDestinationOutOfOrder,
	503: CauseCongestion, 504: CauseCongestion,
}

// carrierAnswers are further ones that carriers alone give. A 401 or 407 cannot be handed on:
// a phone would sign in with the password that it has here (RFC 3398 makes them 403).
var carrierAnswers = map[int]int{
	401: CauseRefused, 402: CauseRefused, 403: CauseRefused, 407: CauseRefused,
	404: CauseUnallocated, 485: CauseUnallocated, 604: CauseUnallocated,
	410: CauseChanged, 484: CauseInvalidNumberFormat,
	480: CauseNoAnswer, 486: CauseBusy, 600: CauseBusy, 603: CauseBusy,
}

// outcomeOfAnswer is how a dial on one trunk ends after a carrier's answer, by the cause that
// chan_pjsip makes of it (hangup_sip2cause of res_pjsip.c).
func outcomeOfAnswer(answer int) Outcome {
	switch answer {
	case 486, 600:
		return OutcomeBusy
	case 480, 483:
		return OutcomeNoAnswer
	case 404, 485, 604:
		return OutcomeUnallocated
	case 410:
		return OutcomeChanged
	case 484:
		return OutcomeIncomplete
	case 401, 403, 407, 603:
		return OutcomeDeclined
	case 500, 501, 502, 504:
		return OutcomeUnreachable
	}
	if answer/100 == 5 {
		return OutcomeCongestion
	}
	return OutcomeUnreachable
}

// CallAnswers returns the cause with which a call ends that a phone has answered so; the
// dialplan is made of it.
func CallAnswers() map[int]int { return callAnswers }

// CarrierAnswers returns the cause with which a call ends that a carrier has answered so and
// that CallAnswers does not have.
func CarrierAnswers() map[int]int { return carrierAnswers }

// IsAboutAccount reports whether a carrier's answer is about our account there, and neither
// about the number nor the person.
func IsAboutAccount(answer int) bool { return answer == 401 || answer == 403 || answer == 407 }

// answerMark stands between the outcome of a dial and the SIP answer.
const answerMark = "/"

// rangMark follows an answer before which something rang.
const rangMark = "r"

// ParseAnswer reads the SIP answer behind what ParseOutcome reads, and whether something rang
// or was heard before it: CHANUNAVAIL21/603, CHANUNAVAIL18/408r. The answer is 0 where Asterisk
// told none, or where several legs were called.
func ParseAnswer(s string) (answer int, rang bool) {
	_, text, _ := strings.Cut(s, answerMark)
	text, rang = strings.CutSuffix(text, rangMark)
	code, err := strconv.Atoi(text)
	if err != nil || code < 400 || code > 699 {
		return 0, rang
	}
	return code, rang
}

// said is the SIP answer of the leg that was called last, for a rule; "" where it is not known.
func (r routing) said() string {
	if r.c.Answer == 0 {
		return ""
	}
	return fmt.Sprintf(": SIP %d", r.c.Answer)
}

// notThrough is the end of a call that a carrier did not put through, with its answer where
// that is known.
func (r routing) notThrough(carrier, number string) Step {
	cause, says := carrierAnswers[r.c.Answer]
	if !says {
		cause, says = callAnswers[r.c.Answer]
	}
	if !says {
		cause = CauseCongestion
	}
	return endStep(cause, carrier+" did not put the call to "+number+" through"+r.said())
}

// failed is what a call found at an extension of which the only phone gave an answer that
// tells why.
func (r routing) failed() condition {
	out := whenUnreachable
	if cause, says := callAnswers[r.c.Answer]; says {
		out.cause = cause
	}
	return out
}
