package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DeviceState is what Asterisk says about a device.
type DeviceState struct {
	Device     string  `json:"device"`
	Extension  string  `json:"extension,omitempty"`
	Status     string  `json:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN," doc:"OK: registered and answering. UNREACHABLE: registered before, does not answer. UNKNOWN: was unreachable, given up. UNMONITORED: registered, never asked. FORBIDDEN: its extension does not allow its class, so it cannot register. Empty: nothing registered"`
	IP         string  `json:"ip,omitempty" doc:"Where it really is"`
	Port       int     `json:"port,omitempty"`
	RTT        float64 `json:"rtt_ms,omitempty" doc:"Round-trip time of the last answered question, in milliseconds"`
	UserAgent  string  `json:"user_agent,omitempty"`
	Call       string  `json:"call,omitempty" enum:"idle,ringing,in-call,on-hold," doc:"What it is doing"`
	Expires    string  `json:"expires,omitempty" doc:"End of its registration"`
	Since      string  `json:"since,omitempty" doc:"Since when the status has been so"`
	Seen       string  `json:"seen,omitempty" doc:"When Asterisk last said so"`
	AgeSeconds float64 `json:"age_seconds" doc:"How long ago that was; while stale it keeps growing"`
	Stale      bool    `json:"stale" doc:"The connection to Asterisk is lost: this is the last known state"`
}

// deviceState joins a device with its observed state.
func (a *api) deviceState(d *pbx.Device) DeviceState {
	s, stale := a.ctl.Status.Of(d.Endpoint)
	out := DeviceState{Device: d.Name, Extension: d.Extension, Status: string(s.Reach), UserAgent: s.UserAgent,
		Call: string(s.Call),
		RTT:  float64(s.RoundTrip.Microseconds()) / 1000, Expires: moment(s.Expires), Since: moment(s.ReachSince),
		Seen: moment(s.SeenAt), Stale: !stale.IsZero()}
	if a.ctl.Snapshot().Forbidden(d) {
		return DeviceState{Device: d.Name, Extension: d.Extension, Status: "FORBIDDEN", Stale: out.Stale}
	}
	if s.Address.IsValid() {
		out.IP, out.Port = s.Address.Addr().String(), int(s.Address.Port())
	}
	if !s.SeenAt.IsZero() {
		out.AgeSeconds = time.Since(s.SeenAt).Seconds()
	}
	return out
}

// statusOrder tells which device speaks for an extension with several.
var statusOrder = []string{"OK", "UNMONITORED", "UNREACHABLE", "UNKNOWN", "FORBIDDEN", ""}

// bestState is the state of the device that can be reached best, the first of equals.
func bestState(states []DeviceState) DeviceState {
	if len(states) == 0 {
		return DeviceState{}
	}
	return slices.MinFunc(states, func(a, b DeviceState) int {
		return cmp.Compare(slices.Index(statusOrder, a.Status), slices.Index(statusOrder, b.Status))
	})
}

// moment prints a time in RFC 3339, or "" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func (a *api) registerStatus() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/tenants/{tenant}/status", OperationID: "list-status",
		Tags:    []string{"status"},
		Summary: "State of all devices of a tenant", Errors: []int{401, 404}}, func(_ context.Context, in *struct {
		Tenant string `path:"tenant"`
	}) (*page[DeviceState], error) {
		snapshot := a.ctl.Snapshot()
		if snapshot.Tenant(in.Tenant) == nil {
			return nil, a.problem(pbx.NotFoundf("tenant %q does not exist", in.Tenant))
		}
		out := &page[DeviceState]{}
		out.Body.Items = []DeviceState{}
		for _, d := range snapshot.Devices {
			if d.Tenant == in.Tenant {
				out.Body.Items = append(out.Body.Items, a.deviceState(d))
			}
		}
		return out, nil
	})
}
