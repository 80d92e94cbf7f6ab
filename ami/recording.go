package ami

import (
	"context"
	"fmt"
)

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
