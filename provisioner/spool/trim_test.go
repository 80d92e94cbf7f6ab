package spool

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Recordings go by their age and then by their space, the oldest first; those of calls that go on stay.
func TestTrim(t *testing.T) {
	const size = 44 + 16000
	unfinished := "20260101T080000Z_1_2_x-0"
	days := []string{"20260101T090000Z_1_2_x-1", "20260102T090000Z_1_2_x-2", "20260103T090000Z_1_2_x-3", "20260104T090000Z_1_2_x-4"}
	third := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		before time.Time
		most   int64
		broken bool // the unfinished one has not changed for long
		want   []string
	}{
		"nothing":       {time.Time{}, 0, true, append([]string{unfinished}, days...)},
		"by age":        {third, 0, false, append([]string{unfinished}, days[2:]...)},
		"broken":        {third, 0, true, days[2:]},
		"by space":      {time.Time{}, 3*size + 1, false, append([]string{unfinished}, days[2:]...)},
		"exactly":       {time.Time{}, 4*size + 1, true, days},
		"both":          {third, size, true, days[3:]},
		"less than one": {time.Time{}, 1, false, []string{unfinished}},
	} {
		s, o := folders(t)
		at := func(name string) string { return filepath.Join(o.Recordings, "default", name+".wav") }
		for _, day := range days {
			write(t, wav(16000), at(day))
		}
		write(t, wav(16000)[:size-1], at(unfinished))
		if c.broken {
			old := time.Now().Add(-2 * brokenAfter)
			if err := os.Chtimes(at(unfinished), old, old); err != nil {
				t.Fatal(err)
			}
		}
		other := write(t, wav(16000), o.Recordings, "acme", days[0]+".wav")
		write(t, "notes", o.Recordings, "default", "20260101T090000Z.txt")
		did, err := s.Trim(t.Context(), "default", c.before, c.most)
		left, listErr := s.Recordings(t.Context(), "default", Filter{})
		if err != nil || listErr != nil || !slices.Equal(names(left), c.want) {
			t.Errorf("%s: left %v, want %v; %v, %v", name, names(left), c.want, err, listErr)
		}
		if did.Files != len(days)+1-len(c.want) || (did.Bytes > 0) != (did.Files > 0) {
			t.Errorf("%s: %+v", name, did)
		}
		if _, err := os.Stat(other); err != nil {
			t.Errorf("%s: another tenant's: %v", name, err)
		}
	}
	s, _ := folders(t)
	if did, err := s.Trim(t.Context(), "default", third, 1); err != nil || did.Files != 0 {
		t.Errorf("without a folder: %v, %v", did, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s, o := folders(t)
	write(t, wav(16000), o.Recordings, "default", days[0]+".wav")
	if did, err := s.Trim(ended, "default", third, 0); err == nil || did.Files != 0 {
		t.Errorf("at the end: %v, %v", did, err)
	}
}
