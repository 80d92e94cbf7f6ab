package ari

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v6"
)

// reloadDeadline bounds a reload whose context has no deadline: res_pjsip took
// 18 s with 20,000 extensions.
const reloadDeadline = 60 * time.Second

// ReloadModule reloads a module, as res_pjsip.so or pbx_config.so. Without a
// deadline in ctx it waits up to a minute. IsNotFound: no such module is
// loaded; IsConflict: it refused (rest-api asterisk.json, reloadModule).
func (c *Client) ReloadModule(ctx context.Context, name string) error {
	ctx, cancel := withDeadline(ctx, reloadDeadline)
	defer cancel()
	return c.Do(ctx, http.MethodPut, Path("asterisk", "modules", name), nil, nil, nil)
}

// Info returns Asterisk's version, its identity and when it started and last
// reloaded.
func (c *Client) Info(ctx context.Context) (*ari.AsteriskInfo, error) {
	info := new(ari.AsteriskInfo)
	if err := c.Do(ctx, http.MethodGet, "/asterisk/info", nil, nil, info); err != nil {
		return nil, err
	}
	return info, nil
}

// Ping asks for the shortest answer ARI can give: it proves address,
// credentials and a running REST interface.
func (c *Client) Ping(ctx context.Context) error {
	return c.Do(ctx, http.MethodGet, "/asterisk/ping", nil, nil, nil)
}

// Subscribe adds event sources to the application, as channel:ID,
// endpoint:PJSIP/101 or deviceState:NAME. Asterisk forgets them when the
// websocket goes, so this belongs in OnUp.
func (c *Client) Subscribe(ctx context.Context, eventSources ...string) error {
	query := url.Values{"eventSource": {strings.Join(eventSources, ",")}}
	return c.Do(ctx, http.MethodPost, Path("applications", c.opts.App, "subscription"), query, nil, nil)
}

// DeviceStates returns the state of each device state that was set by
// SetDeviceState, by name; they outlive a restart of Asterisk.
func (c *Client) DeviceStates(ctx context.Context) (map[string]string, error) {
	var all []struct{ Name, State string }
	if err := c.Do(ctx, http.MethodGet, "/deviceStates", nil, nil, &all); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(all))
	for _, d := range all {
		out[d.Name] = d.State
	}
	return out, nil
}

// DeleteDeviceState forgets a device state. Hints go on showing it as it was.
func (c *Client) DeleteDeviceState(ctx context.Context, name string) error {
	return c.Do(ctx, http.MethodDelete, Path("deviceStates", name), nil, nil, nil)
}

// SetDeviceState sets, and creates if need be, a device state a hint can point
// at. The name begins with "Stasis:", anything else is a 409. State is one of
// NOT_INUSE, INUSE, BUSY, INVALID, UNAVAILABLE, RINGING, RINGINUSE, ONHOLD.
func (c *Client) SetDeviceState(ctx context.Context, name, state string) error {
	return c.Do(ctx, http.MethodPut, Path("deviceStates", name), url.Values{"deviceState": {state}}, nil, nil)
}
