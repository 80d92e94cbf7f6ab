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
	Destination string `json:"destination,omitempty" doc:"Where calls from a trunk to the number go: extension:NUMBER, voicemail:NUMBER or hangup; without one they get 404, and extensions may still show the number"`
}

// Number is what a client reads.
type Number struct {
	Number      string     `json:"number"`
	Description string     `json:"description"`
	Destination string     `json:"destination,omitempty"`
	Apply       ApplyBlock `json:"apply"`
}

func registerNumbers(a *api) {
	registerKind(a, newKind(kind[pbx.Number, NumberFields, Number]{
		name: "number", plural: "numbers", path: "/v1/tenants/{tenant}/numbers", keyName: "number", rows: a.ctl.Numbers,
		who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) {
			s = pbx.PlainNumber(s)
			return s, pbx.CheckE164(field, s)
		},
		mayAdd:   a.mayAddNumber,
		fresh:    func(tenant, number string) *pbx.Number { return &pbx.Number{Tenant: tenant, Number: number} },
		revision: func(n *pbx.Number) int64 { return n.Revision },
		apply:    func(v *Number) *ApplyBlock { return &v.Apply },
	}))
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
