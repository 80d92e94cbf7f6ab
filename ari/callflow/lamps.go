package callflow

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// lampDeadline bounds one time that all lamps are set.
	lampDeadline = 30 * time.Second
	// lampRetry is how long after a failure it is tried again.
	lampRetry = 2 * time.Second
)

// Lamps keeps the lamps of settings in Asterisk as the snapshot has them. The cause of a
// change does not matter. Only lit ones are kept there, because every other is idle. Other
// lamps in Asterisk, such as those of deleted extensions, are removed.
//
// It also has Asterisk look again at the lamps of extensions whose devices have changed. A
// reload keeps the state that was last told to the watchers of a hint, whatever the hint
// watches now (ast_merge_contexts_and_delete, main/pbx.c).
type Lamps struct {
	client   *ari.Client
	snapshot func() *pbx.Snapshot
	log      limitedLog
	wake     chan struct{}

	// The fields below belong to the goroutine of Run.
	last  *pbx.Snapshot   // whose devices Asterisk's hints watch
	moved map[string]bool // lamps that it must look at again
}

// NewLamps returns lamps that stay as they are until Run.
func NewLamps(client *ari.Client, snapshot func() *pbx.Snapshot, log *slog.Logger) *Lamps {
	return &Lamps{client: client, snapshot: snapshot, log: limitedLog{to: log}, wake: make(chan struct{}, 1),
		moved: map[string]bool{}}
}

// Changed says that the snapshot may be another one. It never blocks; any number of
// calls make Run look once.
func (l *Lamps) Changed() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Up is for the client's OnUp. This may be another Asterisk, or lamps may have changed
// while no controller was there.
func (l *Lamps) Up() { l.Changed() }

// Run sets lamps until ctx ends.
func (l *Lamps) Run(ctx context.Context) error {
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.wake:
		case <-retry.C:
		}
		if l.client.Generation() == 0 {
			continue // Up will come
		}
		if err := l.settle(ctx); err != nil && ctx.Err() == nil {
			retry.Reset(lampRetry)
			if l.client.Healthy() {
				l.log.warn("lamps of settings not set", "error", err)
			}
		}
	}
}

// settle brings Asterisk's lamps to those of the snapshot.
func (l *Lamps) settle(ctx context.Context) error {
	s := l.snapshot()
	if s == nil {
		return errNoSnapshot
	}
	ctx, cancel := context.WithTimeout(ctx, lampDeadline)
	defer cancel()
	has, err := l.client.DeviceStates(ctx)
	if err != nil {
		return err
	}
	lit := s.Lamps()
	for name := range lit {
		if has[name] != lampLit {
			if err := l.client.SetDeviceState(ctx, name, lampLit); err != nil {
				return err
			}
		}
	}
	for name := range has {
		if strings.HasPrefix(name, pbx.LampPrefix) && !lit[name] {
			l.moved[name] = true
		}
	}
	if l.last != nil {
		for _, name := range pbx.MovedLamps(l.last, s) {
			l.moved[name] = true
		}
	}
	l.last = s
	return l.lookAgain(ctx, lit)
}

// lookAgain has Asterisk work out anew what the hints of lamps show. A lit one shows busy
// whatever its devices do.
func (l *Lamps) lookAgain(ctx context.Context, lit map[string]bool) error {
	for name := range l.moved {
		if !lit[name] {
			if err := l.darken(ctx, name); err != nil {
				return err
			}
		}
		delete(l.moved, name)
	}
	return nil
}

// darken takes a lamp away. Asterisk tells phones nothing of a state that is only deleted,
// and nothing of one that is set to what it was. INVALID counts for nothing beside the
// state of a device (ast_devstate_aggregate_add, main/devicestate.c).
func (l *Lamps) darken(ctx context.Context, name string) error {
	if err := l.client.SetDeviceState(ctx, name, "INVALID"); err != nil {
		return err
	}
	if err := l.client.DeleteDeviceState(ctx, name); err != nil && !ari.IsNotFound(err) {
		return err
	}
	return nil
}

// lampLit is the device state of a lit lamp. Phones show it as busy.
const lampLit = "INUSE"
