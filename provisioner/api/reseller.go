package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ResellerFields is what a client may write.
type ResellerFields struct {
	Name                string  `json:"name,omitempty" doc:"1 to 31 lower-case letters, digits and hyphens; taken from the path in PUT and PATCH"`
	Parent              *string `json:"parent,omitempty" doc:"The reseller above it. Left out, it stays as it is; a new one stands below the platform, or below the reseller whose admin makes it" row:"Parent,by hand"`
	Title               string  `json:"title,omitempty" doc:"What people call it, at most 100 characters"`
	MaxExtensions       int     `json:"max_extensions,omitempty" minimum:"0" maximum:"1000000" doc:"How many extensions it hands on to resellers and tenants right below it, in sum; 0 is without limit"`
	MaxCalls            int     `json:"max_calls,omitempty" minimum:"0" maximum:"1000000" doc:"How many calls outside at once it hands on, in sum; 0 is without limit"`
	MaxNumbers          int     `json:"max_numbers,omitempty" minimum:"0" maximum:"1000000" doc:"How many numbers it hands on, in sum; 0 is without limit"`
	DefaultNumber       bool    `json:"default_number,omitempty" doc:"Each new tenant right below it gets an available number, which leads to a virtual extension with a mailbox"`
	DefaultNumberKind   string  `json:"default_number_kind,omitempty" enum:"local,global,toll-free,vanity,mobile" doc:"Of that number; any if left out"`
	DefaultNumberPrefix string  `json:"default_number_prefix,omitempty" doc:"How that number begins, such as +4930"`
	AgingDays           int     `json:"aging_days,omitempty" minimum:"0" maximum:"3650" doc:"How long a number rests that carried calls when a tenant gives it back; then it is available by itself"`
}

// Reseller is what a client reads.
type Reseller struct {
	Name                string     `json:"name"`
	Parent              string     `json:"parent,omitempty" doc:"The reseller above it; absent: the platform"`
	Title               string     `json:"title"`
	MaxExtensions       int        `json:"max_extensions" doc:"0 is without limit"`
	MaxCalls            int        `json:"max_calls" doc:"0 is without limit"`
	MaxNumbers          int        `json:"max_numbers" doc:"0 is without limit"`
	DefaultNumber       bool       `json:"default_number"`
	DefaultNumberKind   string     `json:"default_number_kind,omitempty"`
	DefaultNumberPrefix string     `json:"default_number_prefix,omitempty"`
	AgingDays           int        `json:"aging_days"`
	Apply               ApplyBlock `json:"apply"`
}

func registerResellers(a *api) {
	registerKind(a, newKind(kind[pbx.Reseller, ResellerFields, Reseller]{
		name: "reseller", plural: "resellers", path: "/v1/resellers", keyName: "name", rows: a.ctl.Resellers, who: ofBranch,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckResellerName(field, s) },
		fresh:    func(_, name string) *pbx.Reseller { return &pbx.Reseller{Name: name} },
		mayChange: func(ctx context.Context, old, r *pbx.Reseller) error {
			if by := caller(ctx); old == nil && r.Parent == "" {
				r.Parent = by.Reseller
			}
			return mayChangeReseller(ctx, old, r)
		},
		mayDelete: func(ctx context.Context, name string) error {
			if caller(ctx).Reseller == name {
				return &pbx.Error{Kind: pbx.Forbidden, Message: "a reseller is deleted by the account above it"}
			}
			return nil
		},
		toRow: func(w ResellerFields, old, r *pbx.Reseller) error {
			r.Parent = stays(w.Parent, old, func(o *pbx.Reseller) string { return o.Parent })
			return nil
		},
		toFields: func(r *pbx.Reseller, w *ResellerFields) { w.Parent = &r.Parent },
		revision: func(r *pbx.Reseller) int64 { return r.Revision },
		apply:    func(v *Reseller) *ApplyBlock { return &v.Apply },
	}))
}

// stays is a field as it is written, or as it is where it was left out.
func stays[T any](written *string, old *T, at func(*T) string) string {
	switch {
	case written != nil:
		return *written
	case old != nil:
		return at(old)
	}
	return ""
}

// mayChangeReseller leaves to the account above what a reseller admin's own reseller gets.
func mayChangeReseller(ctx context.Context, old, r *pbx.Reseller) error {
	by := caller(ctx)
	if r.Name != by.Reseller || old == nil {
		return nil
	}
	var es pbx.Errors
	for _, f := range []struct {
		field   string
		changed bool
	}{{"max_calls", r.MaxCalls != old.MaxCalls}, {"max_extensions", r.MaxExtensions != old.MaxExtensions},
		{"max_numbers", r.MaxNumbers != old.MaxNumbers}, {"parent", r.Parent != old.Parent}} {
		if f.changed {
			es.Add(&pbx.Error{Kind: pbx.Forbidden, Field: f.field, Message: f.field + " of a reseller is set by the account above it"})
		}
	}
	return es.Err()
}
