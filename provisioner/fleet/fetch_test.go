package fleet

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Requests of phones are written in batches, told to the stream, and counted when
// they are lost.
func TestFetchesAreWrittenInBatches(t *testing.T) {
	l := newLab(t)
	l.phone("001565000001", pbx.Yealink, "T46U")
	sub := l.hub.Subscribe("")
	sent, first := 0, time.Now().UnixMilli()
	for ; l.Fetches.Dropped() < 5; sent++ {
		l.Record(pbx.PhoneFetch{MAC: "001565000001", File: strings.Repeat("x", 150), UserAgent: strings.Repeat("x", 200),
			Status: 200, At: time.UnixMilli(first + int64(sent))})
	}
	l.start()
	last := first + int64(sent-5-1)
	l.until("for the last one", func() bool {
		fs, err := l.Fetches.Last(t.Context(), "001565000001")
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
	l.Record(pbx.PhoneFetch{MAC: "001565000001", File: "last.cfg", Status: 404, At: time.UnixMilli(last + 1)})
	l.stop()
	fs, err := l.store.Fetches(t.Context(), "001565000001", 1)
	if err != nil || len(fs) != 1 || fs[0].File != "last.cfg" {
		t.Errorf("after the end: %+v, %v", fs, err)
	}
}

// A batch that the database refuses is written when the database is back, before later
// requests, and once.
func TestRefusedBatchIsWrittenLater(t *testing.T) {
	l := newLab(t)
	l.phone("001565000001", pbx.Yealink, "T46U")
	away := openStore(t)
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	sub := l.hub.Subscribe("")
	record := func(file string, ms int64) {
		l.Record(pbx.PhoneFetch{MAC: "001565000001", File: file, Status: 200, At: time.UnixMilli(ms)})
	}
	first := time.Now().UnixMilli()
	record("a.cfg", first)
	l.Fetches.db = away
	for range 3 {
		if l.Fetches.loop.Flush(t.Context()) == nil {
			t.Fatal("a closed database takes requests")
		}
		record("b.cfg", first+1)
	}
	if len(sub.Events()) > 0 {
		t.Error("a request is told before it is recorded")
	}
	l.Fetches.db = l.store
	store(t, l.Fetches.loop)
	var files []string
	for range 4 {
		files = append(files, (<-sub.Events()).Data.(event.Fetch).File)
	}
	fs, err := l.Fetches.Last(t.Context(), "001565000001")
	if err != nil || len(fs) != 4 || fs[3].File != "a.cfg" || !slices.Equal(files, []string{"a.cfg", "b.cfg", "b.cfg", "b.cfg"}) || l.Fetches.Dropped() != 0 {
		t.Errorf("%+v, told %v, %d dropped, %v", fs, files, l.Fetches.Dropped(), err)
	}
}
