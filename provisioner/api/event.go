package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// heartbeat keeps proxies from closing a quiet event stream. At each one the client's right
// to read is checked again.
const heartbeat = 15 * time.Second

func (a *api) registerEvents() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/events", OperationID: "stream-events",
		Tags:    []string{"events"},
		Summary: "Stream of changes (server-sent events)",
		Description: "A client that was away names the last id that it knows, as Last-Event-ID or ?after=, and gets what came after it first. " +
			"Events are kept for three days, 10,000 of each tenant and 100,000 in all; gap tells that some after " +
			"the id are not kept any more, or were lost when the controller was killed: read everything again. " +
			"Events: status (a device), trunk (what is observed of a trunk), apply (a revision), fetch (a phone " +
			"asked for a file), phone-resync (how far an order to a phone has come), drift (a file edited by " +
			"hand was set aside), template (a template of the site fails, or no longer), call (what is new: " +
			"started, ringing, answered, transferred or ended, with the whole call), port (the first call came " +
			"to a number of a port request, which can be completed), guard (an alarm about calls outside: alarm, " +
			"blocked, unblocked, refused or first-country), emergency (a call for help begins, or a test of " +
			"one), webhook (nothing is sent to it any more), queue (a caller joined the line of a queue, or left it; " +
			"waiting is how many there are since), resync (you were too slow: connect anew with the " +
			"last id). The stream of one tenant has status, trunk, fetch, phone-resync, call, port, guard, " +
			"emergency, webhook and queue of its objects, and resync.",
		Errors: []int{401, 404, 422, 429},
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: "string"}}}}},
	}, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		if in.Tenant != "" {
			if _, err := a.ctl.Tenants.Get(ctx, "", in.Tenant); err != nil {
				return nil, a.problem(err)
			}
		}
		after, err := in.cursor()
		if err != nil {
			return nil, a.problem(err)
		}
		by := caller(ctx)
		if !a.streams.enter(by.Key()) {
			return nil, a.problem(&pbx.Error{Kind: pbx.TooMany, Message: fmt.Sprintf(
				"a token or session may have %d event streams at once: close one, or read several things from one stream",
				streamsOfOne)})
		}
		s := &stream{a: a, tenant: in.Tenant}
		if after == nil {
			s.sub = a.ctl.Events.Subscribe(in.Tenant)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			defer a.streams.leave(by.Key())
			s.rights = a.newRecheck(by, in.Tenant)
			defer s.rights.stop()
			s.run(ctx, after)
		}}, nil
	})
}

// eventsInput says where a stream begins.
type eventsInput struct {
	TenantQuery
	After string `query:"after" doc:"Id of the last event that you know: what came after it is sent first; 0 is all that is kept"`
	Last  string `header:"Last-Event-ID" doc:"As after, and wins over it: browsers send it when they connect anew"`
}

// cursor returns the last id that the client knows, or nil for events from now on.
func (in *eventsInput) cursor() (*uint64, error) {
	field, text := "Last-Event-ID", in.Last
	if text == "" {
		field, text = "after", in.After
	}
	if text == "" {
		return nil, nil //nolint:nilnil // nil is one of the answers
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return nil, pbx.Invalidf(field, "is not the id of an event: those are whole numbers")
	}
	after := uint64(id)
	return &after, nil
}

// stream is one answer to a client. It is for one goroutine.
type stream struct {
	a       *api
	tenant  string
	rights  *recheck
	sub     *event.Subscription // nil until all that is kept was sent
	w       io.Writer
	control *http.ResponseController
	last    uint64 // id of the last event sent out of what is kept
	told    uint64 // up to which id the client knows that events may be missing
}

// run writes events until the client leaves, may not go on, or the subscription ends.
func (s *stream) run(ctx huma.Context, after *uint64) {
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-store")
	s.w = ctx.BodyWriter()
	s.control = http.NewResponseController(humaecho.UnwrapV4(ctx).Response())
	_, _ = fmt.Fprint(s.w, ": connected\n\n")
	_ = s.control.Flush()
	if after != nil && !s.replay(ctx.Context(), *after) {
		return
	}
	defer s.sub.Close()
	s.live(ctx.Context())
}

// live sends what happens.
func (s *stream) live(ctx context.Context) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-s.rights.changed:
			s.rights.wait()
		case <-s.rights.due.C:
			if s.rights.ask(ctx) != nil {
				return
			}
		case <-beat.C:
			if s.rights.ask(ctx) != nil {
				return
			}
			_, err = fmt.Fprint(s.w, ": still here\n\n")
		case e, ok := <-s.sub.Events():
			if !ok {
				return
			}
			if e.ID > s.last || e.Type == event.Missed {
				err = writeEvent(s.w, e)
			}
		}
		if err != nil || s.control.Flush() != nil {
			return
		}
	}
}

// writeEvent prints one event as the HTML standard defines (9.2.6).
func writeEvent(w io.Writer, e event.Event) error {
	data, err := e.Text(EncodeEvent)
	if err != nil {
		return err
	}
	return writeData(w, e.ID, string(e.Type), data)
}

func writeData(w io.Writer, id uint64, kind string, data []byte) error {
	_, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", id, kind, data)
	return err
}

// EncodeEvent is the data of an event as the stream has it, in JSON.
func EncodeEvent(e event.Event) ([]byte, error) {
	data, err := json.Marshal(eventView(e.Data))
	if err != nil {
		return nil, fmt.Errorf("encoding event %d: %w", e.ID, err)
	}
	return data, nil
}
