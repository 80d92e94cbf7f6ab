package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

const (
	// replayPage is how many kept events are read at once.
	replayPage = 500
	// replayWithin bounds reading them.
	replayWithin = 10 * time.Second
)

// GapEvent says that events are missing in a stream.
type GapEvent struct {
	After uint64 `json:"after" doc:"The last id before the gap"`
	Until uint64 `json:"until" doc:"Events up to this id may be missing"`
}

// replay sends what is kept after an id, and subscribes to what follows. It reports whether the
// stream goes on.
func (s *stream) replay(ctx context.Context, after uint64) bool {
	s.last = after
	// A page is read before the subscription, so that a long way back does not fill its queue, and
	// another one after it, so that nothing is missed in between.
	for {
		n, err := s.page(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.a.Logger.Error("reading kept events", "error", err)
			}
			break
		}
		if s.rights.ask(ctx) != nil {
			break
		}
		switch {
		case n == replayPage:
		case s.sub == nil:
			s.sub = s.a.ctl.Events.Subscribe(s.tenant)
		default:
			return true
		}
	}
	if s.sub != nil {
		s.sub.Close()
	}
	return false
}

// page sends some of what is kept, and returns how many.
func (s *stream) page(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, replayWithin)
	defer cancel()
	newest := s.a.ctl.Events.Last()
	kept, err := s.a.ctl.EventLog.After(ctx, s.tenant, s.last, replayPage)
	if err != nil {
		return 0, err
	}
	if s.last > newest { // of another database, or of one from before a backup was restored
		kept.Lost = newest
	}
	if kept.Lost > s.told {
		if err := s.gap(kept.Lost); err != nil {
			return 0, err
		}
	}
	for _, e := range kept.Events {
		if err := writeData(s.w, e.ID, e.Type, e.Data); err != nil {
			return 0, err
		}
		s.last = e.ID
	}
	return len(kept.Events), s.control.Flush()
}

// gap says that events up to an id may be missing.
func (s *stream) gap(until uint64) error {
	data, err := json.Marshal(GapEvent{After: s.last, Until: until})
	if err != nil {
		return err
	}
	s.told, s.last = until, min(s.last, until)
	return writeData(s.w, s.last, string(event.Gap), data)
}
