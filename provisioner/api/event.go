package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// patience is how long one write to a client may take before the stream is given
// up; a client that only reads slowly is told to resync long before.
const patience = 30 * time.Second

// heartbeat keeps proxies from closing a quiet event stream; at each one it is
// checked that the client may still read.
const heartbeat = 15 * time.Second

func (a *api) registerEvents() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/events", OperationID: "stream-events",
		Tags:        []string{"events"},
		Summary:     "Stream of changes (server-sent events)",
		Description: "Events: status (a device), apply (a revision), fetch (a phone asked for a file), phone-resync (how far an order to a phone has come), drift (a file edited by hand was set aside), template (a template of the site fails, or no longer), call (what is new: started, ringing, answered, transferred or ended, with the whole call), resync (you were too slow: read everything again and connect anew). The stream of one tenant has status, fetch, phone-resync and call of its objects, and resync.",
		Errors:      []int{401, 404},
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: "string"}}}}},
	}, func(ctx context.Context, in *struct{ TenantQuery }) (*huma.StreamResponse, error) {
		if in.Tenant != "" {
			if _, err := a.ctl.Tenants.Get(ctx, "", in.Tenant); err != nil {
				return nil, a.problem(err)
			}
		}
		by, sub := caller(ctx), a.ctl.Events.Subscribe(in.Tenant)
		return &huma.StreamResponse{Body: func(ctx huma.Context) { a.stream(ctx, by, sub) }}, nil
	})
}

// stream writes events until the client leaves, may not go on, or the subscription
// ends.
func (a *api) stream(ctx huma.Context, by *signin.Caller, sub *event.Subscription) {
	defer sub.Close()
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-store")
	w := ctx.BodyWriter()
	control := http.NewResponseController(humaecho.UnwrapV4(ctx).Response())
	_, _ = fmt.Fprint(w, ": connected\n\n")
	_ = control.Flush()
	beat := time.NewTicker(cmp.Or(a.beat, heartbeat))
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Context().Done():
			return
		case <-beat.C:
			if a.ctl.SignIn.Still(ctx.Context(), by) != nil {
				return
			}
			_ = control.SetWriteDeadline(time.Now().Add(patience))
			_, err = fmt.Fprint(w, ": still here\n\n")
		case e, ok := <-sub.Events():
			if !ok {
				return
			}
			_ = control.SetWriteDeadline(time.Now().Add(patience))
			err = writeEvent(w, e)
		}
		if err != nil || control.Flush() != nil {
			return
		}
	}
}

// writeEvent prints one event as the HTML standard defines (9.2.6).
func writeEvent(w io.Writer, e event.Event) error {
	data, err := json.Marshal(eventView(e.Data))
	if err != nil {
		return fmt.Errorf("encoding event %d: %w", e.ID, err)
	}
	_, err = fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Type, data)
	return err
}
