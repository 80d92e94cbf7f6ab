package pbx

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// TextState is how far a text message has come.
type TextState string

// The states. A message that is delivered or failed stays so.
const (
	TextReceived  TextState = "received"  // came in
	TextQueued    TextState = "queued"    // waits for its first or next attempt
	TextSent      TextState = "sent"      // the carrier has it
	TextDelivered TextState = "delivered" // the carrier says that the peer has it
	TextFailed    TextState = "failed"    // it will not arrive, as far as we know
)

// textOrder is how states follow each other, however the carrier's callbacks are ordered.
var textOrder = []TextState{TextQueued, TextSent, TextDelivered}

// Follows reports whether a state may come after another one.
func (s TextState) Follows(before TextState) bool {
	if before == TextReceived || before == TextDelivered || before == TextFailed {
		return false
	}
	return s == TextFailed || slices.Index(textOrder, s) > slices.Index(textOrder, before)
}

// TextMessage is a text message between a number of a tenant and a peer outside.
type TextMessage struct {
	ID        int64
	Tenant    string
	Extension string // that has it in its inbox; "" where the number led to no extension
	Incoming  bool
	Number    string // of the tenant, in E.164
	Peer      string // other side: in E.164, or as the carrier writes it
	Text      string
	Encoding  TextEncoding
	Segments  int
	Media     int // attachments, which are not fetched
	State     TextState
	Reason    string // why it failed, or was not sent yet
	Read      bool   // of an incoming one
	By        string // that sent it, as the audit names it
	At        time.Time
	SentAt    time.Time // zero until then
	EndedAt   time.Time // of delivered and failed; zero until then
	// Reseller and Profile name the carrier profile that it came or went by, CarrierID is the
	// carrier's id for it.
	Reseller, Profile, CarrierID string
	Attempts                     int
	Due, Expires                 time.Time // of the next attempt, and of the last one
	// Unsure says that an attempt had no answer: whether the carrier has it is not known.
	Unsure bool
}

const (
	// MostTextSegments is how many segments a text message may have.
	MostTextSegments = 10
	// mostTextRunes bounds the text; ten segments hold 1,530 characters.
	mostTextRunes = 1530
	// DefaultTextsPerDay is how many segments a tenant may send in a day.
	DefaultTextsPerDay = 1000
	// MostTextsPerDay bounds what the account above may set.
	MostTextsPerDay = 1_000_000
	// MostTextsQueued is how many messages of a tenant wait at most.
	MostTextsQueued = 1000
)

// CheckMessageText refuses a text that is no message: empty, longer than MostTextSegments, or with
// control characters other than line breaks.
func CheckMessageText(field, text string) *Error {
	if strings.TrimSpace(text) == "" {
		return Invalidf(field, "is required")
	}
	if !utf8.ValidString(text) {
		return Invalidf(field, "is not valid UTF-8")
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return Invalidf(field, "contains the control character U+%04X", r)
		}
		if r == '\u2028' || r == '\u2029' {
			return Invalidf(field, "contains the separator U+%04X: write a line break", r)
		}
	}
	if n := utf8.RuneCountInString(text); n > mostTextRunes {
		return Invalidf(field, "has %d characters, at most %d are allowed", n, mostTextRunes)
	}
	if enc, n := TextSegments(text); n > MostTextSegments {
		return Invalidf(field, "takes %d segments (%s), at most %d are allowed", n, enc, MostTextSegments)
	}
	return nil
}

// CheckPeer refuses an address outside that no text message can be sent to: another than a number
// in E.164, or a short code of 3 to 8 digits.
func CheckPeer(field, peer string) *Error {
	if len(peer) >= 3 && len(peer) <= 8 && strings.Trim(peer, "0123456789") == "" {
		return nil
	}
	if err := CheckE164(field, peer); err != nil {
		return Invalidf(field, "%s is neither a number such as +493012345678 nor a short code of 3 to 8 digits", quote(peer))
	}
	return nil
}

// TextConsent is what an incoming message says about further ones.
type TextConsent int

// What a message may say.
const (
	TextSaysNothing TextConsent = iota
	TextStops
	TextStarts
)

// The words that carriers of the United States agree on (CTIA, Messaging Principles and Best
// Practices 5.1.3; Twilio, Opt-out keywords).
var (
	stopWords = []string{"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT",
		"OPT OUT"}
	startWords = []string{"START", "YES", "UNSTOP"}
)

// ConsentOf reads whether a message is a word that stops or starts further ones. It is the whole
// text, in any case, perhaps with a mark at its end.
func ConsentOf(text string) TextConsent {
	word := strings.ToUpper(strings.Trim(strings.TrimSpace(text), ".!\"'"))
	switch {
	case slices.Contains(stopWords, word):
		return TextStops
	case slices.Contains(startWords, word):
		return TextStarts
	}
	return TextSaysNothing
}

// CheckRegistered refuses what carriers of the United States block: messages to a number there from
// a number of North America that is not registered (10DLC). Toll-free numbers and short codes have
// registrations of other kinds.
func (n *InventoryNumber) CheckRegistered(toUnitedStates bool) *Error {
	if n.Registered || n.Kind == "toll-free" || n.Kind == "vanity" || !strings.HasPrefix(n.Number, "+1") || !toUnitedStates {
		return nil
	}
	return Conflictf("from", "number %s is not registered for text messages to the United States (10DLC), where carriers "+
		"block it: its brand and campaign are to be registered with the carrier first", n.Number)
}

// Stopped is the refusal to send to a peer that has sent STOP.
func Stopped(number, peer string) *Error {
	return Conflictf("to", "%s has sent STOP to %s: only START from there lets messages through again", peer, number)
}

// TextReference names a message to carriers, which repeat it in their callbacks.
func TextReference(id int64) string { return fmt.Sprint("dialtone-", id) }

// ReadTextReference is the id in a reference, or 0.
func ReadTextReference(s string) int64 {
	var id int64
	if _, err := fmt.Sscanf(s, "dialtone-%d", &id); err != nil || TextReference(id) != s {
		return 0
	}
	return id
}

// TextNote is one thing that a carrier tells: a message that came in, or how far one of ours is.
type TextNote struct {
	CarrierID string // the carrier's id of the message
	Reference string // ours, where the carrier repeats it
	// State is TextReceived for a message that came in; "" for what means nothing to us.
	State    TextState
	From, To string
	Text     string
	Media    int    // attachments
	Reason   string // of TextFailed
}
