package pbx

import "time"

// ResyncAction is what a phone is told to do.
type ResyncAction string

// The actions.
const (
	ResyncFiles  ResyncAction = "resync" // fetch its files again, without dropping calls
	ResyncReboot ResyncAction = "reboot"
)

// ResyncState is how far an order to a phone has come.
type ResyncState string

// The states. There is none for "answered": Asterisk sends the NOTIFY and keeps
// the phone's answer to itself (res_pjsip_notify passes no callback). That the
// phone fetches its file afterwards proves more.
const (
	ResyncQueued   ResyncState = "queued"
	ResyncAway     ResyncState = "away"      // the phone is not registered or does not answer; it is told when it does
	ResyncSent     ResyncState = "sent"      // Asterisk has the NOTIFY
	ResyncFetched  ResyncState = "fetched"   // the phone asked for its full file after it
	ResyncTimedOut ResyncState = "timed-out" // it did not in time
	ResyncFailed   ResyncState = "failed"    // it could not be told
)

// Resync is one order to one phone: observed state.
type Resync struct {
	ID       int64
	Batch    string // of orders that one request made; "" for a single one
	Tenant   string
	MAC      MAC
	Action   ResyncAction
	Reason   string // "change" of what it shows, "request", "template", or "return" after it was away
	Endpoint string // through which it is told
	State    ResyncState
	Error    string // why it failed
	QueuedAt time.Time
	DueAt    time.Time // not sent before
	SentAt   time.Time
	EndedAt  time.Time // when it came to its last state
	File     string    // what the phone fetched
	Hash     string    // and its SHA-256, in hexadecimal
}

// Active reports whether the order can still come further.
func (r *Resync) Active() bool {
	return r.State == ResyncQueued || r.State == ResyncAway || r.State == ResyncSent
}
