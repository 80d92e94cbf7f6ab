package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// TrunkState is what is observed of a trunk.
type TrunkState struct {
	Registration string `json:"registration" enum:"registered,rejected,unregistered,not-registering," doc:"rejected: the carrier refused the last attempt or did not answer, which Asterisk does not tell apart. not-registering: the trunk does not ask for it. Empty: Asterisk has not told yet"`
	Reach        string `json:"reach" enum:"reachable,unreachable,not-asked," doc:"Whether the carrier answers OPTIONS. Empty: Asterisk has not told yet"`
	Unresolvable bool   `json:"unresolvable" doc:"The name of its host leads to no address"`
	Since        string `json:"since,omitempty" doc:"Since when all of this has been so, as far as was seen since the start"`
	Refusal      string `json:"last_refusal,omitempty" doc:"Asterisk's word for the last registration that failed; it does not tell the SIP code"`
	RefusedAt    string `json:"last_refused,omitempty" doc:"When that was noticed"`
	CallRefusal  int    `json:"last_call_refusal,omitempty" doc:"SIP answer by which the carrier last refused a call for the account: 401, 403 or 407"`
	CallRefused  string `json:"last_call_refused,omitempty" doc:"When that was, while the controller decided the call"`
	// Unknown is of the trunk's own answer alone, no event has it.
	Unknown []UnknownNumber `json:"unknown_numbers,omitempty" doc:"Numbers that the carrier has called and that no tenant has, since the start, the last first, at most 20"`

	Stale bool `json:"stale" doc:"The connection to Asterisk is lost: this is the last known state"`
}

// UnknownNumber is a number that a carrier has called, and that no tenant has.
type UnknownNumber struct {
	Number string `json:"number" doc:"As the carrier wrote it"`
	Count  int    `json:"count"`
	First  string `json:"first"`
	Last   string `json:"last"`
}

// trunkState joins a trunk with its observed state.
func (a *api) trunkState(t *pbx.Trunk) TrunkState {
	s, stale := a.ctl.TrunkStatus.Of(t.Endpoint)
	v := trunkStateView(s)
	for _, u := range a.ctl.TrunkStatus.UnknownOf(t.Endpoint) {
		v.Unknown = append(v.Unknown, UnknownNumber{u.Number, u.Count, moment(u.First), moment(u.Last)})
	}
	v.Stale = !stale.IsZero()
	return v
}

func trunkStateView(s pbx.TrunkStatus) TrunkState {
	return TrunkState{Registration: string(s.Registration), Reach: string(s.Reach), Unresolvable: s.Unresolvable,
		Since: moment(s.Since), Refusal: s.Refusal, RefusedAt: moment(s.RefusedAt),
		CallRefusal: s.CallRefusal, CallRefused: moment(s.CallRefusedAt)}
}

// TrunkTrouble is a trunk through which calls are likely to fail.
type TrunkTrouble struct {
	Tenant string `json:"tenant"`
	Trunk  string `json:"trunk"`
	Reason string `json:"reason"`
}

// trunkTroubles names the trunks of all tenants that are in trouble.
func (a *api) trunkTroubles() (out []TrunkTrouble) {
	for _, t := range a.ctl.Snapshot().Trunks {
		s, _ := a.ctl.TrunkStatus.Of(t.Endpoint)
		if reason := s.Trouble(); reason != "" {
			out = append(out, TrunkTrouble{t.Tenant, t.Name, reason})
		}
	}
	return out
}
