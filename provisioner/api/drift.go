package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PhoneDrift is a phone that is not as it should be.
type PhoneDrift struct {
	MAC           string        `json:"mac"`
	Vendor        string        `json:"vendor"`
	Model         string        `json:"model"`
	Reasons       []DriftReason `json:"reasons" nullable:"false"`
	FetchedAt     *time.Time    `json:"fetched_at,omitempty" doc:"When it last got a file, or was told that it has it"`
	SeenAt        *time.Time    `json:"seen_at,omitempty" doc:"When it last asked by its own URL or certificate"`
	Address       string        `json:"address,omitempty" doc:"Where it asks from"`
	FormerAddress string        `json:"former_address,omitempty"`
	UserAgent     string        `json:"user_agent,omitempty"`
}

// DriftReason is one way in which it is not.
type DriftReason struct {
	Kind   string `json:"kind" enum:"broken,template,never-fetched,old-file,silent,model,firmware,new-address,enrolled-twice,refused,handshake,overrides"`
	Detail string `json:"detail"`
}

type driftInput struct {
	Tenant string `path:"tenant"`
	Days   int    `query:"days" default:"7" minimum:"1" maximum:"365" doc:"How long silence is fine, and how long an address is new"`
	Kind   string `query:"kind" enum:"broken,template,never-fetched,old-file,silent,model,firmware,new-address,enrolled-twice,refused,handshake,overrides," doc:"Only this kind"`
	After  string `query:"after" doc:"List what comes after this MAC"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

func (a *api) registerDrift() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/tenants/{tenant}/drift", OperationID: "list-drift",
		Tags:        []string{"phones"},
		Summary:     "Phones that hold an old file, are silent, run something unexpected or moved",
		Description: "old-file compares what a phone last fetched with what it would get now. firmware compares what it says of itself with the firmware that is assigned to its model or, where there is no such firmware, with the oldest branch that understands its files. refused and handshake are requests and TLS handshakes that failed since the phone last got through, and since the start. overrides names the parameters that were set at the phone itself.",
		Errors:      []int{401, 404, 422}}, a.drift)
}

func (a *api) drift(_ context.Context, in *driftInput) (*page[PhoneDrift], error) {
	var kinds []fleet.DriftKind
	if in.Kind != "" {
		kinds = []fleet.DriftKind{fleet.DriftKind(in.Kind)}
	}
	after := pbx.MAC("")
	if in.After != "" {
		mac, perr := pbx.ParseMAC("after", in.After)
		if perr != nil {
			return nil, a.problem(perr)
		}
		after = mac
	}
	list, err := a.ctl.Fleet.Drift(in.Tenant, in.Days, kinds, after, in.Limit+1)
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(list, in.Limit, func(d fleet.PhoneDrift) string { return d.Phone.MAC.Colons() }, driftView), nil
}

func driftView(d fleet.PhoneDrift) PhoneDrift {
	v := PhoneDrift{MAC: d.Phone.MAC.Colons(), Vendor: string(d.Phone.Vendor), Model: d.Phone.Model,
		FetchedAt: timeOrNone(d.Seen.FetchedAt), SeenAt: timeOrNone(d.Seen.SeenAt),
		Address: ipText(d.Seen.Address), FormerAddress: ipText(d.Seen.FormerAddress), UserAgent: d.Seen.UserAgent,
		Reasons: []DriftReason{}}
	for _, r := range d.Reasons {
		v.Reasons = append(v.Reasons, DriftReason{string(r.Kind), r.Detail})
	}
	return v
}
