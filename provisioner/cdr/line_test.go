package cdr

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// recordedLines reads what a real Asterisk wrote of one call.
func recordedLines(t *testing.T, name string) (lines []pbx.CDRLine) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := asteriskconf.NewCDRLines(f)
	for {
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
}

func (l legText) String() string {
	out := l.Number
	if l.Extension != "" {
		out = l.Extension + "/" + l.Device
	}
	return out + " " + string(l.Outcome)
}

type legText pbx.CallLeg

// told is a record in one line, with the seconds that it was answered for.
func told(c *pbx.CDR) string {
	var called []string
	for _, l := range c.Called {
		called = append(called, legText(l).String())
	}
	return fmt.Sprintf("%s/%s dialled %s: %s by %s/%s for %.2f; %s; %v", c.From.Extension, c.From.Device, c.Dialled, c.Outcome, c.By.Extension, c.By.Device,
		c.Billable().Seconds(), strings.Join(called, ", "), c.Via)
}

// Lines of real calls, in any order, tell what their events told.
func TestRecordOfLines(t *testing.T) {
	for name, want := range map[string]string{
		"answered":               "101/caller dialled 102: answered by 102/bob for 0.01; 102/bob ANSWER; []",
		"voicemail":              "101/caller dialled 102: voicemail by / for 0.00; 102/bob NOANSWER; []",
		"busy":                   "101/caller dialled 105: busy by / for 0.00; 105/busy BUSY; []",
		"absent":                 "101/caller dialled 104: unreachable by / for 0.00; ; []",
		"nobody":                 "101/caller dialled 999: failed by / for 0.00; ; []",
		"cancelled":              "101/caller dialled 102: cancelled by / for 0.00; 102/bob CANCEL; []",
		"refused":                "101/caller dialled *97: refused by / for 0.00; ; []",
		"pickup":                 "101/caller dialled 103: answered by 102/bob for 0.00; 103/carol , 102/bob ANSWER; [pickup]",
		"pickup-16":              "101/caller dialled 103: answered by 102/bob for 0.06; 103/carol , 102/bob ANSWER; [pickup]",
		"twin":                   "101/caller dialled 212: answered by 212/ for 0.11; 212/desk CANCEL, 212/ ANSWER; []",
		"busy-handler":           "101/caller dialled 105: busy by / for 0.00; 105/busy BUSY; []",
		"busy-handler-16":        "101/caller dialled 105: busy by / for 0.00; 105/busy BUSY; []",
		"pickup-handler":         "101/caller dialled 103: answered by 102/bob for 0.00; 103/carol , 102/bob ANSWER; [pickup]",
		"pickup-handler-16":      "101/caller dialled 103: answered by 102/bob for 0.00; 103/carol , 102/bob ANSWER; [pickup]",
		"pickup-handler-late":    "101/caller dialled 103: answered by 102/bob for 0.28; 103/carol , 102/bob ANSWER; [pickup]",
		"pickup-handler-bridged": "101/caller dialled 103: answered by 102/bob for 0.31; 103/carol , 102/bob ANSWER; [pickup]",
		"pickup-handler-between": "101/caller dialled 103: answered by 102/bob for 0.05; 103/carol , 102/bob ANSWER; [pickup]",
		"transfer-attended":      "101/caller dialled 102: answered by 102/bob for 1.63; 102/bob ANSWER, 103/carol ANSWER; [transfer]",
		"transfer":               "101/caller dialled 102: answered by 102/bob for 2.08; 102/bob ANSWER, 103/carol ANSWER; [transfer]",
		"click":                  "102/bob dialled 103: answered by 103/carol for 2.00; 103/carol ANSWER; [click]",
	} {
		t.Run(name, func(t *testing.T) {
			lines := recordedLines(t, name)
			for range 2 {
				c := recordOfLines(office(), lines)
				if c == nil || !c.Incomplete || c.CallID != lines[0].Call || c.Tenant != "default" || c.Ended.Before(c.Started) {
					t.Fatalf("the record is %+v", c)
				}
				if got := told(c); got != want {
					t.Errorf("the record says\n     %s\nwant %s", got, want)
				}
				slices.Reverse(lines)
			}
		})
	}
}

// A call in no tenant of ours has no record, and nothing a line says makes it fail.
func TestRecordOfStrangeLines(t *testing.T) {
	at := time.Unix(1800000000, 0)
	line := pbx.CDRLine{Call: "1.1", Channel: "1.1", Name: "PJSIP/stranger-00000001", Context: "default", Start: at, End: at}
	if c := recordOfLines(office(), []pbx.CDRLine{line}); c != nil {
		t.Errorf("a stranger's call has the record %+v", c)
	}
	for _, odd := range []pbx.CDRLine{
		{Name: "", Context: "from-default"}, {Name: "Local/@;2", Peer: "Local/;1", Context: "dial-default"}, {Name: "Local/a.b.c@x;2", Peer: "PJSIP/x", Context: "fallback-default"},
		{Name: "PJSIP/dbob-00000001", Peer: "PJSIP/dbob-00000001", AppData: "&&/@,", Disposition: "ANSWERED"}, {Name: "PJSIP/dbob-00000001", App: "Hangup", AppData: "x", Disposition: "?"},
		{Name: "Local/s@dialtone-click-1;1", Peer: "PJSIP/dbob-00000001", Context: "dial-default"},
	} {
		odd.Call, odd.Channel, odd.Start, odd.End = "1.1", "1.1", at, at
		if c := recordOfLines(office(), []pbx.CDRLine{odd, line}); c == nil || !slices.Contains(pbx.CallOutcomes, c.Outcome) {
			t.Errorf("%+v has the record %+v", odd, c)
		}
	}
}

// A party outside is named by the number that was dialled, also past the contact of a trunk.
func TestOutsideInLines(t *testing.T) {
	for _, dialled := range []string{"PJSIP/112@tcarrier,120,i", "PJSIP/112@tcarrier/sip:192.0.2.1:5060;transport=tcp,120^15,i"} {
		line := recordedLines(t, "cancelled")[0]
		line.Peer, line.AppData = "PJSIP/tcarrier-00000009", dialled
		if got := told(recordOfLines(office(), []pbx.CDRLine{line})); !strings.Contains(got, "; 112 CANCEL;") {
			t.Errorf("%s: %s", dialled, got)
		}
	}
}

// TestRoutedInLines: a party outside has the number that was dialled, however a route writes it.
func TestRoutedInLines(t *testing.T) {
	rows := office().Rows
	rows.Tenants[0].Country = "DE"
	rows.Trunks = []*pbx.Trunk{{Tenant: pbx.DefaultTenant, Name: "carrier", Endpoint: "tcarrier"}}
	rows.Routes = []*pbx.OutboundRoute{{Tenant: pbx.DefaultTenant, Name: "munich", Match: []string{"+4989"},
		Trunks: []pbx.RouteTrunk{{Trunk: "carrier", Prefix: "99", Format: pbx.FormatNational}}}}
	for sent, want := range map[string]string{"99089123456": "+4989123456", "+4930123456": "+4930123456"} {
		line := recordedLines(t, "cancelled")[0]
		line.Peer, line.AppData = "PJSIP/tcarrier-00000009", "PJSIP/"+sent+"@tcarrier,120,i"
		if got := told(recordOfLines(pbx.NewSnapshot(1, rows), []pbx.CDRLine{line})); !strings.Contains(got, "; "+want+" CANCEL;") {
			t.Errorf("%s: %s", sent, got)
		}
	}
}
