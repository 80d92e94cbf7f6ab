package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

type listSeatsInput struct {
	Place
	After    string `query:"after" doc:"List what comes after this number in the chosen order"`
	Limit    int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
	Contains string `query:"contains" maxLength:"60" doc:"Only those that contain this text in number or name, in the user's names or e-mail, or in a phone's MAC or model"`
	Status   string `query:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN,none" doc:"Only those with this status; none is the empty one"`
	Sort     string `query:"sort" default:"number" enum:"number,name,status" doc:"By number; by name; or by status, from those that may ring on, and then by number"`
}

// noStatus asks for extensions without a status: an empty parameter asks for nothing.
const noStatus = "none"

// listSeats sorts and narrows before it reads: what belongs to an extension is read for one
// page alone.
func (a *api) listSeats(ctx context.Context, in *listSeatsInput) (*page[Seat], error) {
	out := &page[Seat]{}
	out.Body.Items = []Seat{}
	known := true
	seats, err := a.ctl.Seats(ctx, in.tenant, in.Contains, func(es []provisioner.SeatCandidate) []provisioner.SeatCandidate {
		if es, known = in.rest(a.sortSeats(in, es)); len(es) > in.Limit {
			es = es[:in.Limit]
			out.Body.Next = es[in.Limit-1].Number
		}
		return es
	})
	if err == nil && !known {
		err = pbx.Invalidf("after", "%s is not in the list any longer: begin again", in.After)
	}
	if err != nil {
		return nil, a.problem(err)
	}
	for _, s := range seats {
		out.Body.Items = append(out.Body.Items, a.seatView(s))
	}
	return out, nil
}

// rest is what comes after a number in a list. It is false where an order that is not that of
// numbers lacks the number.
func (in *listSeatsInput) rest(es []provisioner.SeatCandidate) ([]provisioner.SeatCandidate, bool) {
	if in.After == "" {
		return es, true
	}
	if in.Sort == "number" {
		return slices.DeleteFunc(es, func(e provisioner.SeatCandidate) bool { return e.Number <= in.After }), true
	}
	at := slices.IndexFunc(es, func(e provisioner.SeatCandidate) bool { return e.Number == in.After })
	return es[at+1:], at >= 0
}

// sortSeats leaves the extensions with the status that is asked for, in the order asked for.
func (a *api) sortSeats(in *listSeatsInput, es []provisioner.SeatCandidate) []provisioner.SeatCandidate {
	status := make(map[string]string, len(es))
	for _, e := range es {
		var states []DeviceState
		for _, d := range e.Devices {
			states = append(states, a.deviceState(d))
		}
		status[e.Number] = bestState(states).Status
	}
	if in.Status != "" {
		want := strings.TrimSuffix(in.Status, noStatus)
		es = slices.DeleteFunc(es, func(e provisioner.SeatCandidate) bool { return status[e.Number] != want })
	}
	slices.SortStableFunc(es, func(x, y provisioner.SeatCandidate) int {
		switch in.Sort {
		case "name":
			return cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name))
		case "status":
			return cmp.Compare(slices.Index(statusOrder, status[x.Number]), slices.Index(statusOrder, status[y.Number]))
		}
		return 0
	})
	return es
}
