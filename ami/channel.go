package ami

import (
	"context"
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
	Duration        time.Duration
}

// CoreShowChannels lists all channels.
func (s *Session) CoreShowChannels(ctx context.Context) ([]Channel, error) {
	frames, err := s.list(ctx, listSpec{action: "CoreShowChannels", item: "CoreShowChannel",
		complete: "CoreShowChannelsComplete"})
	if err != nil {
		return nil, err
	}
	channels := make([]Channel, 0, len(frames))
	for _, f := range frames {
		channels = append(channels, newChannel(f))
	}
	return channels, nil
}

func newChannel(f Frame) Channel {
	priority, _ := strconv.Atoi(f.Get("Priority"))
	return Channel{
		Name: f.Get("Channel"), State: f.Get("ChannelStateDesc"),
		CallerNumber: f.Get("CallerIDNum"), CallerName: f.Get("CallerIDName"),
		ConnectedNumber: f.Get("ConnectedLineNum"), ConnectedName: f.Get("ConnectedLineName"),
		AccountCode: f.Get("AccountCode"), Context: f.Get("Context"), Exten: f.Get("Exten"), Priority: priority,
		UniqueID: f.Get("Uniqueid"), LinkedID: f.Get("Linkedid"), BridgeID: f.Get("BridgeId"),
		Application: f.Get("Application"), Duration: clockDuration(f.Get("Duration")),
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
