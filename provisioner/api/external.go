package api

import (
	"context"
	"net/http"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ExternalNumberFields is what a client may write.
type ExternalNumberFields struct {
	Number      string `json:"number,omitempty" doc:"The number with its prefix, as the carrier wants it dialled: 3 to 20 digits, with or without a + before them; it never changes; taken from the path in PUT and PATCH"`
	Description string `json:"description,omitempty" doc:"Whose number it is: at most 100 characters of plain text"`
	Available   bool   `json:"available,omitempty" doc:"Users may choose it as their device; otherwise it rings by assignment only"`
	Type        string `json:"type,omitempty" doc:"sip: through the tenant's trunk; teams: a Microsoft Teams number, through the trunk marked teams; sip if left out"`
}

// ExternalNumber is what a client reads.
type ExternalNumber struct {
	Number      string     `json:"number"`
	Description string     `json:"description"`
	Available   bool       `json:"available"`
	Type        string     `json:"type" enum:"sip,teams"`
	Apply       ApplyBlock `json:"apply"`
}

type kindOfExternalNumber = kind[pbx.ExternalNumber, ExternalNumberFields, ExternalNumber]

func registerExternalNumbers(a *api) {
	k := newKind(kindOfExternalNumber{
		name: "external-number", plural: "external-numbers", path: "/v1/tenants/{tenant}/external-numbers",
		keyName: "number", rows: a.ctl.ExternalNumbers, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckExternalNumber(field, s) },
		fresh: func(tenant, number string) *pbx.ExternalNumber {
			return &pbx.ExternalNumber{Tenant: tenant, Number: number, Type: pbx.NumberSIP}
		},
		revision: func(n *pbx.ExternalNumber) int64 { return n.Revision },
		apply:    func(v *ExternalNumber) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerClone(a, k)
}

type cloneInput struct {
	Place
	WriteHeaders
	Body struct {
		Number string `json:"number" doc:"The new number; all else is taken over"`
	}
}

// registerClone declares the making of a number after the model of another one.
func registerClone(a *api, k kindOfExternalNumber) {
	op := k.operation("POST", k.path+"/{number}/clone", "clone-external-number",
		"Create another number with the same settings; refused when it exists")
	op.DefaultStatus = http.StatusCreated
	declare(a, tenantAdmins, op, func(ctx context.Context, in *cloneInput) (*answer[ExternalNumber], error) {
		model, err := k.get(ctx, a, in.Place)
		if err != nil {
			return nil, err
		}
		w := ExternalNumberFields{Number: in.Body.Number, Description: model.Body.Description,
			Available: model.Body.Available, Type: model.Body.Type}
		return k.create(ctx, a, &bodyInput[ExternalNumberFields]{Place: in.Place, WriteHeaders: in.WriteHeaders, Body: w})
	})
}
