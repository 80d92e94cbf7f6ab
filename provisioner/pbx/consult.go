package pbx

import "strconv"

// A consultation: a phone calls a third party while the held party hears music.
// Two channels that were in one bridge go on in ConsultContext and HeldContext; all
// that follows, a controller or not, is in the dialplan.
const (
	// ConsultContext is where the phone that asks dials the number it is continued at,
	// through a Local channel in AskContext: however that ends, the phone is back here
	// afterwards and takes back the held party.
	ConsultContext = "dialtone-consult"
	// AskContext sends the call that ConsultContext makes into an entry context.
	AskContext = "dialtone-ask"
	// HeldContext lets a channel wait at extension s, in a holding bridge of its own. When the
	// phone that asks has hung up before an answer, the channel goes on where GoOnVariable
	// says; otherwise it rings the phone again, and unanswered goes on where
	// UnansweredVariable says.
	HeldContext = "dialtone-held"
	// LeftExtension of HeldContext is where a channel goes on that nothing takes any more.
	LeftExtension = "left"
	// TakeContext takes the held party, at extension s: the phone that asked when it is
	// back, or the channel that it dialled when it has hung up.
	TakeContext = "dialtone-take"

	// HeldVariable, on the channel that asks, names the one that is held, and
	// AskEntryVariable the entry context of its tenant. Asterisk hands those with "_" on
	// to the channel that is dialled.
	HeldVariable     = "DIALTONE_HELD"
	AskEntryVariable = "DIALTONE_ASK_ENTRY"
	// AskerVariable names the channel that asks, on the one that is held and on the
	// one that is dialled.
	AskerVariable = "DIALTONE_ASKER"
	// RecallVariable, on the channel that is held, is the argument of Dial that rings
	// the phone again.
	RecallVariable = "DIALTONE_RECALL"
	// GoOnVariable, on the channel that is held, is where it goes on when the transferor hangs up
	// before he is answered: "CONTEXT,EXTENSION,1"; "" rings him back.
	GoOnVariable = "DIALTONE_GO_ON"
	// UnansweredVariable, on the channel that is held, is where it goes on when the phone
	// was rung again in vain: "CONTEXT,EXTENSION,LABEL"; "" hangs up.
	UnansweredVariable = "DIALTONE_UNANSWERED"
	// WaitsVariable, on the channel that is held, says whether it can be taken: "yes" while it
	// is in its holding bridge, "" between two waits, "no" once it has gone on.
	WaitsVariable = "DIALTONE_WAITS"
	// AsVariable names the channel on whose behalf another one calls, with its rights.
	AsVariable = "DIALTONE_AS"

	// EntryAsksLabel is the priority label of an entry context that asks the controller,
	// behind the line that forgets where a call was before.
	EntryAsksLabel = "ask"
)

// recallSeconds is how long a phone rings again after it left a party on hold.
const recallSeconds = 30

// RecallArgument is the value of RecallVariable.
func RecallArgument(d *Device) string {
	return d.Technology().Device(d.Endpoint) + "," + strconv.Itoa(recallSeconds) + ",i"
}

// GoOnArgument is the value of GoOnVariable that sends a call to a number.
func GoOnArgument(tenant, number string) string { return EntryContext(tenant) + "," + number + ",1" }

// UnansweredArgument is the value of UnansweredVariable for a phone: where the fallback of
// its extension goes on after a dial that was not answered.
func UnansweredArgument(d *Device) string {
	if d.Extension == "" {
		return ""
	}
	return FallbackContext(d.Tenant) + "," + d.Extension + "," + AfterLabel
}
