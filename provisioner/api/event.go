package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// heartbeat keeps proxies from closing a quiet event stream. At each one the client's right
// to read is checked again.
const heartbeat = 15 * time.Second

func (a *api) registerEvents() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/events", OperationID: "stream-events",
		Tags:        []string{"events"},
		Summary:     "Stream of changes (server-sent events)",
		Description: "Events: status (a device), trunk (what is observed of a trunk), apply (a revision), fetch (a phone asked for a file), phone-resync (how far an order to a phone has come), drift (a file edited by hand was set aside), template (a template of the site fails, or no longer), call (what is new: started, ringing, answered, transferred or ended, with the whole call), port (the first call came to a number of a port request, which can be completed), guard (an alarm about calls outside: alarm, blocked, unblocked, refused or first-country), emergency (a call for help begins, or a test of one), resync (you were too slow: read everything again and connect anew). The stream of one tenant has status, trunk, fetch, phone-resync, call, port, guard and emergency of its objects, and resync.",
		Errors:      []int{401, 404, 429},
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: "string"}}}}},
	}, func(ctx context.Context, in *struct{ TenantQuery }) (*huma.StreamResponse, error) {
		if in.Tenant != "" {
			if _, err := a.ctl.Tenants.Get(ctx, "", in.Tenant); err != nil {
				return nil, a.problem(err)
			}
		}
		by := caller(ctx)
		if !a.streams.enter(by.Key()) {
			return nil, a.problem(&pbx.Error{Kind: pbx.TooMany, Message: fmt.Sprintf(
				"a token or session may have %d event streams at once: close one, or read several things from one stream",
				streamsOfOne)})
		}
		sub := a.ctl.Events.Subscribe(in.Tenant)
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			defer a.streams.leave(by.Key())
			a.stream(ctx, by, in.Tenant, sub)
		}}, nil
	})
}

// stream writes events until the client leaves, may not go on, or the subscription
// ends.
func (a *api) stream(ctx huma.Context, by *signin.Caller, tenant string, sub *event.Subscription) {
	defer sub.Close()
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-store")
	w := ctx.BodyWriter()
	control := http.NewResponseController(humaecho.UnwrapV4(ctx).Response())
	_, _ = fmt.Fprint(w, ": connected\n\n")
	_ = control.Flush()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	rights := a.newRecheck(by, tenant)
	defer rights.stop()
	for {
		var err error
		select {
		case <-ctx.Context().Done():
			return
		case <-rights.changed:
			rights.wait()
		case <-rights.due.C:
			if rights.ask(ctx.Context()) != nil {
				return
			}
		case <-beat.C:
			if rights.ask(ctx.Context()) != nil {
				return
			}
			_, err = fmt.Fprint(w, ": still here\n\n")
		case e, ok := <-sub.Events():
			if !ok {
				return
			}
			err = writeEvent(w, e)
		}
		if err != nil || control.Flush() != nil {
			return
		}
	}
}

// writeEvent prints one event as the HTML standard defines (9.2.6).
func writeEvent(w io.Writer, e event.Event) error {
	text, err := e.Text(encodeEvent)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func encodeEvent(e event.Event) ([]byte, error) {
	data, err := json.Marshal(eventView(e.Data))
	if err != nil {
		return nil, fmt.Errorf("encoding event %d: %w", e.ID, err)
	}
	return fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Type, data), nil
}
