package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// BlockedCallerFields is what a client may write.
type BlockedCallerFields struct {
	Number      string `json:"number,omitempty" doc:"The caller's number in any spelling, 3 to 20 digits, with or without a + before them; or, with begins, how callers' numbers begin in E.164, such as +4989. Taken from the path in PUT and PATCH"`
	Begins      bool   `json:"begins,omitempty" doc:"Refuses every caller whose number begins so"`
	Description string `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
}

// BlockedCaller is what a client reads.
type BlockedCaller struct {
	Number      string     `json:"number"`
	Begins      bool       `json:"begins"`
	Description string     `json:"description"`
	Apply       ApplyBlock `json:"apply"`
}

func registerBlockedCallers(a *api) {
	registerKind(a, newKind(kind[pbx.BlockedCaller, BlockedCallerFields, BlockedCaller]{
		name: "blocked-caller", plural: "blocked-callers", path: "/v1/tenants/{tenant}/blocked-callers", keyName: "number",
		rows: a.ctl.BlockedCallers, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) {
			s = pbx.PlainNumber(s)
			return s, pbx.CheckBlocked(field, s)
		},
		fresh: func(tenant, number string) *pbx.BlockedCaller {
			return &pbx.BlockedCaller{Tenant: tenant, Number: number}
		},
		revision: func(b *pbx.BlockedCaller) int64 { return b.Revision },
		apply:    func(v *BlockedCaller) *ApplyBlock { return &v.Apply },
	}))
}
