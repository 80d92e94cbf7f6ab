package pbx

import "time"

// CDRLine is one record that Asterisk itself makes of a call: what one channel did with
// one other, or alone. A call has one or several. Observed, and as long as Asterisk keeps
// its values: most are cut at 79 bytes.
type CDRLine struct {
	Call     string `json:"call"`     // Linkedid
	Channel  string `json:"channel"`  // Uniqueid of the channel that the line is about
	Sequence int64  `json:"sequence"` // of the line; with Channel, no two lines have the same
	Name     string `json:"name"`     // of the channel, such as PJSIP/alice-0000001a
	Peer     string `json:"peer,omitempty"`
	// Context and Exten are where in the dialplan the channel was last.
	Context string    `json:"context,omitempty"`
	Exten   string    `json:"exten,omitempty"`
	From    CallParty `json:"from,omitzero"` // number and name only
	Dialled string    `json:"dialled,omitempty"`
	App     string    `json:"app,omitempty"` // the application it ran last, and with what
	AppData string    `json:"app_data,omitempty"`
	// Disposition is Asterisk's word: ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION.
	Disposition string    `json:"disposition"`
	Start       time.Time `json:"start"`
	Answer      time.Time `json:"answer,omitzero"`
	End         time.Time `json:"end"`
}
