package api

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NumberFields is what a client may write.
type NumberFields struct {
	Number      string `json:"number,omitempty" doc:"The number in E.164, such as +493012345678; taken from the path in PUT and PATCH. No two tenants can have the same; the account above gives it, or with allow_external_numbers of the tenant its admins add it"`
	Description string `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
	Destination string `json:"destination,omitempty" doc:"Where calls from a trunk to the number go that no rule sends elsewhere: extension:NUMBER, voicemail:NUMBER, ring-group:NAME, queue:NAME, announcement:NAME, application:NAME or hangup; without one they get 404, and extensions may still show the number"`

	Rules          []NumberRule `row:"Rules,by hand" json:"rules,omitempty" doc:"Rules by time and caller, at most 50, looked through in order: the first that holds says where a call goes; where none holds, destination does"`
	Timezone       string       `json:"timezone,omitempty" doc:"IANA name of the zone the rules are read in; the tenant's if left out"`
	Anonymous      string       `json:"anonymous,omitempty" doc:"What becomes of calls without a caller's number, or with one that is withheld: allow, refuse (433, or 403 from Asterisk before 18.17 and 20.2), or a destination as above; what the tenant says if left out"`
	CallerIDPrefix string       `json:"caller_id_prefix,omitempty" doc:"Up to 20 characters put before the name of callers outside on the display, with a space, such as Sales:"`
}

// NumberRule is one rule of a number.
type NumberRule struct {
	ForwardRule
	Callers []string `json:"callers,omitempty" doc:"How callers' numbers begin in E.164, such as +4989, at most 20; every caller if left out. A caller is compared as a number, however the carrier writes it"`
}

// Number is what a client reads.
type Number struct {
	Number         string       `json:"number"`
	Description    string       `json:"description"`
	Destination    string       `json:"destination,omitempty"`
	Rules          []NumberRule `row:"Rules,by hand" json:"rules,omitempty"`
	Timezone       string       `json:"timezone,omitempty"`
	Anonymous      string       `json:"anonymous,omitempty"`
	CallerIDPrefix string       `json:"caller_id_prefix,omitempty"`
	Apply          ApplyBlock   `json:"apply"`
}

func registerNumbers(a *api) {
	registerKind(a, newKind(kind[pbx.Number, NumberFields, Number]{
		name: "number", plural: "numbers", path: "/v1/tenants/{tenant}/numbers", keyName: "number", rows: a.ctl.Numbers,
		who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) {
			s = pbx.PlainNumber(s)
			return s, pbx.CheckE164(field, s)
		},
		mayAdd: a.mayAddNumber,
		fresh:  func(tenant, number string) *pbx.Number { return &pbx.Number{Tenant: tenant, Number: number} },
		toRow: func(w NumberFields, _, n *pbx.Number) error {
			var es pbx.Errors
			for i, r := range w.Rules {
				rule, err := r.ForwardRule.row(fmt.Sprintf("rules[%d]", i))
				es.Add(err)
				rule.Callers = plainCallers(r.Callers)
				n.Rules = append(n.Rules, rule)
			}
			return es.Err()
		},
		toFields: func(n *pbx.Number, w *NumberFields) { w.Rules = numberRules(n) },
		toView:   func(_ context.Context, n *pbx.Number, v *Number) { v.Rules = numberRules(n) },
		revision: func(n *pbx.Number) int64 { return n.Revision },
		apply:    func(v *Number) *ApplyBlock { return &v.Apply },
	}))
}

// numberView is a number as a client reads it.
func (a *api) numberView(ctx context.Context, n *pbx.Number) Number {
	return Number{Number: n.Number, Description: n.Description, Destination: n.Destination.String(), Rules: numberRules(n),
		Timezone: n.Timezone, Anonymous: string(n.Anonymous), CallerIDPrefix: n.CallerIDPrefix, Apply: a.applied(ctx, n.Revision, 0)}
}

// numberRules are the rules of a number as clients read them.
func numberRules(n *pbx.Number) (out []NumberRule) {
	for _, r := range n.Rules {
		out = append(out, NumberRule{forwardRule(r), r.Callers})
	}
	return out
}

// mayAddNumber leaves a new number to the accounts above the tenant, unless the tenant may
// have numbers from elsewhere.
func (a *api) mayAddNumber(ctx context.Context, tenant, number string) error {
	if caller(ctx).Tenant == "" || a.mayBringNumbers(tenant) {
		return nil
	}
	return &pbx.Error{Kind: pbx.Forbidden, Field: "number", Message: fmt.Sprintf(
		"number %s is not one of the tenant's: numbers from elsewhere need allow_external_numbers of the tenant", number)}
}

// mayBringNumbers reports whether a tenant may have numbers from elsewhere.
func (a *api) mayBringNumbers(tenant string) bool {
	t := a.ctl.Snapshot().Tenant(tenant)
	return t != nil && t.AllowExternalNumbers
}
