package db

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleLine(call string, sequence int64) pbx.CDRLine {
	at := sampleCDR().Started
	return pbx.CDRLine{Call: call, Channel: call, Sequence: sequence, Name: "PJSIP/a-00000001", Peer: "PJSIP/b-00000002", Context: "from-default", Exten: "102",
		From: pbx.CallParty{Number: "101", Name: "Ada"}, Dialled: "102", App: "Dial", AppData: "PJSIP/b,20", Disposition: "ANSWERED",
		Start: at, Answer: at.Add(time.Second), End: at.Add(2 * time.Second)}
}

// A call has one record, whichever step is done again, and whoever tells of it first.
func TestLinesMakeOneRecord(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	ctx, later := t.Context(), sampleCDR().Started.Add(time.Hour)
	lines := []pbx.CDRLine{sampleLine("1.1", 1), sampleLine("1.1", 2), sampleLine("1.2", 3)}
	seen := sampleCDR()
	seen.CallID, seen.Incomplete = "1.2", false
	if err := db.WriteCDRs(ctx, []*pbx.CDR{seen}, nil); err != nil {
		t.Fatal(err)
	}
	keep := func() []pbx.CDRLine {
		t.Helper()
		if err := db.AddCDRLines(ctx, lines); err != nil {
			t.Fatal(err)
		}
		got, err := db.CDRLines(ctx, "", later, 10)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	keep()
	if diff := cmp.Diff(lines[:2], keep()); diff != "" {
		t.Errorf("kept twice, without those of a call that has a record: %s", diff)
	}
	if got, err := db.CDRLines(ctx, "", lines[0].End, 10); len(got) != 0 || err != nil {
		t.Errorf("lines of a call that has just ended: %v, %v", got, err)
	}
	if got, err := db.CDRLines(ctx, "1.1", later, 10); len(got) != 0 || err != nil {
		t.Errorf("lines after the last call: %v, %v", got, err)
	}
	made := sampleCDR()
	made.CallID = "1.1"
	for _, want := range []int{1, 0} { // the second time as after a crash
		stored, err := db.EndCDRLines(ctx, []*pbx.CDR{made, seen}, []string{"1.1", "1.2"})
		if err != nil || len(stored) != want {
			t.Errorf("stored %d records, want %d: %v", len(stored), want, err)
		}
		if got := keep(); len(got) != 0 {
			t.Errorf("lines of calls that have records are kept: %v", got)
		}
	}
	count := func(want string) {
		t.Helper()
		if got := fmt.Sprint(rawQuery(t, db, `SELECT call || ' ' || lines || ' ' || outcome FROM cdrs ORDER BY call`)); got != want {
			t.Errorf("records %s, want %s", got, want)
		}
	}
	count("[1.1 1 answered 1.2 0 answered]")
	part := sampleCDR() // seen in part, written late
	part.CallID, part.Outcome = "1.1", pbx.CallFailed
	if err := db.WriteCDRs(ctx, []*pbx.CDR{part}, nil); err != nil {
		t.Fatal(err)
	}
	count("[1.1 1 answered 1.2 0 answered]")
	made.Outcome, made.Incomplete = pbx.CallBusy, false // what was seen whole takes the place of what lines tell
	if err := db.WriteCDRs(ctx, []*pbx.CDR{made}, nil); err != nil {
		t.Fatal(err)
	}
	count("[1.1 0 busy 1.2 0 answered]")
	if _, err := db.EndCDRLines(ctx, []*pbx.CDR{made}, nil); err != nil {
		t.Fatal(err)
	}
	count("[1.1 0 busy 1.2 0 answered]")
}

// Calls come a page at a time, each whole.
func TestLinesComeByCalls(t *testing.T) {
	db := openDB(t, Options{})
	var all []pbx.CDRLine
	for i := range 30 {
		all = append(all, sampleLine(fmt.Sprintf("1.%02d", i/3), int64(i)))
	}
	if err := db.AddCDRLines(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	var got []pbx.CDRLine
	for after := ""; ; after = got[len(got)-1].Call {
		page, err := db.CDRLines(t.Context(), after, sampleCDR().Started.Add(time.Hour), 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	if diff := cmp.Diff(all, got); diff != "" {
		t.Error(diff)
	}
}

// A call of which a part was seen keeps its record's id and reasons, and gets the rest from
// lines, once; unless they lack the caller's.
func TestLinesCompleteAPart(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	part, made := sampleCDR(), sampleCDR()
	part.Dialled, part.Rules, part.Via = "", []string{"seen"}, []pbx.CallVia{pbx.ViaGroup}
	made.Rules, made.Via, made.Recording = []string{"lines"}, []pbx.CallVia{pbx.ViaTransfer}, ""
	if err := db.WriteCDRs(t.Context(), []*pbx.CDR{part}, nil); err != nil {
		t.Fatal(err)
	}
	before, err := db.CDRs(t.Context(), "default", CDRFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.AddCDRLines(t.Context(), []pbx.CDRLine{sampleLine(made.CallID, 1)}); err != nil {
		t.Fatal(err)
	}
	if got, err := db.CDRLines(t.Context(), "", time.Now().AddDate(50, 0, 0), 1); len(got) != 1 || err != nil {
		t.Errorf("lines of a call seen in part: %v, %v", got, err)
	}
	nameless := sampleCDR()
	nameless.From = pbx.CallParty{Number: "101"}
	for i, c := range []*pbx.CDR{nameless, made, made} {
		stored, err := db.EndCDRLines(t.Context(), []*pbx.CDR{c}, nil)
		if err != nil || len(stored) != []int{0, 1, 0}[i] {
			t.Errorf("record %d: stored %d, %v", i, len(stored), err)
		}
	}
	want := sampleCDR()
	want.ID, want.Rules, want.Via = before[0].ID, []string{"seen", "lines"}, []pbx.CallVia{pbx.ViaGroup, pbx.ViaTransfer}
	got, err := db.CDRs(t.Context(), "default", CDRFilter{})
	if diff := cmp.Diff([]*pbx.CDR{want}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
