package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PhoneModel is one model of desk phone that Dialtone writes files for.
type PhoneModel struct {
	Vendor     string   `json:"vendor" enum:"yealink,polycom"`
	Model      string   `json:"model" doc:"What a phone's model field says"`
	Also       []string `json:"also,omitempty" doc:"Other names that are understood"`
	Kind       string   `json:"kind" doc:"desk, video, conference, handset or dect (a base)"`
	Accounts   int      `json:"accounts" doc:"SIP registrations"`
	Keys       int      `json:"keys" doc:"Keys that buttons can be put on, over all pages"`
	Pages      int      `json:"pages,omitempty" doc:"Pages of keys, where known"`
	Module     string   `json:"module,omitempty" doc:"Its expansion module"`
	ModuleKeys int      `json:"module_keys,omitempty" doc:"Keys of one module"`
	Modules    int      `json:"modules,omitempty" doc:"How many modules it takes"`
	Screen     string   `json:"screen,omitempty"`
	Firmware   string   `json:"firmware" doc:"Newest branch that the sources show"`
	Era        string   `json:"era" doc:"Generation of parameter names that its files use"`
	HTTPS      string   `json:"https" enum:"modern,old" doc:"What its newest firmware speaks. old: TLS 1.0 alone, or no ECDHE: with --phone-tls-old, or over plain HTTP"`
	CommonFile string   `json:"common_file,omitempty" doc:"Name of the file that all Yealinks of this model ask for; Dialtone serves none and puts everything into the phone's own file"`
	Sources    []string `json:"sources" nullable:"false" doc:"Tags of the fact sheets phones/yealink.md and phones/polycom.md"`
	Uncertain  string   `json:"uncertain,omitempty" doc:"What no second source confirms: try it on a phone"`
}

type phoneModelsInput struct {
	Vendor   string `query:"vendor" enum:"yealink,polycom" doc:"Only of this make"`
	Contains string `query:"contains" maxLength:"40" doc:"Only models whose name contains this, in any spelling"`
}

func (a *api) registerPhoneModels() {
	declare(a, everyRole.aboutNoTenant(), huma.Operation{Method: "GET", Path: "/v1/phone-models",
		OperationID: "list-phone-models", Tags: []string{"phones"},
		Summary: "What a phone's model can be", Errors: []int{401, 422}},
		func(_ context.Context, in *phoneModelsInput) (*page[PhoneModel], error) {
			out := &page[PhoneModel]{}
			out.Body.Items = []PhoneModel{}
			for _, m := range fleet.Models(pbx.Vendor(in.Vendor), in.Contains) {
				out.Body.Items = append(out.Body.Items, phoneModelView(m))
			}
			return out, nil
		})
}

func phoneModelView(m fleet.Model) PhoneModel {
	https := "modern"
	if m.OldTLS() {
		https = "old"
	}
	return PhoneModel{Vendor: string(m.Vendor), Model: m.Name, Also: m.Also, Kind: m.Kind, Accounts: m.Accounts,
		Keys: m.Keys(), Pages: m.Pages,
		Module: m.Module, ModuleKeys: m.ModuleKeys, Modules: m.Modules, Screen: m.Screen, Firmware: m.Firmware,
		Era: string(m.Era), HTTPS: https,
		CommonFile: string(m.CommonFile()), Sources: m.Sources, Uncertain: m.Uncertain}
}
