package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// patchBody documents the body of a PATCH: any fields of the write form.
func (k kind[T, W, V]) patchBody(a *api) *huma.RequestBody {
	return &huma.RequestBody{Required: true,
		Description: "Fields to change; null sets a field back to its default, what is not named stays as it is",
		Content:     map[string]*huma.MediaType{"application/merge-patch+json": {Schema: k.bodySchema(a)}}}
}

// merge applies a JSON merge patch (RFC 7396) to the present row's write form. The result
// is checked against the schema of a PUT.
func (k kind[T, W, V]) merge(a *api, old *T, in *patchInput) (w W, err error) {
	if old == nil && in.key == "" { // settings that each tenant has
		return w, pbx.NotFoundf("tenant %s does not exist", in.tenant)
	}
	if old == nil {
		return w, pbx.NotFoundf("%s %s does not exist; PUT or POST creates it", k.name, in.key)
	}
	var patch any
	if err := unmarshal(in.RawBody, &patch); err != nil {
		return w, newProblem(400, err.Error(), nil)
	}
	fields, ok := patch.(map[string]any)
	if !ok {
		return w, newProblem(422, "the body must be an object with the fields to change", nil)
	}
	if err := k.unknownNull(a, fields); err != nil {
		return w, err
	}
	present, err := json.Marshal(k.fields(old))
	if err != nil {
		return w, fmt.Errorf("encoding the present %s: %w", k.name, err)
	}
	var doc any
	if err := json.Unmarshal(present, &doc); err != nil {
		return w, fmt.Errorf("decoding the present %s: %w", k.name, err)
	}
	doc = mergePatch(doc, patch)
	var result huma.ValidateResult
	huma.Validate(a.hu.OpenAPI().Components.Schemas, k.bodySchema(a), huma.NewPathBuffer([]byte("body"), 4),
		huma.ModeWriteToServer, doc, &result)
	if len(result.Errors) > 0 {
		return w, newProblem(422, "validation failed", k.readOnly(), result.Errors...)
	}
	merged, err := json.Marshal(doc)
	if err != nil {
		return w, fmt.Errorf("encoding the changed %s: %w", k.name, err)
	}
	if err := unmarshal(merged, &w); err != nil {
		return w, newProblem(422, "validation failed", nil, err)
	}
	return w, nil
}

// unknownNull refuses null for what is no field. The merged document does not show it.
func (k kind[T, W, V]) unknownNull(a *api, fields map[string]any) error {
	schema := k.bodySchema(a)
	if schema.Ref != "" {
		schema = a.hu.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, known := schema.Properties[name]; !known && fields[name] == nil {
			return newProblem(422, "validation failed", k.readOnly(),
				&huma.ErrorDetail{Message: validation.MsgUnexpectedProperty, Location: "body." + name})
		}
	}
	return nil
}

// mergePatch is the algorithm of RFC 7396, section 2.
func mergePatch(target, patch any) any {
	fields, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out := map[string]any{}
	if t, ok := target.(map[string]any); ok {
		out = maps.Clone(t)
	}
	for name, value := range fields {
		if value == nil {
			delete(out, name)
			continue
		}
		out[name] = mergePatch(out[name], value)
	}
	return out
}
