package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	// maxBody is the longest body, in bytes; huma's default for those it decodes.
	maxBody = 1 << 20
	// bodyWithin is how long reading it may take; huma's default as well.
	bodyWithin = 5 * time.Second
)

// registerKind declares the operations of one kind.
func registerKind[T, W, V any](a *api, k kind[T, W, V]) {
	one := k.path + "/{" + k.keyName + "}"
	declare(a, k.who.list, k.operation("GET", k.path, "list-"+k.plural, "List "+k.plural),
		func(ctx context.Context, in *listInput) (*page[V], error) {
			return k.list(ctx, a, in)
		})
	create := k.operation("POST", k.path, "create-"+k.name, "Create; refused when it exists")
	create.DefaultStatus = http.StatusCreated
	declare(a, k.who.create, create, func(ctx context.Context, in *bodyInput[W]) (*answer[V], error) {
		return k.create(ctx, a, in)
	})
	declare(a, k.who.read, k.operation("GET", one, "get-"+k.name, "Read"),
		func(ctx context.Context, in *getInput) (*answer[V], error) {
			return k.get(ctx, a, in.Place)
		})
	declare(a, k.who.change, k.operation("PUT", one, "put-"+k.name, "Create or replace"),
		func(ctx context.Context, in *bodyInput[W]) (*answer[V], error) {
			return k.write(ctx, a, in.Place, in.WriteHeaders, func(*T) (W, error) { return in.Body, nil })
		})
	put := a.hu.OpenAPI().Paths[one].Put.Responses
	created := *put["200"]
	created.Description = "Created"
	put["201"] = &created
	registerPatch(a, k, one)
	declare(a, k.who.change, k.operation("DELETE", one, "delete-"+k.name, "Delete; refused while something refers to it"),
		func(ctx context.Context, in *removeInput) (*answer[Deleted], error) {
			return k.delete(ctx, a, in)
		})
}

// registerPatch declares changing some fields of the object at path.
func registerPatch[T, W, V any](a *api, k kind[T, W, V], path string) {
	patch := k.operation("PATCH", path, "patch-"+k.name, "Change some fields (JSON merge patch, RFC 7396)")
	patch.RequestBody, patch.SkipValidateBody = k.patchBody(a), true // the merged document counts
	// huma bounds the bodies that it decodes itself, and only those.
	patch.MaxBodyBytes, patch.BodyReadTimeout = maxBody, bodyWithin
	declare(a, k.who.patch, patch, func(ctx context.Context, in *patchInput) (*answer[V], error) {
		return k.write(ctx, a, in.Place, in.WriteHeaders, func(old *T) (W, error) { return k.merge(a, old, in) })
	})
}

func (k kind[T, W, V]) operation(method, path, id, summary string) huma.Operation {
	op := huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{k.plural},
		Metadata: map[string]any{readOnlyKey: k.readOnly()}, Errors: []int{400, 401, 404, 409, 412, 413, 422}}
	for segment := range strings.SplitSeq(path, "/") {
		if name := strings.Trim(segment, "{}"); name != segment {
			op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true,
				Schema: &huma.Schema{Type: "string"}})
		}
	}
	return op
}

// readOnlyKey is where an operation's metadata keep the read-only fields.
const readOnlyKey = "read-only"

// readOnly names the fields that a client reads and cannot write.
func (k kind[T, W, V]) readOnly() map[string]bool {
	names := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[V]()) {
		names[jsonName(f)] = !f.Anonymous
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[W]()) {
		delete(names, jsonName(f))
	}
	return names
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// bodySchema is the schema of what a client may write.
func (k kind[T, W, V]) bodySchema(a *api) *huma.Schema {
	return a.hu.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[W](), true, "")
}
