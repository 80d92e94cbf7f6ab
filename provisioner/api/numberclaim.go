package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/numberpool"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// AvailableNumber is a number that can be claimed.
type AvailableNumber struct {
	Number      string `json:"number"`
	CountryCode int    `json:"country_code"`
	Kind        string `json:"kind" enum:"local,global,toll-free,vanity,mobile"`
	Voice       bool   `json:"voice"`
	SMS         bool   `json:"sms"`
	Fax         bool   `json:"fax"`
	Match       string `json:"match,omitempty" doc:"What stands where contains was found, with its letters"`
	Spelled     string `json:"spelled,omitempty" doc:"The number with those letters"`
}

// NumberSearch says which number is looked for.
type NumberSearch struct {
	Prefix     string `query:"prefix" maxLength:"16" doc:"How the number begins, with its calling code, such as +4930"`
	Country    string `query:"country" maxLength:"4" doc:"Calling code or two letters, of area_code"`
	AreaCode   string `query:"area_code" maxLength:"10" doc:"As it is dialled in country, such as 030"`
	Contains   string `query:"contains" maxLength:"20" doc:"What stands anywhere behind the calling code: digits, letters as on a keypad, and * for any one digit"`
	Kind       string `query:"kind" enum:"local,global,toll-free,vanity,mobile"`
	Capability string `query:"capability" enum:"voice,sms,fax"`
	After      string `query:"after" maxLength:"40" doc:"List what comes after this number"`
	Limit      int    `query:"limit" default:"20" minimum:"1" maximum:"1000" doc:"At most this many"`
}

// query reads the search, in the pool of a reseller.
func (s NumberSearch) query(reseller string) (numberpool.Query, error) {
	q := numberpool.Query{Reseller: reseller, Prefix: s.Prefix, Kind: s.Kind, Capability: s.Capability, After: s.After,
		Limit: s.Limit + 1}
	var es pbx.Errors
	if s.Prefix != "" {
		es.Add(pbx.CheckPrefix("prefix", s.Prefix))
	}
	if s.AreaCode != "" {
		prefix, err := areaPrefix(s)
		es.Add(err)
		q.Prefix = prefix
	} else if s.Country != "" && s.Prefix == "" {
		code, err := e164.ParseCode(s.Country)
		if err != nil {
			es.Add(pbx.Refusedf("country", "country %s", err))
		}
		q.Prefix = "+" + strconv.Itoa(code)
	}
	pattern, err := numberpool.ParsePattern("contains", s.Contains)
	es.Add(err)
	q.Pattern = pattern
	return q, es.Err()
}

// areaPrefix is how numbers of an area begin. The digit that is dialled before an area code
// within the country is no part of it.
func areaPrefix(s NumberSearch) (string, *pbx.Error) {
	if s.Prefix != "" {
		return "", pbx.Refusedf("area_code", "name a prefix or an area_code: a prefix has the area code in it")
	}
	code, err := e164.ParseCode(s.Country)
	if err != nil {
		return "", pbx.Refusedf("country", "country %s", err)
	}
	area := pbx.PlainNumber(s.AreaCode)
	if strings.Trim(area, "0123456789") != "" {
		return "", pbx.Invalidf("area_code", "must be digits, such as 030")
	}
	const italy = 39 // the 0 is a part of the number there
	if code != italy {
		area = strings.TrimPrefix(area, "0")
	}
	return "+" + strconv.Itoa(code) + area, nil
}

// NumberClaim is a number that a tenant wants.
type NumberClaim struct {
	Number      string `json:"number" doc:"An available one, in E.164"`
	Description string `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
	Destination string `json:"destination,omitempty" doc:"Where calls to it go, as of a number of the tenant"`
}

func (a *api) registerNumberClaims() {
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"inventory"},
			Errors: []int{401, 404, 409, 422}}
	}
	declare(a, branchAdmins.inBranch(), op("GET", inventoryPath+"/available", "list-available-numbers",
		"Search the numbers that can be handed on or claimed"),
		func(ctx context.Context, in *struct {
			NumberSearch
			Reseller string `query:"reseller" maxLength:"31" doc:"In whose pool; the caller's own, or the platform's, if left out"`
		}) (*page[AvailableNumber], error) {
			reseller := in.Reseller
			if reseller == "" {
				reseller = caller(ctx).Reseller
			} else if _, within, err := a.resellerWithin(ctx, caller(ctx), reseller); err != nil || !within {
				return nil, a.problem(orNotFound(err, "reseller", reseller))
			}
			return a.searchNumbers(ctx, in.NumberSearch, reseller)
		})
	tenant := op("GET", "/v1/tenants/{tenant}/numbers/available", "list-numbers-to-claim",
		"Search the numbers that the tenant can claim")
	tenant.Description = "A tenant admin needs claim_numbers of the tenant."
	declare(a, tenantAdmins, tenant, func(ctx context.Context, in *struct {
		Tenant string `path:"tenant"`
		NumberSearch
	}) (*page[AvailableNumber], error) {
		reseller, err := a.ctl.Inventory.MayClaim(ctx, author(ctx), in.Tenant)
		if err != nil {
			return nil, a.problem(err)
		}
		return a.searchNumbers(ctx, in.NumberSearch, reseller)
	})
	claim := op("POST", "/v1/tenants/{tenant}/numbers/claim", "claim-number", "Take an available number for the tenant")
	claim.Description = "A tenant admin needs claim_numbers of the tenant. Of two that claim one number, one gets 409."
	claim.DefaultStatus = http.StatusCreated
	declare(a, tenantAdmins, claim, a.claimNumber)
}

// orNotFound is err, or says that an account does not exist.
func orNotFound(err error, what, name string) error {
	if err != nil {
		return err
	}
	return pbx.NotFoundf("%s %s does not exist", what, name)
}

func (a *api) searchNumbers(ctx context.Context, s NumberSearch, reseller string) (*page[AvailableNumber], error) {
	q, err := s.query(reseller)
	if err != nil {
		return nil, a.problem(err)
	}
	found, err := a.ctl.NumberPool.Search(ctx, q)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[AvailableNumber]{}
	out.Body.Items = make([]AvailableNumber, 0, len(found))
	for i, n := range found {
		if i == s.Limit {
			out.Body.Next = found[i-1].Number
			break
		}
		v := AvailableNumber{Number: n.Number, CountryCode: e164.CallingCode(n.Number), Kind: n.Kind, Voice: n.Voice,
			SMS: n.SMS, Fax: n.Fax, Match: n.Match}
		if n.Spelled != n.Number {
			v.Spelled = n.Spelled
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

func (a *api) claimNumber(ctx context.Context, in *struct {
	Tenant string `path:"tenant"`
	Body   NumberClaim
}) (*answer[Number], error) {
	d, err := pbx.ParseDestination("destination", in.Body.Destination)
	if err != nil {
		return nil, a.problem(err)
	}
	n := &pbx.Number{Tenant: in.Tenant, Number: pbx.PlainNumber(in.Body.Number), Description: in.Body.Description,
		Destination: d}
	if err := a.ctl.Inventory.Claim(ctx, author(ctx), n); err != nil {
		return nil, a.problem(err)
	}
	return &answer[Number]{Status: http.StatusCreated, Location: "/v1/tenants/" + in.Tenant + "/numbers/" + n.Number,
		Body: a.numberView(ctx, n)}, nil
}
