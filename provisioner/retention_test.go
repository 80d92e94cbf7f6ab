package provisioner

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
)

func TestRetentionForgetsAndSaysSo(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"one", "two", "three"} {
		l.extension("101", name)
	}
	l.retention.forget(t.Context(), time.Now().Add(-time.Hour))
	if got := l.changes(); got != 3 || strings.Contains(l.log.String(), "forgot") {
		t.Errorf("%d changes after nothing was old; log: %s", got, l.log)
	}
	l.retention.forget(t.Context(), time.Now().Add(time.Hour))
	if got := l.changes(); got != 1 || !strings.Contains(l.log.String(), "forgot old records") {
		t.Errorf("%d changes after all were old, the newest revision's stays; log: %s", got, l.log)
	}
}

// Recordings go by the settings of their tenant; one without settings keeps all.
func TestRetentionTrimsRecordings(t *testing.T) {
	l := newLab(t)
	asked := map[string]int64{}
	var before time.Time
	l.retention.tenants = func() []*pbx.Tenant {
		return []*pbx.Tenant{{Name: "all"}, {Name: "days", RecordingDays: 7}, {Name: "space", RecordingMegabytes: 3},
			{Name: "broken", RecordingDays: 1}}
	}
	l.retention.trim = func(_ context.Context, tenant string, at time.Time, most int64) (spool.Trimmed, error) {
		asked[tenant] = most
		if tenant == "days" {
			before = at
		}
		if tenant == "broken" {
			return spool.Trimmed{}, errors.New("no such disk")
		}
		return spool.Trimmed{Files: 2, Bytes: 5}, nil
	}
	l.retention.trimAll(t.Context())
	if want := map[string]int64{"days": 0, "space": 3_000_000, "broken": 0}; !maps.Equal(asked, want) {
		t.Errorf("asked %v", asked)
	}
	if since := time.Since(before); since < 7*24*time.Hour-time.Minute || since > 8*24*time.Hour {
		t.Errorf("before %s", before)
	}
	for _, want := range []string{"removed old recordings", "tenant=days", "no such disk"} {
		if !strings.Contains(l.log.String(), want) {
			t.Errorf("the log has no %q: %s", want, l.log)
		}
	}
}

func (l *lab) changes() int {
	l.t.Helper()
	cs, err := l.store.Changes(l.t.Context(), db.ChangeFilter{Kind: "extension"})
	if err != nil {
		l.t.Fatal(err)
	}
	return len(cs)
}
