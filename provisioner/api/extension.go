package api

import (
	"cmp"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ExtensionFields is what a client may write.
type ExtensionFields struct {
	Number      string `json:"number,omitempty" doc:"The number people dial: 1 to 20 digits or letters; taken from the path in PUT and PATCH"`
	Name        string `json:"name" doc:"Caller-ID name: 1 to 60 characters of plain text"`
	RingSeconds *int   `json:"ring_seconds,omitempty" minimum:"5" maximum:"300" doc:"How long its devices ring before the call counts as unanswered, 5 to 300 seconds; 20 if left out"`
	Ring        string `json:"ring,omitempty" doc:"How its devices ring: all at once, or in sequence by their ring_order; all if left out"`
	TwinNumber  string `json:"twin_number,omitempty" doc:"External number that rings along with its devices (with the first ones in a sequence); who answers must press 1"`
	Mailbox     string `json:"mailbox,omitempty" doc:"Number of the mailbox that takes unanswered calls; without one they end"`

	Presence       *bool     `json:"presence,omitempty" doc:"Whether others may watch if it rings or talks (BLF); true if left out"`
	Groups         []string  `json:"groups,omitempty" doc:"Names of the phone groups it belongs to; its phones may pick up calls that ring at another member by dialling *8"`
	Record         bool      `json:"record,omitempty" doc:"Calls to and from it are recorded; see recordings"`
	RecordOnDemand bool      `json:"record_on_demand,omitempty" doc:"Its phones may start and stop recording a call by pressing a code during it, see record in feature-codes, or a record key; without effect while record is on"`
	Monitors       bool      `json:"monitors,omitempty" doc:"It may listen to calls of other extensions that are monitored, see monitor in feature-codes"`
	Monitored      bool      `json:"monitored,omitempty" doc:"Extensions that monitor may listen to calls on its phones, and talk in them; calls that began before it was switched on are not reached"`
	Type           string    `json:"type,omitempty" enum:"sip,iax2,dahdi,virtual,sip-virtual" doc:"sip rings its devices; iax2 and dahdi do as well and may have devices of that kind; virtual has none, calls go to its mailbox; sip-virtual is an additional number of another extension's device; sip if left out"`
	ParentDevice   string    `json:"parent_device,omitempty" doc:"Name of the device that a sip-virtual extension rings; it shows the number that was dialled"`
	AllowedDevices *[]string `json:"allowed_devices,omitempty" doc:"Classes of device that may register for it, of hardware, software, third-party, mobile and webrtc; all if left out"`
	Anonymous      bool      `json:"anonymous,omitempty" doc:"Calls from it show neither its name nor its number; a carrier is told, and told to tell nobody"`
	DoNotDisturb   bool      `json:"do_not_disturb,omitempty" doc:"It does not ring: whoever calls finds it busy"`
	CallWaiting    *bool     `json:"call_waiting,omitempty" doc:"Whether it rings while one of its devices is in a call; if not, further callers find it busy; true if left out"`

	PresentationNumber string `json:"presentation_number,omitempty" doc:"Number of the tenant that carriers show for its calls outside, and for calls that ring outside for it; the trunk's caller_number if left out"`
	ClassOfService     string `json:"class_of_service,omitempty" doc:"Name of the class of service that says what it may call; the tenant's if left out"`
	Country            string `json:"country,omitempty" doc:"Two letters of ISO 3166-1: how numbers are dialled from it, and its tones; the tenant's if left out"`
}

// Extension is what a client reads.
type Extension struct {
	ExtensionFields
	Status  string        `json:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN," doc:"That of its best device, in the words of devices"`
	IP      string        `json:"ip,omitempty" doc:"Where that device really is"`
	Port    int           `json:"port,omitempty"`
	Devices []DeviceState `json:"devices" nullable:"false" doc:"The devices that ring for it"`
	Apply   ApplyBlock    `json:"apply"`
}

func registerExtensions(a *api) {
	k := kindOfExtension{
		name: "extension", plural: "extensions", path: "/v1/tenants/{tenant}/extensions", keyName: "number", rows: a.ctl.Extensions, who: ofTenant.readBy(ownExtension),
		key:      func(w ExtensionFields) string { return w.Number },
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckNumber(field, s) },
		fields: func(e *pbx.Extension) ExtensionFields {
			return extensionFields(e)
		},
		build: func(w ExtensionFields, _ *pbx.Extension, tenant, number string) (*pbx.Extension, error) {
			return &pbx.Extension{Tenant: tenant, Number: number, Name: w.Name, RingSeconds: or(w.RingSeconds, pbx.DefaultRingSeconds), Mailbox: w.Mailbox,
				Ring: pbx.RingMode(cmp.Or(w.Ring, string(pbx.RingAll))), TwinNumber: w.TwinNumber,
				Presence: or(w.Presence, true), Groups: sorted(w.Groups), AllowedDevices: allowedDevices(w.AllowedDevices), Anonymous: w.Anonymous, Record: w.Record, RecordOnDemand: w.RecordOnDemand, Monitors: w.Monitors, Monitored: w.Monitored, DoNotDisturb: w.DoNotDisturb, NoCallWaiting: !or(w.CallWaiting, true),
				Type: pbx.ExtensionType(cmp.Or(w.Type, string(pbx.TypeSIP))), ParentDevice: w.ParentDevice,
				PresentationNumber: w.PresentationNumber, ClassOfService: w.ClassOfService, Country: w.Country}, nil
		},
		view: func(e *pbx.Extension) Extension {
			v := Extension{ExtensionFields: extensionFields(e), Devices: []DeviceState{}}
			for _, d := range a.ctl.Snapshot().DevicesOf(e.Tenant, e.Number) {
				v.Devices = append(v.Devices, a.deviceState(d))
			}
			best := bestState(v.Devices)
			v.Status, v.IP, v.Port = best.Status, best.IP, best.Port
			return v
		},
		revision: func(e *pbx.Extension) int64 { return e.Revision },
		apply:    func(v *Extension) *ApplyBlock { return &v.Apply },
	}
	registerKind(a, k)
	registerExtensionActions(a, k)
}

func extensionFields(e *pbx.Extension) ExtensionFields {
	waiting := !e.NoCallWaiting
	w := ExtensionFields{Number: e.Number, Name: e.Name, RingSeconds: &e.RingSeconds, Mailbox: e.Mailbox, Ring: string(e.Ring), TwinNumber: e.TwinNumber,
		Presence: &e.Presence, Anonymous: e.Anonymous, Record: e.Record, RecordOnDemand: e.RecordOnDemand, Monitors: e.Monitors, Monitored: e.Monitored, Groups: e.Groups, Type: string(e.Type), ParentDevice: e.ParentDevice, DoNotDisturb: e.DoNotDisturb, CallWaiting: &waiting,
		PresentationNumber: e.PresentationNumber, ClassOfService: e.ClassOfService, Country: e.Country}
	if e.AllowedDevices != nil {
		w.AllowedDevices = &[]string{}
		for _, c := range e.AllowedDevices {
			*w.AllowedDevices = append(*w.AllowedDevices, string(c))
		}
	}
	return w
}

// allowedDevices returns nil where all are allowed: in a list that is left out.
func allowedDevices(names *[]string) []pbx.DeviceClass {
	if names == nil {
		return nil
	}
	out := []pbx.DeviceClass{}
	for _, n := range *names {
		out = append(out, pbx.DeviceClass(n))
	}
	slices.Sort(out)
	return out
}

// or returns the value that was given, or the default.
func or[T any](given *T, otherwise T) T {
	if given == nil {
		return otherwise
	}
	return *given
}
