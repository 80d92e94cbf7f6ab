package ari

import (
	"context"
	"net/http"
	"net/url"

	"github.com/CyCoreSystems/ari/v6"
)

// The names of paths and parameters are those of Asterisk's
// rest-api/api-docs/channels.json. What may be long or is free text goes into
// the JSON body, which ARI reads like query parameters: Asterisk's HTTP server
// cuts request lines at 4 KiB.

// continuation is where a channel goes on in the dialplan.
type continuation struct {
	Context   string `json:"context,omitempty"`
	Extension string `json:"extension,omitempty"`
	Priority  int    `json:"priority,omitempty"`
	Label     string `json:"label,omitempty"`
}

// ContinueChannel lets a channel leave Stasis and go on in the dialplan. What
// is empty or 0 is not sent and Asterisk keeps its own choice; label takes the
// place of priority. IsNotFound: it hung up; IsConflict: it is not in Stasis.
func (c *Client) ContinueChannel(ctx context.Context, id, dialplanContext, extension string, priority int,
	label string) error {
	body := continuation{Context: dialplanContext, Extension: extension, Priority: priority, Label: label}
	return c.Do(ctx, http.MethodPost, Path("channels", id, "continue"), nil, body, nil)
}

// SetChannelVar sets a channel variable, or writes a dialplan function such as
// CALLERID(name). The value is not evaluated.
func (c *Client) SetChannelVar(ctx context.Context, id, name, value string) error {
	body := map[string]string{"variable": name, "value": value}
	return c.Do(ctx, http.MethodPost, Path("channels", id, "variable"), nil, body, nil)
}

// GetChannelVar reads a channel variable or a dialplan function. IsNotFound is
// true both for a missing channel and for a missing variable; the Error's
// Message tells them apart.
func (c *Client) GetChannelVar(ctx context.Context, id, name string) (string, error) {
	var answer struct{ Value string }
	err := c.Do(ctx, http.MethodGet, Path("channels", id, "variable"), url.Values{"variable": {name}}, nil, &answer)
	return answer.Value, err
}

// HangupChannel hangs a channel up. Reason is one of Asterisk's words: normal,
// busy, congestion, no_answer, timeout, rejected, unallocated,
// normal_unspecified, number_incomplete, codec_mismatch, interworking, failure,
// answered_elsewhere; empty means normal, anything else is a 400.
func (c *Client) HangupChannel(ctx context.Context, id, reason string) error {
	query := url.Values{}
	if reason != "" {
		query.Set("reason", reason)
	}
	return c.Do(ctx, http.MethodDelete, Path("channels", id), query, nil, nil)
}

// origination is a channel that Asterisk is to make.
type origination struct {
	Endpoint  string            `json:"endpoint"`
	Context   string            `json:"context"`
	Extension string            `json:"extension"`
	Priority  int               `json:"priority"`
	Variables map[string]string `json:"variables,omitempty"`
}

// OriginateChannel makes a channel with that id to an endpoint such as
// "Local/s@context", which goes on in the dialplan once it is answered. Variables
// are set on it before.
func (c *Client) OriginateChannel(ctx context.Context, id, endpoint, dialplanContext, extension string,
	variables map[string]string) error {
	body := origination{Endpoint: endpoint, Context: dialplanContext, Extension: extension, Priority: 1,
		Variables: variables}
	return c.Do(ctx, http.MethodPost, Path("channels", id), nil, body, nil)
}

// AnswerChannel answers a channel that is in Stasis.
func (c *Client) AnswerChannel(ctx context.Context, id string) error {
	return c.Do(ctx, http.MethodPost, Path("channels", id, "answer"), nil, nil, nil)
}

// ListChannels returns every channel of this Asterisk, in Stasis or not. One channel
// that cannot be told in JSON, as one at an extension that is no UTF-8, makes Asterisk
// refuse the whole list; see IsUnlistable and ListWaiting.
func (c *Client) ListChannels(ctx context.Context) ([]ari.ChannelData, error) {
	var channels []ari.ChannelData
	err := c.Do(ctx, http.MethodGet, "/channels", nil, nil, &channels)
	return channels, err
}

// ListWaiting returns the channels in our Stasis application, asked for one by one.
// Channels that are gone meanwhile or cannot be told are left out.
func (c *Client) ListWaiting(ctx context.Context) ([]ari.ChannelData, error) {
	var app struct {
		Channels []string `json:"channel_ids"`
	}
	if err := c.Do(ctx, http.MethodGet, Path("applications", c.opts.App), nil, nil, &app); err != nil {
		return nil, err
	}
	var channels []ari.ChannelData
	for _, id := range app.Channels {
		channel, err := c.GetChannel(ctx, id)
		switch {
		case err == nil:
			channels = append(channels, *channel)
		case !IsNotFound(err) && !IsUnlistable(err):
			return nil, err
		}
	}
	return channels, nil
}

// GetChannel returns one channel; IsNotFound when it is gone.
func (c *Client) GetChannel(ctx context.Context, id string) (*ari.ChannelData, error) {
	channel := new(ari.ChannelData)
	if err := c.Do(ctx, http.MethodGet, Path("channels", id), nil, nil, channel); err != nil {
		return nil, err
	}
	return channel, nil
}
