package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

type party struct{ Number, Name, Extension, Device string }

// CallLeg is one device in a call, as the API shows it.
type CallLeg struct {
	ID, State, Outcome, Via string
	party
	Caller bool
}

// LiveCall is a call as the API shows it.
type LiveCall struct {
	ID, Dialled string
	From        party
	AnsweredBy  *party `json:"answered_by"`
	Answered    *time.Time
	Legs        []CallLeg
	Rules, Via  []string
	Incomplete  bool
}

// CDR is a record of a call as the API shows it.
type CDR struct {
	ID                     int64
	Call, Dialled, Outcome string
	From                   party
	AnsweredBy             *party `json:"answered_by"`
	Called                 []CallLeg
	Started, Ended         time.Time
	Answered               *time.Time
	Duration, Billable     float64
	Rules, Via             []string
	Recording              string
	Incomplete             bool
}

// Summary is what the tests compare: the caller, the number, the end, the callee,
// and the parties that were called.
func (c CDR) Summary() string {
	by := "nobody"
	if c.AnsweredBy != nil {
		by = c.AnsweredBy.Extension + "/" + c.AnsweredBy.Device
	}
	var called []string
	for _, l := range c.Called {
		called = append(called, l.Extension+"/"+l.Device+" "+l.Outcome)
	}
	slices.Sort(called)
	out := fmt.Sprintf("%s/%s dialled %s: %s by %s; called %s", c.From.Extension, c.From.Device, c.Dialled, c.Outcome, by,
		strings.Join(called, ", "))
	if len(c.Via) > 0 {
		out += "; via " + strings.Join(c.Via, " ")
	}
	if c.Incomplete {
		out += "; incomplete"
	}
	return out
}

// CDRs lists records of calls of the tenant; query is appended to the path.
func (l *Lab) CDRs(t *testing.T, query string) []CDR {
	t.Helper()
	var page struct{ Items []CDR }
	l.Do(t, "GET", Tenant+"/cdrs"+query, nil, &page)
	return page.Items
}

// RecordOf waits for the record of the call that has just ended, and for nothing
// to be left.
func (l *Lab) RecordOf(t *testing.T, before int, want string) CDR {
	t.Helper()
	l.NoChannels(t)
	var rows []CDR
	Eventually(t, 5*time.Second, func() string {
		if rows = l.CDRs(t, ""); len(rows) != before+1 {
			return fmt.Sprintf("%d records, want %d", len(rows), before+1)
		}
		return ""
	})
	if got := rows[0].Summary(); got != want {
		t.Errorf("the record says\n     %s\nwant %s\n%+v", got, want, rows[0])
	}
	l.Untracked(t)
	return rows[0]
}

// Untracked waits until the controller follows no channel any more.
func (l *Lab) Untracked(t *testing.T) {
	t.Helper()
	Eventually(t, 5*time.Second, func() string {
		m := l.Metrics(t)
		if !strings.Contains(m, "\ndialtone_calls 0\n") || !strings.Contains(m, "\ndialtone_channels 0\n") {
			return "calls are still followed"
		}
		return ""
	})
}

// Live waits until the one call under way is as wanted.
func (l *Lab) Live(t *testing.T, what string, ready func(LiveCall) bool) LiveCall {
	t.Helper()
	var page struct{ Items []LiveCall }
	Eventually(t, 5*time.Second, func() string {
		page.Items = nil
		l.Do(t, "GET", Tenant+"/calls", nil, &page)
		if len(page.Items) != 1 || !ready(page.Items[0]) {
			return fmt.Sprintf("%s: %+v", what, page.Items)
		}
		return ""
	})
	return page.Items[0]
}

// AnsweredCall reports whether somebody has answered, for Live.
func AnsweredCall(c LiveCall) bool { return c.Answered != nil }
