package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// kind declares one kind of resource. T is its row, W its write form and V its read form.
// From it come list, create (POST), read, replace (PUT), change (PATCH) and delete, with
// one behaviour for all kinds.
type kind[T, W, V any] struct {
	name    string // singular, for operation ids and texts: "extension"
	plural  string
	path    string // of the collection
	keyName string // of the path parameter: "number"
	rows    *provisioner.Resource[T]
	who     kindAccess // a word of access.go
	// parseKey checks and normalises a key.
	parseKey func(field, s string) (string, *pbx.Error)
	// fresh is a new row with its defaults.
	fresh func(tenant, key string) *T
	// mayAdd refuses the caller a new object with that key; it may be nil.
	mayAdd func(ctx context.Context, tenant, key string) error
	// mayChange refuses the caller a change of that row; it may be nil.
	mayChange func(ctx context.Context, old, row *T) error
	// mayDelete refuses the caller to delete the object with that key; it may be nil.
	mayDelete func(ctx context.Context, key string) error
	// elsewhere is the answer to a caller of one tenant for a key that another tenant has;
	// nil says so.
	elsewhere func(key string) error
	// toRow, toFields and toView carry the fields that the binding does not. They also
	// check a client's body. Each may be nil. old is the present row, or nil.
	toRow    func(w W, old, row *T) error
	toFields func(row *T, w *W)
	toView   func(ctx context.Context, row *T, v *V)
	// reveal adds the secrets that this very write set; it may be nil.
	reveal   func(old, row *T, v *V)
	revision func(*T) int64
	apply    func(*V) *ApplyBlock // where V keeps its apply block

	binding *binding[T, W, V]
}

// newKind binds the fields of a kind; it panics when one is forgotten.
func newKind[T, W, V any](k kind[T, W, V]) kind[T, W, V] {
	k.binding = newBinding[T, W, V](k.keyName)
	return k
}

// key is the key in a body; "" when the body has none.
func (k kind[T, W, V]) key(w W) string { return k.binding.key(w) }

// fields is a row as a client would write it, without secrets.
func (k kind[T, W, V]) fields(row *T) W {
	w := k.binding.fields(row)
	if k.toFields != nil {
		k.toFields(row, &w)
	}
	return w
}

// build makes the row that w asks for; the present row may be nil.
func (k kind[T, W, V]) build(w W, old *T, tenant, key string) (*T, error) {
	row := k.fresh(tenant, key)
	err := k.binding.store(w, old, row)
	if k.toRow != nil {
		err = joined(err, k.toRow(w, old, row))
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}

// joined makes one list of the faults of a body.
func joined(first, second error) error {
	if first == nil || second == nil {
		return cmp.Or(first, second)
	}
	var all, more pbx.Errors
	if errors.As(first, &all) && errors.As(second, &more) {
		return append(all, more...)
	}
	return first
}

// view is the row as a client reads it.
func (k kind[T, W, V]) view(ctx context.Context, row *T) V {
	v := k.binding.view(row, k.fields(row))
	if k.toView != nil {
		k.toView(ctx, row, &v)
	}
	return v
}

// Place is the tenant, or the reseller, and the key in a request's path.
type Place struct{ tenant, key string }

// howToRename says how the key of an object is changed.
func (k kind[T, W, V]) howToRename() string {
	if k.name == "extension" {
		return "POST …/extensions/NUMBER/renumber gives an extension another number"
	}
	return "a " + k.name + " keeps its " + k.keyName + "; leave it out, or make a new " + k.name + " and delete this one"
}

// Resolve implements huma.Resolver; the parameters are declared by hand because
// their names differ between kinds.
func (p *Place) Resolve(ctx huma.Context) []error {
	names := strings.FieldsFunc(ctx.Operation().Path, func(r rune) bool { return r == '/' })
	for _, n := range names {
		switch {
		case n == "{tenant}" || n == "{reseller}" && !strings.HasSuffix(ctx.Operation().Path, n):
			p.tenant = ctx.Param(strings.Trim(n, "{}"))
		case strings.HasPrefix(n, "{"):
			p.key = ctx.Param(strings.Trim(n, "{}"))
		}
	}
	return nil
}

// answer is the answer to every operation on one object.
type answer[V any] struct {
	Status            int
	ETag              string `header:"ETag" doc:"Validator for If-Match"`
	Location          string `header:"Location" doc:"Path of the object that was created"`
	PreferenceApplied string `header:"Preference-Applied" doc:"wait when the answer was held back"`
	Body              V
}

// page is the answer to a list.
type page[V any] struct {
	Body struct {
		Items []V    `json:"items" nullable:"false"`
		Next  string `json:"next,omitempty" doc:"Pass as after to get the next page; absent on the last one"`
	}
}

// paged is a page of rows, of which one more than limit was asked for: that one says that more
// follow the key of the last one shown.
func paged[R, V any](rows []R, limit int, key func(R) string, view func(R) V) *page[V] {
	out := &page[V]{}
	if len(rows) > limit {
		rows = rows[:limit]
		out.Body.Next = key(rows[limit-1])
	}
	out.Body.Items = make([]V, len(rows))
	for i, row := range rows {
		out.Body.Items[i] = view(row)
	}
	return out
}

type listInput struct {
	Place
	After    string `query:"after" doc:"List what comes after this key"`
	Limit    int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
	Contains string `query:"contains" maxLength:"60" doc:"Only those whose key or name contains this text"`
}

type getInput struct{ Place }

type deleteInput struct {
	Place
	WriteHeaders
}

type removeInput struct {
	Place
	WriteHeaders
	Confirm string `query:"confirm" doc:"Key of the object: deletes an extension or a device although something refers to it, and clears what does; an extension's own mailbox goes with its messages"`
}

type bodyInput[W any] struct {
	Place
	WriteHeaders
	Body W
}

type patchInput struct {
	Place
	WriteHeaders
	RawBody []byte
}

// Deleted is the answer to a delete.
type Deleted struct {
	Deleted string     `json:"deleted" doc:"Key of the object that is gone"`
	Apply   ApplyBlock `json:"apply"`
}

func (k kind[T, W, V]) list(ctx context.Context, a *api, in *listInput) (*page[V], error) {
	after, perr := in.After, (*pbx.Error)(nil)
	if after != "" {
		after, perr = k.parseKey("after", in.After)
	}
	if perr != nil {
		return nil, a.problem(perr)
	}
	rows, err := k.rows.List(ctx, in.tenant, db.ListOptions{After: after, Limit: in.Limit + 1, Contains: in.Contains,
		Branch: caller(ctx).Reseller})
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(rows, in.Limit, func(row *T) string { return k.key(k.fields(row)) },
		func(row *T) V { return k.show(ctx, a, row, WriteHeaders{}) }), nil
}

func (k kind[T, W, V]) get(ctx context.Context, a *api, p Place) (*answer[V], error) {
	key, perr := k.parseKey(k.keyName, p.key)
	if perr != nil {
		return nil, a.problem(perr)
	}
	row, err := k.rows.Get(ctx, p.tenant, key)
	if err != nil {
		return nil, a.problem(err)
	}
	return &answer[V]{Status: 200, ETag: etag(k.revision(row)), Body: k.show(ctx, a, row, WriteHeaders{})}, nil
}

// show makes the view with its apply block.
func (k kind[T, W, V]) show(ctx context.Context, a *api, row *T, h WriteHeaders) V {
	v := k.view(ctx, row)
	*k.apply(&v) = a.applied(ctx, k.revision(row), h.wait())
	return v
}

// write stores what body makes of the present row.
func (k kind[T, W, V]) write(ctx context.Context, a *api, p Place, h WriteHeaders,
	body func(old *T) (W, error)) (*answer[V], error) {
	key, perr := k.parseKey(k.keyName, p.key)
	if perr != nil {
		return nil, a.problem(perr)
	}
	cond, err := h.condition()
	if err != nil {
		return nil, a.problem(err)
	}
	var before *T
	row, created, err := k.rows.Edit(ctx, author(ctx), p.tenant, key, cond, func(old *T) (*T, error) {
		before = keep(old)
		w, err := body(old)
		if err != nil {
			return nil, err
		}
		if err := k.checkAdd(ctx, old, p.tenant, key); err != nil {
			return nil, err
		}
		if named, _ := k.parseKey(k.keyName, k.key(w)); k.key(w) != "" && named != key {
			return nil, pbx.Invalidf(k.keyName, "differs from the path, which says %s: %s", key, k.howToRename())
		}
		made, err := k.build(w, old, p.tenant, key)
		if err == nil && k.mayChange != nil {
			err = k.mayChange(ctx, old, made)
		}
		return made, err
	})
	if k.elsewhere != nil && !caller(ctx).Everywhere() && pbx.KindOf(err) == pbx.Conflict {
		var conflict *pbx.Error
		if errors.As(err, &conflict) && conflict.Field == k.keyName {
			err = k.elsewhere(key)
		}
	}
	if err != nil {
		return nil, a.problem(err)
	}
	out := &answer[V]{Status: 200, ETag: etag(k.revision(row)), Body: k.show(ctx, a, row, h)}
	if k.reveal != nil {
		k.reveal(before, row, &out.Body)
	}
	if created {
		out.Status = 201
		out.Location = k.at(p.tenant, key)
	}
	out.PreferenceApplied = h.preferenceApplied()
	return out, nil
}

// at is the path of the object with a key, of a tenant or reseller.
func (k kind[T, W, V]) at(owner, key string) string {
	owner = url.PathEscape(owner)
	return strings.NewReplacer("{tenant}", owner, "{reseller}", owner).Replace(k.path) + "/" + url.PathEscape(key)
}

// checkAdd refuses to make an object by PUT where the caller may not make it by POST, and
// what mayAdd refuses. It comes before anything is looked up about the key elsewhere, so
// that the answer does not tell whether another tenant has it.
func (k kind[T, W, V]) checkAdd(ctx context.Context, old *T, tenant, key string) error {
	if old != nil {
		return nil
	}
	by := caller(ctx)
	// A user that came this far without a role that may change all of the kind has the user's
	// own object before it, which PUT makes as well.
	own := k.who.change.own != nil && !k.who.change.allows(by.Role)
	if !own && !k.who.create.allows(by.Role) {
		return &pbx.Error{Kind: pbx.Forbidden, Field: k.keyName, Message: fmt.Sprintf(
			"role %s may not make a new %s; it takes %s", by.Role, k.name, strings.Join(k.who.create.names(), ", "))}
	}
	if k.mayAdd == nil {
		return nil
	}
	return k.mayAdd(ctx, tenant, key)
}

func (k kind[T, W, V]) delete(ctx context.Context, a *api, in *removeInput) (*answer[Deleted], error) {
	key, perr := k.parseKey(k.keyName, in.key)
	if perr != nil {
		return nil, a.problem(perr)
	}
	cond, err := in.condition()
	if err != nil {
		return nil, a.problem(err)
	}
	if k.mayDelete != nil {
		if err := k.mayDelete(ctx, key); err != nil {
			return nil, a.problem(err)
		}
	}
	remove := k.rows.Delete
	if in.Confirm != "" {
		if named, perr := k.parseKey("confirm", in.Confirm); perr != nil || named != key {
			return nil, a.problem(pbx.Invalidf("confirm", "must be %s, the key of what is to be deleted", key))
		}
		remove = k.rows.DeleteReferred
	}
	revision, err := remove(ctx, author(ctx), in.tenant, key, cond)
	if err != nil {
		p := a.problem(err)
		if p.Kind == string(pbx.InUse) && in.Confirm == "" && k.rows.Releases() {
			p.Detail += "; ?confirm=" + url.QueryEscape(key) + " deletes it all the same and clears what refers to it"
		}
		return nil, p
	}
	out := &answer[Deleted]{Status: 200, Body: Deleted{Deleted: key, Apply: a.applied(ctx, revision, in.wait())}}
	out.PreferenceApplied = in.preferenceApplied()
	return out, nil
}
