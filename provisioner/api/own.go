package api

import (
	"context"
	"net/http"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Desks are the devices of a user and the choices that the user has.
type Desks struct {
	Desk            string         `json:"desk,omitempty" doc:"The shared device or external number that the user is at"`
	Devices         []OwnDevice    `json:"devices" nullable:"false" doc:"Devices that ring for the user"`
	Shared          []string       `json:"shared" nullable:"false" doc:"Shared devices that are free"`
	ExternalNumbers []ChosenNumber `json:"external_numbers" nullable:"false" doc:"External numbers that are available and free"`
}

// OwnDevice is a device as its user sees it.
type OwnDevice struct {
	Name           string `json:"name"`
	Kind           string `json:"kind" enum:"sip,iax2,dahdi,external"`
	ExternalNumber string `json:"external_number,omitempty"`
	RingSeconds    int    `json:"ring_seconds" doc:"0 is as long as the extension"`
	RingOrder      int    `json:"ring_order"`
	Status         string `json:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN,"`
}

// ChosenNumber is an external number to choose.
type ChosenNumber struct {
	Number      string `json:"number"`
	Description string `json:"description,omitempty"`
}

// RingingFields is what a user sets of the own extension.
type RingingFields struct {
	DoNotDisturb *bool                     `json:"do_not_disturb,omitempty" doc:"It does not ring: callers find it busy"`
	CallWaiting  *bool                     `json:"call_waiting,omitempty" doc:"Whether it rings during a call"`
	Ring         *string                   `json:"ring,omitempty" enum:"all,sequence" doc:"How the devices ring"`
	RingSeconds  *int                      `json:"ring_seconds,omitempty" minimum:"5" maximum:"300" doc:"How long it rings, 5 to 300 seconds"`
	Devices      map[string]RingingOfOwner `json:"devices,omitempty" doc:"By the names of the user's devices"`
}

// RingingOfOwner is what a user sets of one device.
type RingingOfOwner struct {
	RingSeconds *int `json:"ring_seconds,omitempty" minimum:"0" maximum:"300" doc:"0 is as long as the extension"`
	RingOrder   *int `json:"ring_order,omitempty" minimum:"1" maximum:"99" doc:"When it rings in a sequence"`
}

type ringingInput struct {
	Place
	ActionHeaders
	Body RingingFields
}

// registerOwn declares what users see and set of their own devices.
func registerOwn(a *api, k kindOfUser) {
	one := k.path + "/{username}"
	declare(a, operators.and(ownUser), k.operation("GET", one+"/desk", "list-desks",
		"The user's devices, and the shared devices and external numbers that the user may choose"),
		func(ctx context.Context, in *getInput) (*struct{ Body Desks }, error) {
			key, err := k.checkedKey(a, in.Place)
			if err != nil {
				return nil, err
			}
			d, err := a.ctl.Desks(ctx, in.tenant, key)
			if err != nil {
				return nil, a.problem(err)
			}
			return &struct{ Body Desks }{a.desksView(d)}, nil
		})
	op := k.operation("PATCH", one+"/ringing", "set-ringing",
		"Set how the user's extension and devices ring, and do not disturb; what is left out stays")
	op.DefaultStatus = http.StatusOK
	declare(a, tenantAdmins.and(ownUser), op, func(ctx context.Context, in *ringingInput) (*struct{ Body Desks }, error) {
		key, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		revision, err := a.ctl.SetRinging(ctx, author(ctx), in.tenant, key, in.Body.order())
		if err != nil {
			return nil, a.problem(err)
		}
		a.applied(ctx, revision, in.write().wait())
		d, err := a.ctl.Desks(ctx, in.tenant, key)
		if err != nil {
			return nil, a.problem(err)
		}
		return &struct{ Body Desks }{a.desksView(d)}, nil
	})
}

func (w RingingFields) order() provisioner.Ringing {
	r := provisioner.Ringing{DoNotDisturb: w.DoNotDisturb, CallWaiting: w.CallWaiting, RingSeconds: w.RingSeconds,
		Ring: (*pbx.RingMode)(w.Ring), Devices: map[string]provisioner.DeviceRinging{}}
	for name, d := range w.Devices {
		r.Devices[name] = provisioner.DeviceRinging{Seconds: d.RingSeconds, Order: d.RingOrder}
	}
	return r
}

func (a *api) desksView(d provisioner.Desks) Desks {
	out := Desks{Devices: []OwnDevice{}, Shared: []string{}, ExternalNumbers: []ChosenNumber{}}
	for _, own := range d.Devices {
		if own.Shared {
			out.Desk = own.Name
		}
		out.Devices = append(out.Devices, OwnDevice{own.Name, string(own.Kind), own.ExternalNumber, own.RingSeconds,
			own.RingOrder, a.deviceState(own).Status})
	}
	for _, shared := range d.Shared {
		out.Shared = append(out.Shared, shared.Name)
	}
	for _, n := range d.Numbers {
		out.ExternalNumbers = append(out.ExternalNumbers, ChosenNumber{n.Number, n.Description})
	}
	return out
}
