package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// EmergencyPlace is what a call for help from a device would tell.
type EmergencyPlace struct {
	Device    string     `json:"device"`
	Extension string     `json:"extension,omitempty"`
	Location  string     `json:"location,omitempty" doc:"Absent: nobody has said where it stands"`
	Shown     []string   `json:"shown" nullable:"false" doc:"Numbers that carriers are shown, one for each trunk that shows another"`
	Called    *time.Time `json:"called,omitempty" doc:"When it called for help within the last 30 minutes: so long it is called back past all settings"`
	Missing   []string   `json:"missing" nullable:"false" doc:"What helpers would lack, in sentences"`
}

// registerEmergency declares what calls for help tell.
func (a *api) registerEmergency() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/tenants/{tenant}/emergency", OperationID: "get-emergency",
		Summary: "Show what a call for help from each device would tell", Tags: []string{"guard"},
		Description: "Location, and the number that can be called back. missing names what there is not.",
		Errors:      []int{401, 404}, DefaultStatus: http.StatusOK},
		func(ctx context.Context, in *guardInput) (*struct {
			Body struct {
				Items []EmergencyPlace `json:"items" nullable:"false"`
			}
		}, error) {
			places, err := a.ctl.Emergencies(ctx, in.Tenant)
			if err != nil {
				return nil, a.problem(err)
			}
			out := &struct {
				Body struct {
					Items []EmergencyPlace `json:"items" nullable:"false"`
				}
			}{}
			out.Body.Items = []EmergencyPlace{}
			for _, p := range places {
				v := EmergencyPlace{Device: p.Device.Name, Extension: p.Device.Extension, Location: p.Device.Location,
					Shown: append([]string{}, p.Shown...), Called: whenSet(p.Lately.At), Missing: []string{}}
				if v.Location == "" {
					v.Missing = append(v.Missing, "nobody knows where device "+v.Device+" stands: set its location")
				}
				if len(v.Shown) == 0 {
					v.Missing = append(v.Missing, "helpers cannot call back: set presentation_number of the extension, "+
						"or caller_number of the trunk")
				}
				out.Body.Items = append(out.Body.Items, v)
			}
			return out, nil
		})
}
