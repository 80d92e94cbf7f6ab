package faults

import (
	"os"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// hostile: names that look like lines, and a line that a full disk has cut, cost no call
// its record.
func (a *away) hostile(t *testing.T) {
	evil := "\",\"\"\n\"1795900000.1\",\"1795900000.1\",\"0\",\"" + strings.Repeat("é", 300) + "\\"
	a.Do(t, "PATCH", Tenant+"/extensions/101", Object{"name": strings.ReplaceAll(evil, "\n", " ")[:60]}, nil)
	a.Applied(t)
	a.Kill(t)
	out, in := Connect(t, a.Caller, a.bob, "102")
	HangUp(t, out, in)
	a.NoChannels(t)
	cut := a.lines(t)
	f, err := os.OpenFile(a.linesFile(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(cut[:len(cut)/2]); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, in = Connect(t, a.Caller, a.carol, "103")
	HangUp(t, out, in)
	a.NoChannels(t)
	a.Restart(t)
	a.haveRecords(t, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER; incomplete",
		"101/caller dialled 103: answered by 103/carol; called 103/carol ANSWER; incomplete")
	if !strings.Contains(a.Metrics(t), "\ndialtone_call_lines_unreadable 1\n") {
		t.Error("the line that was cut is not counted")
	}
}
