package ami

import (
	"context"
	"fmt"

	goami "github.com/heltonmarx/goami/ami"
)

// ChannelVar returns a variable of a channel, or a function of the dialplan as it is there; "" for one that is not set.
// ErrNotFound: the channel is gone. It needs write class call or reporting.
func (s *Session) ChannelVar(ctx context.Context, channel, name string) (string, error) {
	answer, err := s.typed(ctx, "Getvar", []string{channel, name},
		func(ctx context.Context, client goami.Client, id string) (goami.Response, error) {
			return goami.Getvar(ctx, client, id, channel, name)
		})
	if err != nil {
		return "", err
	}
	return answer.Get("Value"), nil
}

// SetChannelVar sets a variable of a channel, or writes a function of the dialplan there. It needs write class call.
// ErrNotFound: the channel is gone.
func (s *Session) SetChannelVar(ctx context.Context, channel, name, value string) error {
	if err := checkValues(channel, name, value); err != nil {
		return fmt.Errorf("AMI action Setvar: %w", err)
	}
	_, err := s.request(ctx, "Setvar", Field{"Channel", channel}, Field{"Variable", name}, Field{"Value", value})
	return err
}

// MixMonitor records what a channel hears and says into a file below Asterisk's folder of monitored calls, whose
// suffix is its format; options are those of the application. It needs write class system or call. ErrNotFound: the
// channel is gone.
func (s *Session) MixMonitor(ctx context.Context, channel, file, options string) error {
	if err := checkValues(channel, file, options); err != nil {
		return fmt.Errorf("AMI action MixMonitor: %w", err)
	}
	_, err := s.request(ctx, "MixMonitor", Field{"Channel", channel}, Field{"File", file}, Field{"Options", options})
	return err
}

// StopMixMonitor ends the recording with that id, as option i of MixMonitor stores it.
func (s *Session) StopMixMonitor(ctx context.Context, channel, id string) error {
	if err := checkValues(channel, id); err != nil {
		return fmt.Errorf("AMI action StopMixMonitor: %w", err)
	}
	_, err := s.request(ctx, "StopMixMonitor", Field{"Channel", channel}, Field{"MixMonitorID", id})
	return err
}
