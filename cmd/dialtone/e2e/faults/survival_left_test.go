package faults

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/ami"
)

// leftovers is what calls and controllers could leave behind in an Asterisk.
type leftovers struct {
	bridges, sessions, files int
	application              string                     // and its subscriptions
	devices                  map[string]ami.DeviceState // that are neither idle nor away
}

// left looks into Asterisk.
func (s *survival) left(t *testing.T) leftovers {
	t.Helper()
	l := leftovers{application: s.Console(t, "ari show app dialtone"), devices: map[string]ami.DeviceState{}}
	l.bridges = strings.Count(strings.TrimSpace(s.Console(t, "bridge show all")), "\n") // below the heading
	l.sessions = strings.Count(s.Console(t, "manager show connected"), "\n  dialtone ")
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.Asterisk.PID()))
	if err != nil {
		t.Fatal(err)
	}
	l.files = len(files)
	for _, d := range s.deviceStates(t) {
		if d.State != ami.DeviceNotInUse && d.State != ami.DeviceUnavailable {
			l.devices[d.Device] = d.State
		}
	}
	return l
}

func (s *survival) deviceStates(t *testing.T) []ami.DeviceStateChange {
	t.Helper()
	f, err := os.Open(filepath.Join(s.Asterisk.Dir(), "etc", "manager.conf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	secret := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "secret = "); ok {
			secret = value
		}
	}
	ctx := Within(t, 10*time.Second)
	session, err := ami.Dial(ctx, ami.Options{Address: s.AMI, Username: "dialtone", Secret: secret, Events: "off"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	states, err := session.DeviceStates(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// spareFiles is how many more files Asterisk may have open after the kills than
// before: connections of the controller that runs, not of those that are dead.
const spareFiles = 70

// nothingLeft compares with before: every channel and bridge is gone, every device
// idle and every lamp as it was, the one controller has the one session and its application watches what it
// did, and no file stays open.
func (s *survival) nothingLeft(t *testing.T) {
	t.Helper()
	s.NoChannels(t)
	s.Untracked(t)
	Eventually(t, 20*time.Second, func() string {
		now := s.left(t)
		if now.bridges != s.before.bridges || now.sessions != s.before.sessions || now.application != s.before.application ||
			!maps.Equal(now.devices, s.before.devices) || now.files > s.before.files+spareFiles {
			return fmt.Sprintf("Asterisk holds %+v, before it held %+v", now, s.before)
		}
		return ""
	})
	for name := range s.phones {
		if Mobiles[name] == "" && name != "desk" {
			s.WaitStatus(t, name, 5*time.Second, "OK and idle", func(st Status) bool { return IsOK(st) && st.Call == "idle" })
		}
	}
}

// records: every call has its record and none has two, whether a controller saw it end
// or Asterisk's own records tell of it.
func (s *survival) records(t *testing.T) {
	t.Helper()
	var short string
	WaitFor(linesWithin*time.Duration(1+*soak/200), func() string {
		short = s.unrecorded(t)
		return short
	})
	if short != "" {
		t.Error(short)
	}
	seen := map[string]bool{}
	for _, r := range s.allRecords(t, "") {
		if seen[r.Call] {
			t.Errorf("call %s has two records", r.Call)
		}
		seen[r.Call] = true
		if len(r.Rules) == 1 && strings.Contains(r.Rules[0], "Asterisk's own records") {
			s.ofLines++
		}
	}
	for extension, calls := range s.calls {
		s.recorded += len(s.recordsFrom(t, extension))
		s.made += calls
	}
}

// recordingsEnded: calls were recorded, and no recording goes on.
func (s *survival) recordingsEnded(t *testing.T) {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		s.sounds = 0
		for after := ""; ; {
			var page struct {
				Items []Recording
				Next  string
			}
			s.Do(t, "GET", Tenant+"/recordings?limit=1000"+after, nil, &page)
			for _, r := range page.Items {
				if !r.Finished {
					return fmt.Sprintf("recording %s goes on", r.Name)
				}
			}
			if s.sounds += len(page.Items); page.Next == "" {
				break
			}
			after = "&after=" + page.Next
		}
		if s.sounds == 0 {
			return "no call was recorded"
		}
		return ""
	})
}

// unrecorded says whose calls have no record yet, or too many.
func (s *survival) unrecorded(t *testing.T) string {
	from, records := map[string]int{}, s.allRecords(t, "")
	for _, r := range records {
		from[r.From.Extension]++
	}
	var short []string
	for extension, calls := range s.calls {
		if n := from[extension]; n != calls {
			short = append(short, fmt.Sprintf("%q has %d records of %d calls, the odd ones: %s", extension, n, calls, odd(records, extension)))
		}
	}
	return strings.Join(short, "; ")
}

// odd describes the records of an extension's calls that are not like most of them.
func odd(records []CDR, extension string) string {
	like := map[string]int{}
	for _, r := range records {
		if r.From.Extension == extension {
			like[r.Summary()]++
		}
	}
	var out strings.Builder
	for _, r := range records {
		if r.From.Extension == extension && like[r.Summary()] <= 3 {
			fmt.Fprintf(&out, "\n\t%s of %+v from %s to %s: %s; rules %q", r.Call, r.From, r.Started, r.Ended, r.Summary(), r.Rules)
		}
	}
	return out.String()
}

func (s *survival) recordsFrom(t *testing.T, extension string) (out []CDR) {
	t.Helper()
	for _, r := range s.allRecords(t, "&extension="+extension) {
		if r.From.Extension == extension {
			out = append(out, r)
		}
	}
	return out
}

func (s *survival) allRecords(t *testing.T, filter string) (out []CDR) {
	t.Helper()
	for after := ""; ; {
		var page struct {
			Items []CDR
			Next  string
		}
		s.Do(t, "GET", Tenant+"/cdrs?limit=1000"+filter+after, nil, &page)
		out = append(out, page.Items...)
		if page.Next == "" {
			return out
		}
		after = "&after=" + page.Next
	}
}
