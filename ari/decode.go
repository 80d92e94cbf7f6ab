package ari

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v6"
)

// errUnknownType marks an event this version of the library has no type for,
// as ApplicationRegistered or ChannelTransfer of newer Asterisk versions.
var errUnknownType = errors.New("unknown event type")

// handle decodes one frame and passes the event on. A frame that cannot be
// decoded is counted and logged, at most once a second, and then forgotten: it
// must not cost the other calls their session.
func (c *Client) handle(raw []byte) {
	event, err := decodeEvent(raw)
	if err == nil {
		c.opts.OnEvent(event)
		return
	}
	c.undecodable.Add(1)
	if errors.Is(err, errUnknownType) {
		c.log.Debug("ARI event skipped", "error", err)
		return
	}
	if held, ok := c.badEvents.allow(time.Now()); ok {
		c.log.Error("ARI event unreadable", "error", err, "start", excerpt(raw), "not_logged", held)
	}
}

// decodeEvent turns one frame into its event. It never panics and returns
// either an event or an error.
func decodeEvent(raw []byte) (event ari.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			event, err = nil, fmt.Errorf("decoding event: panic: %v", p)
		}
	}()
	event, err = ari.DecodeEvent(raw)
	if err == nil {
		return event, nil
	}
	// The library has no error value for this, only the words.
	if name, unknown := strings.CutPrefix(err.Error(), "unhandled type: "); unknown {
		return nil, fmt.Errorf("decoding event: %w %q", errUnknownType, name)
	}
	return nil, fmt.Errorf("decoding event: %w", err)
}

// excerpt returns enough of a frame to recognise the event; the rest may hold
// callers' numbers and channel variables.
func excerpt(raw []byte) string {
	return string(raw[:min(len(raw), 80)])
}

// logLimit lets one line a second pass. It belongs to Run's goroutine.
type logLimit struct {
	last time.Time
	held int
}

// allow reports whether a line may be written now, and how many were held
// back since the last one.
func (l *logLimit) allow(now time.Time) (held int, ok bool) {
	if !l.last.IsZero() && now.Sub(l.last) < time.Second {
		l.held++
		return 0, false
	}
	held, l.held, l.last = l.held, 0, now
	return held, true
}
