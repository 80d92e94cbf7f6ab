package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// access says which roles may use an operation. Every operation is declared with one of the
// words below, and New panics when one is not; together they are the table role × operation
// that authenticate enforces and the document shows (testdata/access.txt has it as a
// whole).
//
// A caller of one tenant reaches that tenant only, a reseller admin the own branch: the own
// reseller, all below it, and their tenants. How an operation names its tenant or reseller is
// seen from its path and input; one that names none must say why that is no hole: it is about
// the caller alone, it narrows itself to the branch, or it is about nothing that is a tenant's.
type access struct {
	word  string
	roles []pbx.Role
	// branch lets a reseller admin use the operation in the own branch.
	branch bool
	// narrowed says that the operation narrows itself to the caller's branch.
	narrowed bool
	// own says which objects are a user's own, and ownRoles which roles may use the operation on
	// those only.
	own      owns
	ownRoles []pbx.Role
	// tenantless says that the operation touches no tenant's objects.
	tenantless bool
	// unfinished admits a user that must choose a password first.
	unfinished bool
}

// owns reports whether the object with that key is the caller's own. The object is in the
// caller's tenant.
type owns func(a *api, by *signin.Caller, key string) bool

// The words, from the narrowest to the widest.
var (
	platformAdmins = access{word: "platform admins", roles: []pbx.Role{pbx.RolePlatformAdmin}}
	branchAdmins   = access{word: "branch admins", roles: []pbx.Role{pbx.RolePlatformAdmin}, branch: true}
	tenantAdmins   = access{word: "tenant admins", roles: []pbx.Role{pbx.RolePlatformAdmin, pbx.RoleTenantAdmin}, branch: true}
	operators      = access{word: "operators", roles: []pbx.Role{pbx.RolePlatformAdmin, pbx.RoleTenantAdmin,
		pbx.RoleOperator}, branch: true}
	everyRole = access{word: "every role", roles: []pbx.Role{pbx.RolePlatformAdmin, pbx.RoleTenantAdmin,
		pbx.RoleOperator, pbx.RoleUser}, branch: true}
	// strangers need no token: it is how one is come by.
	strangers = access{word: "everybody", tenantless: true}
)

// kindAccess holds the access words for the six operations of a kind. change is PUT and DELETE.
type kindAccess struct{ list, create, read, change, patch access }

// The words for kinds.
var (
	ofTenant = kindAccess{operators, tenantAdmins, operators, tenantAdmins, tenantAdmins}
	// a tenant's licence is not its own to change; the rest is, see mayChangeTenant
	ofPlatform   = kindAccess{branchAdmins.inBranch(), branchAdmins.inBranch(), operators, branchAdmins, tenantAdmins}
	onlyPlatform = kindAccess{platformAdmins, platformAdmins, platformAdmins, platformAdmins, platformAdmins}
	// what a reseller gets is not its own to change, see mayChangeReseller
	ofBranch = kindAccess{branchAdmins.inBranch(), branchAdmins.inBranch(), branchAdmins, branchAdmins, branchAdmins}
)

// readBy lets a user read the user's own.
func (k kindAccess) readBy(own owns) kindAccess {
	k.read = k.read.and(own)
	return k
}

// changedBy lets a user replace, change and delete the user's own.
func (k kindAccess) changedBy(own owns) kindAccess {
	k.change, k.patch = k.change.and(own), k.patch.and(own)
	return k
}

// and lets a user of a tenant use the operation on the user's own.
func (c access) and(own owns) access {
	c.own, c.ownRoles = own, pbx.UserRoles
	return c
}

// knowing says which objects are a user's own, and lets nobody else in: beforePassword is about
// those only.
func (c access) knowing(own owns) access {
	c.own = own
	return c
}

// aboutNoTenant marks an operation that touches no tenant's objects.
func (c access) aboutNoTenant() access {
	c.tenantless = true
	return c
}

// inBranch marks an operation that narrows itself to the caller's branch.
func (c access) inBranch() access {
	c.narrowed = true
	return c
}

// beforePassword admits a user that must choose a password first.
func (c access) beforePassword() access {
	c.unfinished = true
	return c
}

// Objects that can be a user's own.
var (
	ownUser      owns = func(_ *api, by *signin.Caller, key string) bool { return by.OwnsUser(key) }
	ownExtension owns = func(_ *api, by *signin.Caller, key string) bool { return by.OwnsExtension(key) }
	ownDevice    owns = func(a *api, by *signin.Caller, key string) bool { return by.OwnsDevice(a.ctl.Snapshot(), key) }
	ownMailbox   owns = func(a *api, by *signin.Caller, key string) bool { return by.OwnsMailbox(a.ctl.Snapshot(), key) }
	// ownMessages are those of a mailbox that several people have, too.
	ownMessages owns = func(a *api, by *signin.Caller, key string) bool { return by.SharesMailbox(a.ctl.Snapshot(), key) }
	// ownCDRs lets each user in: the list is narrowed to the user's own, see ownCalls.
	ownCDRs owns = func(_ *api, by *signin.Caller, _ string) bool { return by.User != nil }
	// ownRecordings is of one recording, and of their list, which the handler narrows.
	// ownRecordings lets each user with an extension in: which recordings are the user's own
	// is asked of the database, see mayHear.
	ownRecordings owns = func(_ *api, by *signin.Caller, _ string) bool { return by.User != nil }
)

// accessKey is where an operation's metadata keep its access.
const accessKey = "access"

// declare registers an operation with the roles that may use it. It stands for
// huma.Register, which an operation cannot start with.
func declare[I, O any](a *api, who access, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	if who.word == "" {
		panic("operation " + op.OperationID + " does not say who may use it: begin with a word of access.go")
	}
	if !who.allows(pbx.RolePlatformAdmin) && !who.open() || who.tenant(op.Path, reflect.TypeFor[I]()) == "" {
		panic("operation " + op.OperationID +
			" is for those who belong to a tenant, and names none: use {tenant} or {reseller} in the path, " +
			"TenantQuery in the input, inBranch or aboutNoTenant")
	}
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata[accessKey] = who
	op.Extensions = map[string]any{"x-roles": who.names()}
	op.Description = strings.TrimSpace(op.Description + "\n\n" + who.sentence())
	if who.open() {
		op.Security = []map[string][]string{{}}
	} else if !slices.Contains(op.Errors, http.StatusForbidden) {
		op.Errors = append(slices.Clone(op.Errors), http.StatusForbidden)
	}
	huma.Register(a.hu, op, handler)
}

// open reports whether no token is needed.
func (c access) open() bool { return len(c.roles) == 0 }

func (c access) allows(r pbx.Role) bool {
	return slices.Contains(c.roles, r) || c.branch && r == pbx.RoleResellerAdmin
}

// tenant tells how the operation names its tenant; "" for not at all.
func (c access) tenant(path string, input reflect.Type) string {
	_, query := input.FieldByName("TenantQuery")
	_, branch := input.FieldByName("BranchQuery")
	switch {
	case tenantParam(path) != "" || resellerParam(path) != "":
		return "path"
	case query || branch:
		return "query"
	case c.narrowed:
		return "branch"
	case c.tenantless || !c.branch && !slices.ContainsFunc(c.roles, func(r pbx.Role) bool { return r != pbx.RolePlatformAdmin }):
		return "none"
	}
	return ""
}

// tenantParam is the path parameter with the tenant, or "".
func tenantParam(path string) string { return paramBehind(path, "/v1/tenants/{") }

// resellerParam is the path parameter with the reseller, or "".
func resellerParam(path string) string { return paramBehind(path, "/v1/resellers/{") }

func paramBehind(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "}")
	return name
}

// keyParam is the path parameter with the object's key. It is the first behind the tenant or
// reseller, or "".
func keyParam(path string) string {
	_, rest, ok := strings.Cut(path, "{tenant}")
	if !ok {
		_, rest, ok = strings.Cut(path, "{reseller}")
	}
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, "{")
	name, _, _ := strings.Cut(rest, "}")
	return name
}

// names lists the roles as the document shows them. Roles with access to a user's own
// objects only read "user (own)"; a reseller admin's reach is "own branch".
func (c access) names() []string {
	out := []string{}
	for _, r := range everyRole.roles {
		switch {
		case c.allows(r):
			out = append(out, string(r))
			switch {
			case r != pbx.RolePlatformAdmin || !c.branch:
			case c.tenantless:
				out = append(out, string(pbx.RoleResellerAdmin))
			default:
				out = append(out, string(pbx.RoleResellerAdmin)+" (own branch)")
			}
		case slices.Contains(c.ownRoles, r):
			out = append(out, string(r)+" (own)")
		}
	}
	return out
}

func (c access) sentence() string {
	if c.open() {
		return "Needs no token."
	}
	return "Roles: " + strings.Join(c.names(), ", ") + "."
}

// check returns why a caller may not use an operation, or nil. A caller of one tenant gets
// the same answer for another one and for one that does not exist.
func (c access) check(a *api, by *signin.Caller, ctx huma.Context) error {
	path := ctx.Operation().Path
	named := accountNamed(ctx, path)
	own := c.own != nil && by.User != nil && (named == "" || named == by.Account) && c.own(a, by, ctx.Param(keyParam(path)))
	if by.MustChange && (!c.unfinished || c.own != nil && !own) {
		return &pbx.Error{Kind: pbx.Forbidden, Message: "choose a password first: POST " + userPath(by.User) + "/password"}
	}
	if !c.allows(by.Role) && (!slices.Contains(c.ownRoles, by.Role) || by.User == nil) {
		return &pbx.Error{Kind: pbx.Forbidden, Message: "role " + string(by.Role) + " may not do this; it takes " +
			strings.Join(c.names(), ", ")}
	}
	if tenant := named.Tenant(); by.Tenant != "" && tenant != "" && tenant != by.Tenant {
		return pbx.NotFoundf("tenant %s does not exist", tenant)
	}
	if by.Reseller != "" {
		return a.checkBranch(by, ctx)
	}
	if !c.allows(by.Role) && !own {
		return notOwn(by)
	}
	return nil
}

// notOwn refuses what is somebody else's.
func notOwn(by *signin.Caller) error {
	return &pbx.Error{Kind: pbx.Forbidden, Message: "role " + string(by.Role) + " may do this with the own one only"}
}

// accountNamed is the tenant or reseller that a request names, or "".
func accountNamed(ctx huma.Context, path string) pbx.Account {
	if p := resellerParam(path); p != "" {
		return pbx.AccountOf(ctx.Param(p), "")
	}
	return pbx.AccountOf("", tenantNamed(ctx, path))
}

// tenantNamed is the tenant that a request names, or "".
func tenantNamed(ctx huma.Context, path string) string {
	if p := tenantParam(path); p != "" {
		return ctx.Param(p)
	}
	return ctx.Query("tenant")
}

// checkDeclared panics when an operation was registered without an access word. So its
// access cannot be forgotten.
func (a *api) checkDeclared() {
	for path, item := range a.hu.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch, item.Head, item.Options,
			item.Trace} {
			if op == nil {
				continue
			}
			if _, ok := op.Metadata[accessKey].(access); !ok {
				panic("operation " + op.OperationID + " at " + path +
					" does not say who may use it: register it with declare and a word of access.go")
			}
		}
	}
}
