package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ExtensionFields is what a client may write.
type ExtensionFields struct {
	Number      string `json:"number,omitempty" doc:"The number people dial: 1 to 20 digits or letters; taken from the path in PUT and PATCH"`
	Name        string `json:"name" doc:"Caller-ID name: 1 to 60 characters of plain text"`
	RingSeconds *int   `json:"ring_seconds,omitempty" minimum:"5" maximum:"300" doc:"How long each of its devices rings that has no ring_seconds of its own, 5 to 300 seconds; 20 if left out"`
	Ring        string `json:"ring,omitempty" doc:"How its devices ring: all at once, or in sequence by their ring_order; all if left out"`
	TwinNumber  string `row:",number" json:"twin_number,omitempty" doc:"External number that rings along with its devices (with the first ones in a sequence); who answers must press 1"`
	Mailbox     string `json:"mailbox,omitempty" doc:"Number of the mailbox that takes unanswered calls; without one they end"`

	Presence       *bool     `json:"presence,omitempty" doc:"Whether others may watch if it rings or talks (BLF); true if left out"`
	Hidden         bool      `json:"hidden,omitempty" doc:"Left out of the phonebooks of phones, and so of what they find while dialling; its number can be called as before"`
	Groups         []string  `row:",sorted" json:"groups,omitempty" doc:"Names of the phone groups it belongs to; its phones may pick up calls that ring at another member by dialling *8"`
	Record         bool      `json:"record,omitempty" doc:"Calls to and from it are recorded; see recordings"`
	RecordOnDemand bool      `json:"record_on_demand,omitempty" doc:"Its phones may start and stop recording a call by pressing a code during it, see record in feature-codes, or a record key; without effect while record is on"`
	Monitors       bool      `json:"monitors,omitempty" doc:"It may listen to calls of other extensions that are monitored, see monitor in feature-codes"`
	Monitored      bool      `json:"monitored,omitempty" doc:"Extensions that monitor may listen to calls on its phones, and talk in them; calls that began before it was switched on are not reached"`
	Type           string    `json:"type,omitempty" enum:"sip,iax2,dahdi,virtual,sip-virtual" doc:"sip rings its devices; iax2 and dahdi do as well and may have devices of that kind; virtual has none, calls go to its mailbox; sip-virtual is an additional number of another extension's device, and may have lines of its own on that device's phone; sip if left out"`
	ParentDevice   string    `json:"parent_device,omitempty" doc:"Name of the device that a sip-virtual extension rings, which shows the number that was dialled. With a device of its own on a line of the same phone it rings there, and calls from there"`
	AllowedDevices *[]string `row:",sorted" json:"allowed_devices,omitempty" doc:"Classes of device that may register for it, of hardware, software, third-party, mobile and webrtc; all if left out"`
	Anonymous      bool      `json:"anonymous,omitempty" doc:"Calls from it show neither its name nor its number; a carrier is told, and told to tell nobody"`
	DoNotDisturb   bool      `json:"do_not_disturb,omitempty" doc:"It does not ring: whoever calls finds it busy"`
	CallWaiting    *bool     `row:"!NoCallWaiting" json:"call_waiting,omitempty" doc:"Whether it rings while one of its devices is in a call; if not, further callers find it busy; true if left out"`

	BusyOnlyInCall bool `json:"busy_only_in_call,omitempty" doc:"Without call waiting it is busy while one of its devices is in a call, and while one rings; with this it rings for every caller until a call is answered"`

	MaxCalls int `json:"max_calls,omitempty" minimum:"0" maximum:"100" doc:"How many calls may be or ring on its devices at once; further callers find it busy. 0 is without limit; call_waiting false ends it at one"`

	PresentationNumber string   `row:",number" json:"presentation_number,omitempty" doc:"Number of the tenant that carriers show for its calls outside, and for calls that ring outside for it; the trunk's caller_number if left out"`
	ClassOfService     string   `json:"class_of_service,omitempty" doc:"Name of the class of service that says what it may call; the tenant's if left out"`
	Country            string   `json:"country,omitempty" doc:"Two letters of ISO 3166-1: how numbers are dialled from it, and its tones; the tenant's if left out"`
	Timezone           string   `json:"timezone,omitempty" doc:"IANA name such as Europe/Berlin, for the clock of the phone whose first line it is, unless its user has one; the tenant's if left out"`
	Music              []string `json:"music,omitempty" nullable:"false" maxItems:"20" doc:"Announcements that callers hear one after the other while its phones hold them; the tenant's music if left out"`
	Guard              Guard    `json:"guard,omitzero" doc:"Bounds its calls outside, beside those of the tenant"`
}

// Extension is what a client reads.
type Extension struct {
	ExtensionFields
	Status  string        `json:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN," doc:"That of its best device, in the words of devices"`
	IP      string        `json:"ip,omitempty" doc:"Where that device really is"`
	Port    int           `json:"port,omitempty"`
	Devices []DeviceState `json:"devices" nullable:"false" doc:"The devices that ring for it"`

	Agent bool `json:"agent" doc:"It is a member of a queue"`

	Unfollowed []string `json:"unfollowed,omitempty" doc:"Properties that have no effect, and why: record_on_demand, busy_only_in_call, monitors, monitored"`

	Apply ApplyBlock `json:"apply"`
}

func registerExtensions(a *api) {
	k := newKind(kindOfExtension{
		name: "extension", plural: "extensions", path: "/v1/tenants/{tenant}/extensions", keyName: "number",
		rows: a.ctl.Extensions, who: ofTenant.readBy(ownExtension),
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckNumber(field, s) },
		fresh:    pbx.NewExtension,
		toView: func(_ context.Context, e *pbx.Extension, v *Extension) {
			v.Devices = []DeviceState{}
			v.Agent = len(a.ctl.Snapshot().QueuesOf(e.Tenant, e.Number)) > 0
			v.Unfollowed = e.WithoutEffect(a.ctl.Snapshot().CodesOf(e.Tenant))
			for _, d := range a.ctl.Snapshot().DevicesOf(e.Tenant, e.Number) {
				v.Devices = append(v.Devices, a.deviceState(d))
			}
			best := bestState(v.Devices)
			v.Status, v.IP, v.Port = best.Status, best.IP, best.Port
		},
		revision: func(e *pbx.Extension) int64 { return e.Revision },
		apply:    func(v *Extension) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerExtensionActions(a, k)
}

// or returns the value that was given, or the default.
func or[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}
