package provisioner

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Requests of phones are written in batches, told to the stream, and counted when
// they are lost.
func TestFetchesAreWrittenInBatches(t *testing.T) {
	l := newLab(t)
	put(l, l.Phones, "001565000001", &pbx.Phone{Tenant: pbx.DefaultTenant, MAC: "001565000001", Vendor: pbx.Yealink, Model: "T46U", URLSecret: pbx.NewURLSecret()})
	sub := l.Events.Subscribe("")
	sent := 0
	for ; l.FetchesDropped() < 5; sent++ {
		l.RecordFetch(pbx.PhoneFetch{MAC: "001565000001", File: strings.Repeat("x", 150), UserAgent: strings.Repeat("x", 200), Status: 200, At: time.UnixMilli(int64(1_700_000_000_000 + sent))})
	}
	l.start()
	last := int64(1_700_000_000_000 + sent - 5 - 1)
	l.until("for the last one", func() bool {
		fs, err := l.Fetches(t.Context(), "001565000001")
		return err == nil && len(fs) > 0 && fs[0].At.UnixMilli() == last
	})
	seen := map[event.Type]int{}
	for e := range sub.Events() {
		seen[e.Type]++
	}
	if seen[event.TypeFetch] == 0 || seen[event.Missed] != 1 {
		t.Errorf("the stream had %v", seen)
	}
	// What is still queued at the end is written, not lost.
	l.RecordFetch(pbx.PhoneFetch{MAC: "001565000001", File: "last.cfg", Status: 404, At: time.Now()})
	l.stop()
	fs, err := l.store.Fetches(t.Context(), "001565000001", 1)
	if err != nil || len(fs) != 1 || fs[0].File != "last.cfg" {
		t.Errorf("after the end: %+v, %v", fs, err)
	}
}

// A batch that the database refuses is counted as lost.
func TestLostBatchIsCounted(t *testing.T) {
	l := newLab(t)
	if err := l.store.Close(); err != nil {
		t.Fatal(err)
	}
	l.RecordFetch(pbx.PhoneFetch{MAC: "001565000001"})
	l.RecordFetch(pbx.PhoneFetch{MAC: "001565000001"})
	l.fetches.flush(t.Context())
	if n := l.FetchesDropped(); n != 2 {
		t.Errorf("%d are counted", n)
	}
	if _, err := l.Changes(t.Context(), db.ChangeFilter{}); err == nil {
		t.Error("a closed database answers")
	}
}
