package ami

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goami "github.com/heltonmarx/goami/ami"
)

// Channel is one leg of a call under way.
type Channel struct {
	Name            string // "PJSIP/101-00000001"
	State           string // "Up", "Ring", "Ringing", "Down", …
	CallerNumber    string
	CallerName      string
	ConnectedNumber string
	ConnectedName   string
	AccountCode     string
	Context         string // where in the dialplan it is
	Exten           string
	Priority        int
	UniqueID        string
	LinkedID        string // the same for all channels of one call
	BridgeID        string // "" when it talks to nobody
	Application     string // the dialplan application it runs
	ApplicationData string // and its arguments
	Duration        time.Duration
}

// CoreShowChannels lists all channels. Of a channel whose numbers have line breaks it tells name, ids and state; of the
// 101st such one and all after it the name alone.
func (s *Session) CoreShowChannels(ctx context.Context) ([]Channel, error) {
	frames, err := s.list(ctx, listSpec{action: "CoreShowChannels", item: "CoreShowChannel",
		complete: "CoreShowChannelsComplete"})
	if err != nil {
		return nil, err
	}
	channels, asked := make([]Channel, 0, len(frames)), 0
	for _, f := range frames {
		c := newChannel(f)
		if !f.is(listedChannel) {
			c = Channel{Name: c.Name} // it stands before what a caller writes
			if asked++; asked <= maxAsked {
				if c, err = s.askChannel(ctx, c.Name); errors.Is(err, ErrNotFound) {
					continue
				} else if err != nil {
					return nil, err
				}
			}
		}
		channels = append(channels, c)
	}
	return channels, nil
}

// maxAsked bounds how many channels of one list are asked one by one.
const maxAsked = 100

// askChannel finds the ids and the state of a channel whose numbers have line breaks.
func (s *Session) askChannel(ctx context.Context, name string) (c Channel, err error) {
	c.Name = name
	for _, v := range []struct {
		name  string
		value *string
	}{{"UNIQUEID", &c.UniqueID}, {"CHANNEL(linkedid)", &c.LinkedID}, {"CHANNEL(state)", &c.State}} {
		if *v.value, err = s.ChannelVar(ctx, name, v.name); err != nil {
			return c, fmt.Errorf("asking a channel: %w", err)
		}
	}
	return c, nil
}

func newChannel(f Frame) Channel {
	priority, _ := strconv.Atoi(f.Get("Priority"))
	return Channel{
		Name: f.Get("Channel"), State: f.Get("ChannelStateDesc"),
		CallerNumber: f.Get("CallerIDNum"), CallerName: f.Get("CallerIDName"),
		ConnectedNumber: f.Get("ConnectedLineNum"), ConnectedName: f.Get("ConnectedLineName"),
		AccountCode: f.Get("AccountCode"), Context: f.Get("Context"), Exten: f.Get("Exten"), Priority: priority,
		UniqueID: f.Get("Uniqueid"), LinkedID: f.Get("Linkedid"), BridgeID: f.Get("BridgeId"),
		Application: f.Get("Application"), ApplicationData: f.Get("ApplicationData"),
		Duration: clockDuration(f.Get("Duration")),
	}
}

// clockDuration reads "HH:MM:SS", where hours go beyond 24; anything else is 0.
func clockDuration(text string) time.Duration {
	var seconds int
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0
	}
	for _, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > 1<<20 {
			return 0
		}
		seconds = seconds*60 + n
	}
	return time.Duration(seconds) * time.Second
}

// Hangup ends one channel, with the cause Asterisk uses by default (16, normal clearing). A channel that is gone
// already is ErrNotFound.
func (s *Session) Hangup(ctx context.Context, channel string) error {
	_, err := s.typed(ctx, "Hangup", []string{channel},
		func(ctx context.Context, client goami.Client, id string) (goami.Response, error) {
			return goami.Hangup(ctx, client, id, channel, "")
		})
	return err
}
