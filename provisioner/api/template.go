package api

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
)

// SiteTemplate is a file of the folder of a site's own templates.
type SiteTemplate struct {
	Path     string    `json:"path" doc:"Inside the folder: whom it is for and which shipped template it replaces"`
	SHA256   string    `json:"sha256" doc:"Of its present text"`
	Size     int64     `json:"size" doc:"Bytes"`
	Modified time.Time `json:"modified"`
	Phones   int       `json:"phones" doc:"How many phones' files it has a part in; 0 for a misspelt model, tenant or MAC, and where others count before it"`
	State    string    `json:"state" enum:"ok,last-good,broken" doc:"last-good: it cannot be read, and its last good text is in force. broken: phones where it fails keep their last good file, or get the shipped one when there is none in memory"`
	Line     int       `json:"line,omitempty" doc:"Where it fails"`
	Reason   string    `json:"reason,omitempty"`
	Phone    string    `json:"phone,omitempty" doc:"The first phone where it fails, when not its text alone is at fault"`
}

func (a *api) registerSiteTemplates() {
	declare(a, platformAdmins, huma.Operation{Method: "GET", Path: "/v1/templates", OperationID: "list-templates",
		Tags:        []string{"phones"},
		Summary:     "The site's own templates of phones' files",
		Description: "They are the files of the folder dialtone-templates beside the database, read again by this call. An event of type template tells when one fails.", Errors: []int{401}},
		func(ctx context.Context, _ *struct{}) (*page[SiteTemplate], error) {
			out := &page[SiteTemplate]{}
			out.Body.Items = []SiteTemplate{}
			for _, t := range a.ctl.Fleet.Templates.Look(ctx) {
				out.Body.Items = append(out.Body.Items, siteTemplateView(t))
			}
			return out, nil
		})
}

func siteTemplateView(t fleet.SiteTemplate) SiteTemplate {
	v := SiteTemplate{Path: t.Path, SHA256: hex.EncodeToString(t.SHA256[:]), Size: t.Size, Modified: t.Modified.UTC(),
		Phones: t.Phones, State: "ok"}
	if t.Fault == nil {
		return v
	}
	if v.State = "broken"; t.LastGood {
		v.State = "last-good"
	}
	v.Line, v.Reason = t.Fault.Line, t.Fault.Reason
	if t.Phone != "" {
		v.Phone = t.Phone.Colons()
	}
	return v
}
