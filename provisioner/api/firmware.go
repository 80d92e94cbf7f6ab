package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
)

// Firmware is a file of the firmware folder.
type Firmware struct {
	Name   string `json:"name"`
	Size   int64  `json:"size" doc:"Bytes"`
	SHA256 string `json:"sha256"`
	URL    string `json:"url" doc:"Where phones get these very bytes; a changed file has another URL"`
}

func (a *api) registerFirmware() {
	declare(a, operators.aboutNoTenant(), huma.Operation{Method: "GET", Path: "/v1/firmware",
		OperationID: "list-firmware", Tags: []string{"phones"},
		Summary:     "Firmware files that phones can be pointed to",
		Description: "They are the files of the folder dialtone-firmware beside the database.", Errors: []int{401}},
		func(context.Context, *struct{}) (*page[Firmware], error) {
			out := &page[Firmware]{}
			out.Body.Items = []Firmware{}
			for _, f := range a.ctl.Fleet.Firmware.Files() {
				out.Body.Items = append(out.Body.Items, Firmware{f.Name, f.Size, f.SHA256, a.PhoneURL + "/firmware/" + f.SHA256 +
					"/" + f.Name})
			}
			return out, nil
		})
}
