package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// RouteFields is what a client may write.
type RouteFields struct {
	Name        string       `json:"name,omitempty" doc:"1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Description string       `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
	Match       []string     `row:",sorted" json:"match" nullable:"false" doc:"Which numbers: prefixes in E.164 such as +4989, and the words national, international, premium, shared-cost and any. Of the routes that fit a number those count that have the most exact entry: the longest prefix, before premium and shared-cost, before national and international, before any. A number that no route fits leaves by all trunks. Emergency numbers ask no route"`
	Priority    *int         `json:"priority,omitempty" minimum:"0" maximum:"100" doc:"Of routes that fit equally well the one with the lowest counts first, and by name where equal; the trunks of the next are tried after its own. 0 to 100; 50 if left out"`
	Trunks      []RouteTrunk `json:"trunks,omitempty" nullable:"false" doc:"Up to 20 trunks, tried in this order; the next one after the same answers as without a route. Required without block"`
	Block       string       `json:"block,omitempty" doc:"Refuses such calls (403): the record, and who sets a forward, are told this sentence, at most 200 characters"`
	CallerID    []string     `json:"caller_id,omitempty" nullable:"false" doc:"What the carrier is shown as the caller's number, best first, of number (the extension's presentation number), trunk (the trunk's caller_number) and extension (its own number); number, trunk, extension if left out"`
}

// RouteTrunk is a trunk of a route.
type RouteTrunk struct {
	Trunk  string           `json:"trunk" doc:"Its name"`
	Prefix string           `json:"prefix,omitempty" doc:"1 to 8 digits that are put before each number, in place of a +"`
	Format pbx.NumberFormat `json:"format,omitempty" enum:"+e164,e164,international,national," doc:"How the carrier wants numbers, in the tenant's country: +e164 (+493012345, if left out), e164 (493012345), international (00493012345), or national (03012345, other countries as international). Short numbers stay"`
	Weight int              `json:"weight,omitempty" minimum:"0" maximum:"100" doc:"Share of the calls that try it first, 1 to 100; those without one come behind, in their order. Twins, external devices and members of groups try the heaviest first"`
}

// Route is what a client reads.
type Route struct {
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Match       []string     `json:"match" nullable:"false"`
	Priority    int          `json:"priority"`
	Trunks      []RouteTrunk `json:"trunks" nullable:"false"`
	Block       string       `json:"block,omitempty"`
	CallerID    []string     `json:"caller_id,omitempty"`
	Apply       ApplyBlock   `json:"apply"`
}

func registerRoutes(a *api) {
	registerKind(a, newKind(kind[pbx.OutboundRoute, RouteFields, Route]{
		name: "route", plural: "routes", path: "/v1/tenants/{tenant}/routes", keyName: "name", rows: a.ctl.OutboundRoutes,
		who:      ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(tenant, name string) *pbx.OutboundRoute {
			return &pbx.OutboundRoute{Tenant: tenant, Name: name, Priority: pbx.DefaultRoutePriority}
		},
		revision: func(o *pbx.OutboundRoute) int64 { return o.Revision },
		apply:    func(v *Route) *ApplyBlock { return &v.Apply },
	}))
}
