package api

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ForwardFields is what a client may write.
type ForwardFields struct {
	Extension       string         `json:"extension,omitempty" doc:"Number of the extension; taken from the path in PUT and PATCH"`
	Mode            string         `json:"mode,omitempty" doc:"off forwards no call, destination every call, schedule by rules of time and caller; where one holds it wins over unreachable, busy and no_answer; off if left out"`
	Destination     string         `json:"destination,omitempty" doc:"Where every call goes in mode destination: extension:NUMBER, voicemail:NUMBER, external:NUMBER, ring-group:NAME, queue:NAME, announcement:NAME, application:NAME or hangup"`
	Rules           []HandlingRule `row:"Rules,by hand" json:"rules,omitempty" doc:"In mode schedule: rules by time and caller, of which the first that holds says where a call goes; where none holds, the extension rings"`
	Timezone        string         `json:"timezone,omitempty" doc:"IANA name of the zone the rules are read in; the tenant's if left out"`
	Exceptions      []string       `row:",numbers" json:"exceptions,omitempty" doc:"Numbers of callers who are never forwarded, in any spelling, up to 10,000: they ring the extension and then reach its mailbox"`
	Unreachable     string         `json:"unreachable,omitempty" doc:"Where calls go when no device is registered or answers; its mailbox, or the end, if left out"`
	Busy            string         `json:"busy,omitempty" doc:"Where calls go when it is busy, does not want to be disturbed, or wants no second call; its mailbox, or the end, if left out"`
	NoAnswer        string         `json:"no_answer,omitempty" doc:"Where calls go that nobody answers; its mailbox, or the end, if left out"`
	NoAnswerSeconds *int           `row:",omitzero" json:"no_answer_seconds,omitempty" minimum:"5" maximum:"300" doc:"How long it rings in all before no_answer, 5 to 300 seconds, in a sequence as well; as long as its devices ring if left out"`
}

// ForwardRule is one line of a schedule.
type ForwardRule struct {
	Days        []string `json:"days,omitempty" doc:"Days of the week: mon, tue, wed, thu, fri, sat, sun; every day if left out"`
	From        string   `json:"from,omitempty" doc:"Time of day such as 18:00; all day if from and to are left out"`
	To          string   `json:"to,omitempty" doc:"Time of day at which it ends; before from, it is that of the next day"`
	FirstDate   string   `json:"first_date,omitempty" doc:"First day it holds, such as 2026-12-24"`
	LastDate    string   `json:"last_date,omitempty" doc:"Last day it holds"`
	Destination string   `json:"destination" doc:"Where calls go then: extension:NUMBER, voicemail:NUMBER, external:NUMBER, ring-group:NAME, queue:NAME, announcement:NAME, application:NAME or hangup; in a rule of an extension also devices, which rings it"`
}

// HandlingRule is one line of an extension's schedule.
type HandlingRule struct {
	ForwardRule
	Callers []string `json:"callers,omitempty" doc:"How callers' numbers begin in E.164, such as +4989, at most 20, and internal for extensions of the tenant; every caller if left out. A caller is compared as a number, however the carrier writes it"`
}

// ringsDevices is the destination of a rule by which the extension rings.
const ringsDevices = "devices"

// row is the rule of a row; field names it in errors.
func (r HandlingRule) row(field string) (out pbx.CallRule, wrong *pbx.Error) {
	if r.Destination == ringsDevices {
		r.Destination, out.Devices = "", true
	}
	rule, wrong := r.ForwardRule.row(field)
	rule.Devices, rule.Callers = out.Devices, plainCallers(r.Callers)
	return rule, wrong
}

// plainCallers are beginnings of numbers as they are compared.
func plainCallers(written []string) (out []string) {
	for _, n := range written {
		out = append(out, pbx.PlainNumber(n))
	}
	return out
}

// row is the rule of a row; field names it in errors.
func (r ForwardRule) row(field string) (pbx.CallRule, *pbx.Error) {
	to, err := pbx.ParseDestination(field+".destination", r.Destination)
	return pbx.CallRule{Days: r.Days, From: r.From, To: r.To, FirstDate: r.FirstDate, LastDate: r.LastDate,
		Destination: to}, err
}

// forwardRule is a rule as clients read it.
func forwardRule(r pbx.CallRule) ForwardRule {
	to := r.Destination.String()
	if r.Devices {
		to = ringsDevices
	}
	return ForwardRule{r.Days, r.From, r.To, r.FirstDate, r.LastDate, to}
}

// Forward is what a client reads.
type Forward struct {
	ForwardFields
	Apply ApplyBlock `json:"apply"`
}

func registerForwards(a *api) {
	registerKind(a, newKind(kind[pbx.Forward, ForwardFields, Forward]{
		name: "forward", plural: "forwards", path: "/v1/tenants/{tenant}/forwards", keyName: "extension",
		rows: a.ctl.Forwards, who: ofTenant.readBy(ownExtension).changedBy(ownExtension),
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckNumber(field, s) },
		fresh: func(tenant, extension string) *pbx.Forward {
			return &pbx.Forward{Tenant: tenant, Extension: extension, Mode: pbx.ForwardOff}
		},
		toRow: func(w ForwardFields, _, f *pbx.Forward) error {
			var es pbx.Errors
			for i, r := range w.Rules {
				rule, err := r.row(fmt.Sprintf("rules[%d]", i))
				es.Add(err)
				f.Rules = append(f.Rules, rule)
			}
			return es.Err()
		},
		toFields: func(f *pbx.Forward, w *ForwardFields) {
			for _, r := range f.Rules {
				w.Rules = append(w.Rules, HandlingRule{forwardRule(r), r.Callers})
			}
		},
		revision: func(f *pbx.Forward) int64 { return f.Revision },
		apply:    func(v *Forward) *ApplyBlock { return &v.Apply },
	}))
}
