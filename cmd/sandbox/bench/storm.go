package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	stormPhones = 10_000
	stormTarget = 2 * time.Second
	// Asterisk sends these for one registration, see stormEvents.
	eventsEach = 4
)

// storm lets 10,000 phones register at once: their events, in the words and the
// order of Asterisk, come from a fake AMI as fast as the controller reads them.
// It is to have all of them in the database soon after the last. The reference is
// a reader that only counts the same events.
func (b *bench) storm(ctx context.Context) (rows []row, err error) {
	dir := filepath.Join(b.Dir, "storm")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the storm: %w", err)
	}
	path := filepath.Join(dir, "dialtone.db")
	b.say("seeding %d extensions", stormPhones)
	if err := seed(ctx, path, people{count: stormPhones, qualify: pbx.DefaultQualifySeconds}); err != nil {
		return nil, err
	}
	s, err := snapshot(ctx, path)
	if err != nil {
		return nil, err
	}
	fake, err := newFakeAsterisk(s)
	if err != nil {
		return nil, err
	}
	defer fake.close()
	bare, err := fake.bareReader(ctx, s)
	if err != nil {
		return nil, err
	}
	c, err := b.startController(ctx, dir, fake.address())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err = errors.Join(err, c.stop()); err == nil {
			b.removeAll(dir)
		}
	}()
	start := time.Now()
	fake.send(s)
	last := time.Now()
	right, complete, err := waitForStatuses(ctx, path, len(s.Devices))
	if err != nil {
		return nil, err
	}
	if err := checkStatuses(ctx, path, s); err != nil {
		return nil, err
	}
	after := max(right.Sub(last), 0)
	return []row{{
		what: fmt.Sprintf("%d phones register at once: %d events → database right", stormPhones, eventsEach*stormPhones),
		result: fmt.Sprintf("%.1f s in all, %.1f s after the last event, none lost; every user agent asked for after %.1f s",
			right.Sub(start).Seconds(), after.Seconds(), complete.Sub(start).Seconds()),
		reference: fmt.Sprintf("a bare reader of the same stream: %.2f s", bare.Seconds()),
		ratio:     times(float64(right.Sub(start)), float64(bare)), target: "≤ 2 s after the last event, none lost",
		holds: after <= stormTarget,
	}}, nil
}

// stormAddress is where the i-th device registers from.
func stormAddress(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 5060)
}

// waitForStatuses polls until every device is OK and idle, and then until each
// has its user agent. It counts in SQL: reading ten thousand rows again and again
// would be a load of its own.
func waitForStatuses(ctx context.Context, path string, n int) (right, complete time.Time, err error) {
	reader, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_busy_timeout=4000")
	if err != nil {
		return right, complete, fmt.Errorf("watching the database: %w", err)
	}
	defer reader.Close()
	err = waitUntil(ctx, 20*time.Millisecond, "all phones to be in the database", func() (bool, error) {
		var ok, named int
		err := reader.QueryRowContext(ctx,
			`SELECT count(*), coalesce(sum(user_agent <> ''), 0) FROM endpoint_status WHERE reach = ? AND call_state = ?`,
			string(pbx.ReachOK), string(pbx.CallIdle)).Scan(&ok, &named)
		if ok == n && right.IsZero() {
			right = time.Now()
		}
		complete = time.Now()
		return ok == n && named == n, err
	})
	return right, complete, err
}

// checkStatuses compares what is stored with what was sent.
func checkStatuses(ctx context.Context, path string, s *pbx.Snapshot) error {
	store, err := db.Open(ctx, path, db.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	statuses, err := store.Statuses(ctx)
	if err != nil {
		return err
	}
	for i, d := range s.Devices {
		got := statuses[d.Endpoint]
		if got.Reach != pbx.ReachOK || got.Address != stormAddress(i) || got.RoundTrip != stormRoundTrip ||
			got.UserAgent != stormAgent {
			return fmt.Errorf("the status of %s is wrong: %s at %s, %v, %q", d.Name, got.Reach, got.Address, got.RoundTrip,
				got.UserAgent)
		}
	}
	return nil
}
