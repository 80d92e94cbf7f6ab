package pbx

import (
	"fmt"
	"slices"
	"time"
)

// PortState is how far a number, or a whole request, is on its way from another carrier.
type PortState string

// The states. Exception and cancelled stand beside the way: from an exception it goes on by
// submitting again.
const (
	PortDraft     PortState = "draft"
	PortSubmitted PortState = "submitted"
	PortScheduled PortState = "scheduled" // for a date
	PortCompleted PortState = "completed"
	PortException PortState = "exception" // the carrier refused; Problem has its words
	PortCancelled PortState = "cancelled"
)

// portSteps are the states from which a number may come into one.
var portSteps = map[PortState][]PortState{
	PortSubmitted: {PortDraft, PortException},
	PortScheduled: {PortSubmitted, PortScheduled, PortException},
	PortException: {PortSubmitted, PortScheduled},
	PortCompleted: {PortSubmitted, PortScheduled},
	PortCancelled: {PortDraft, PortSubmitted, PortScheduled, PortException},
}

// PortRequest asks that numbers which another carrier has come here. Each number has a state of
// its own; carriers split requests.
type PortRequest struct {
	Tenant  string
	Name    string       // key
	Carrier string       // that has the numbers until now, 1–100 characters
	Account string       // of the customer there, at most 100 characters
	Wish    string       // day on which they are wanted, as "2006-01-02"; "" for soon
	Note    string       // for people, at most 1000 characters
	Numbers []PortNumber // 1–100
	Version int64
	// Revision is the configuration revision of the last change.
	Revision int64
}

// PortNumber is one number of a request.
type PortNumber struct {
	Number      string    `json:"number"`                // in E.164
	Destination string    `json:"destination,omitempty"` // where calls go, from the first one on
	State       PortState `json:"state"`
	Date        string    `json:"date,omitempty"`    // of PortScheduled, as "2006-01-02"
	Problem     string    `json:"problem,omitempty"` // of PortException, in the carrier's words
}

// maxPortNumbers is how many numbers a request has at most.
const maxPortNumbers = 100

// Validate returns all broken rules.
func (r *PortRequest) Validate() error {
	var es Errors
	es.Add(CheckName("name", r.Name))
	es.Add(CheckText("carrier", r.Carrier, 1, 100, 0))
	es.Add(CheckText("account", r.Account, 0, 100, 0))
	es.Add(CheckText("note", r.Note, 0, 1000, 0))
	if r.Wish != "" {
		es.Add(CheckDay("wish", r.Wish))
	}
	if len(r.Numbers) == 0 || len(r.Numbers) > maxPortNumbers {
		es.Add(Invalidf("numbers", "must be 1 to %d numbers", maxPortNumbers))
	}
	seen := map[string]bool{}
	for i, n := range r.Numbers {
		field := fmt.Sprintf("numbers[%d].", i)
		es.Add(CheckE164(field+"number", n.Number))
		if seen[n.Number] {
			es.Add(Invalidf(field+"number", "is there twice"))
		}
		seen[n.Number] = true
		d, err := ParseDestination(field+"destination", n.Destination)
		if err != nil {
			es.Add(err)
		} else if d.Kind == ToExternal {
			es.Add(Invalidf(field+"destination", "leads outside: name an extension that is forwarded there"))
		}
	}
	return es.Err()
}

// CheckDay refuses what is no day.
func CheckDay(field, s string) *Error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return Invalidf(field, "%s is not a day: write it as 2026-12-24", quote(s))
	}
	return nil
}

// State is the state of the whole request: that of the number which is least far, of those that
// were not cancelled. One with an exception needs somebody, so it is the state of all.
func (r *PortRequest) State() PortState {
	for _, s := range []PortState{PortException, PortDraft, PortSubmitted, PortScheduled, PortCompleted} {
		if slices.ContainsFunc(r.Numbers, func(n PortNumber) bool { return n.State == s }) {
			return s
		}
	}
	return PortCancelled
}

// PortStep brings numbers of a request into a state.
type PortStep struct {
	State   PortState
	Numbers []string // nil for all that can get there
	Date    string   // of PortScheduled
	Problem string   // of PortException
}

// Validate returns all broken rules.
func (s PortStep) Validate() error {
	var es Errors
	if portSteps[s.State] == nil {
		es.Add(Invalidf("state", "%s is not a choice: use submitted, scheduled, exception, completed or cancelled",
			quote(string(s.State))))
	}
	if s.State == PortScheduled || s.Date != "" {
		es.Add(CheckDay("date", s.Date))
	}
	if s.Date != "" && s.State != PortScheduled {
		es.Add(Invalidf("date", "belongs to state scheduled"))
	}
	if s.State == PortException {
		es.Add(CheckText("problem", s.Problem, 1, 1000, 0))
	} else if s.Problem != "" {
		es.Add(Invalidf("problem", "belongs to state exception"))
	}
	return es.Err()
}

// Take returns the numbers of a request after a step, and which of them the step changes, by
// their places. A number that was named and cannot get there is a Conflict.
func (r *PortRequest) Take(s PortStep) (next []PortNumber, changed []int, err error) {
	next = slices.Clone(r.Numbers)
	for _, number := range s.Numbers {
		if !slices.ContainsFunc(next, func(n PortNumber) bool { return n.Number == number }) {
			return nil, nil, Refusedf("numbers", "number %s is not one of port request %s", number, r.Name)
		}
	}
	for i := range next {
		n := &next[i]
		if s.Numbers != nil && !slices.Contains(s.Numbers, n.Number) {
			continue
		}
		if !slices.Contains(portSteps[s.State], n.State) {
			if s.Numbers != nil {
				return nil, nil, Conflictf("state", "number %s is %s, and cannot become %s", n.Number, n.State, s.State)
			}
			continue
		}
		n.State, n.Date, n.Problem = s.State, s.Date, s.Problem
		changed = append(changed, i)
	}
	if len(changed) == 0 {
		return nil, nil, Conflictf("state", "port request %s is %s: no number of it can become %s", r.Name, r.State(), s.State)
	}
	return next, changed, nil
}
