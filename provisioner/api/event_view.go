package api

import (
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

// StatusEvent is a change of a device's state.
type StatusEvent struct {
	Endpoint string `json:"endpoint"`
	Status   string `json:"status"`
	Call     string `json:"call"`
	Address  string `json:"address"`
}

// TrunkEvent is a change of what is observed of a trunk.
type TrunkEvent struct {
	Tenant string     `json:"tenant"`
	Trunk  string     `json:"trunk"`
	Status TrunkState `json:"status"`
}

// UnknownNumberEvent is a number that a carrier calls, and that no tenant has.
type UnknownNumberEvent struct {
	Tenant string `json:"tenant"`
	Trunk  string `json:"trunk"`
	Number string `json:"number"`
	Count  int    `json:"count"`
}

// ApplyState is how far Asterisk has come.
type ApplyState struct {
	Applied  int64     `json:"applied" doc:"Revision that Asterisk runs"`
	Failed   int64     `json:"failed,omitempty" doc:"Revision of the last failure; 0 after a success"`
	Error    string    `json:"error,omitempty" doc:"Why it failed"`
	At       time.Time `json:"at" doc:"When Asterisk was last brought up to date, or that failed"`
	Millis   int64     `json:"duration_ms" doc:"How long that took"`
	Reloaded []string  `json:"reloaded,omitempty" doc:"Modules that Asterisk reloaded"`
	Warnings []string  `json:"warnings,omitempty" doc:"What of the revision is not in force because Asterisk lacks a module; everything else is"`
}

// FetchEvent is a request of a phone for a file.
type FetchEvent struct {
	MAC    string `json:"mac"`
	File   string `json:"file"`
	Status int    `json:"status"`
}

// PortEvent is the first call to a number of a port request.
type PortEvent struct {
	Tenant  string `json:"tenant"`
	Request string `json:"request"`
	Number  string `json:"number"`
}

// WebhookEvent is a webhook to which nothing is sent any more.
type WebhookEvent struct {
	Tenant  string `json:"tenant"`
	Webhook string `json:"webhook"`
	Reason  string `json:"reason"`
}

// QueueEvent is a caller that came into the line of a queue, or left it.
type QueueEvent struct {
	What    string `json:"what"`
	Tenant  string `json:"tenant"`
	Queue   string `json:"queue"`
	Waiting int    `json:"waiting"`
}

// TextMessageEvent is a text message that came in, or the state of one that was sent.
type TextMessageEvent struct {
	State     string `json:"state"`
	Tenant    string `json:"tenant"`
	Extension string `json:"extension,omitempty"`
	ID        int64  `json:"id"`
	Number    string `json:"number"`
	Peer      string `json:"peer"`
	Segments  int    `json:"segments"`
	Reason    string `json:"reason,omitempty"`
}

// Drift is a rendered file that was edited by hand.
type Drift struct {
	File string    `json:"file" doc:"Name of the file, without its folder"`
	Kept string    `json:"kept" doc:"Where the edited file is now"`
	At   time.Time `json:"at" doc:"When it was noticed"`
}

// TemplateEvent is a template of the site that fails, or no longer does.
type TemplateEvent struct {
	Path   string `json:"path"`
	State  string `json:"state"`
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// ResyncEvent is how far an order to a phone has come. Its mac is written without
// colons, unlike all others of the API: so it always was.
type ResyncEvent struct {
	ID     int64  `json:"id"`
	MAC    string `json:"mac"`
	Action string `json:"action"`
	State  string `json:"state"`
}

// GuardEvent is an alarm about calls outside.
type GuardEvent struct {
	What      string `json:"what"`
	Tenant    string `json:"tenant"`
	Extension string `json:"extension,omitempty"`
	Bound     string `json:"bound,omitempty"`
	Used      int64  `json:"used,omitempty"`
	Most      int64  `json:"most,omitempty"`
	Number    string `json:"number,omitempty"`
	Country   string `json:"country,omitempty"`
}

// EmergencyEvent is a call for help that begins, or a test of one.
type EmergencyEvent struct {
	Tenant    string    `json:"tenant"`
	Extension string    `json:"extension"`
	Name      string    `json:"name"`
	Device    string    `json:"device"`
	Location  string    `json:"location"`
	Number    string    `json:"number"`
	Shown     string    `json:"shown"`
	Test      bool      `json:"test"`
	Late      bool      `json:"late"`
	At        time.Time `json:"at"`
}

// eventView is what the stream shows of an event. It is nil if the event tells only its
// type.
func eventView(d event.Data) any {
	switch e := d.(type) {
	case event.Status:
		v := StatusEvent{Endpoint: e.Endpoint, Status: string(e.Reach), Call: string(e.Call)}
		if e.Address.IsValid() {
			v.Address = e.Address.String()
		}
		return v
	case event.Trunk:
		return TrunkEvent{Tenant: e.Tenant, Trunk: e.Name, Status: trunkStateView(e.Status)}
	case event.UnknownNumber:
		return UnknownNumberEvent(e)
	case event.Apply:
		return applyView(e)
	case event.Fetch:
		return FetchEvent{MAC: e.MAC.Colons(), File: e.File, Status: e.Status}
	case event.Drift:
		return Drift(e)
	case event.Template:
		return TemplateEvent{Path: e.Path, State: string(e.State), Line: e.Line, Reason: e.Reason}
	case event.Resync:
		return ResyncEvent{ID: e.ID, MAC: string(e.MAC), Action: string(e.Action), State: string(e.State)}
	case event.Port:
		return PortEvent(e)
	case event.Emergency:
		return EmergencyEvent(e)
	case event.Guard:
		return GuardEvent{What: string(e.Change), Tenant: e.Tenant, Extension: e.Extension, Bound: e.Bound, Used: e.Used,
			Most: e.Most, Number: e.Number, Country: e.Country}
	case event.Webhook:
		return WebhookEvent{Tenant: e.Tenant, Webhook: e.Name, Reason: e.Reason}
	case event.Line:
		return QueueEvent{What: string(e.Change), Tenant: e.Tenant, Queue: e.Name, Waiting: e.Waiting}
	case event.TextMessage:
		return TextMessageEvent{State: string(e.State), Tenant: e.Tenant, Extension: e.Extension, ID: e.ID, Number: e.Number,
			Peer: e.Peer, Segments: e.Segments, Reason: e.Reason}
	case event.Call:
		return CallEvent{What: string(e.Change), Tenant: e.Call.Tenant, Leg: e.Leg, Outcome: string(e.Outcome),
			Call: callView(e.Call)}
	}
	return nil
}

func applyView(a event.Apply) ApplyState {
	return ApplyState{Applied: a.Applied, Failed: a.Failed, Error: a.Error, At: a.At, Millis: a.Took.Milliseconds(),
		Reloaded: a.Reloaded, Warnings: a.Warnings}
}

func driftViews(files []event.Drift) []Drift {
	out := make([]Drift, len(files))
	for i, d := range files {
		out[i] = Drift(d)
	}
	return out
}
