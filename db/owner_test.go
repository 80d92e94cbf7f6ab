package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// aCall is a recorded call at a time: from an extension or, "", a carrier whose caller says 101.
func aCall(n int, at time.Time, from string, called ...pbx.CallLeg) *pbx.CDR {
	return &pbx.CDR{CallID: fmt.Sprintf("1800000000.%d", n), Tenant: "default", Started: at, Answered: at, Ended: at,
		From: pbx.CallParty{Number: "101", Extension: from}, Dialled: "102", Called: called, Outcome: pbx.CallAnswered,
		Recording: fmt.Sprintf("r%d", n)}
}

func answeredBy(extension string, at time.Time) pbx.CallLeg {
	return pbx.CallLeg{ID: "1800000000.99", CallParty: pbx.CallParty{Extension: extension}, Answered: at}
}

// nextMillisecond waits for it. A record tells in milliseconds when its call began, and the
// database as well when an extension got its number: a test is quick enough for both in one.
func nextMillisecond() time.Time {
	began := time.Now()
	now := began
	for now.UnixMilli() == began.UnixMilli() {
		now = time.Now()
	}
	return now
}

// A recording is of the parties that talked, follows them to another number, and is not inherited
// by the next owner of the number.
func TestRecordedCallsOf(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	before := time.Now().Add(-time.Minute)
	owned := func(extension string) (names []string) {
		t.Helper()
		calls, err := db.RecordedCallsOf(t.Context(), "default", extension)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			names = append(names, c.Recording)
		}
		return names
	}
	check := func(what, extension, want string) {
		t.Helper()
		if got := fmt.Sprint(owned(extension)); got != want {
			t.Errorf("%s: %s owns %s, want %s", what, extension, got, want)
		}
	}
	rang := answeredBy("101", before)
	rang.Answered = time.Time{}
	err := db.WriteCDRs(t.Context(), []*pbx.CDR{
		aCall(1, before, "101", answeredBy("102", before)), aCall(2, before, "102", answeredBy("101", before)),
		aCall(3, before, "", answeredBy("102", before)),          // says that it is 101
		aCall(4, before, "102", rang, answeredBy("103", before)), // rang and was not answered
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	check("at first", "101", "[r1 r2]")
	update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "177")
		return err
	})
	next := sampleExtension()
	next.Mailbox = ""
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, next) })
	check("renumbered", "177", "[r1 r2]")
	check("the next with that number", "101", "[]")
	now := nextMillisecond()
	err = db.WriteCDRs(t.Context(), []*pbx.CDR{aCall(5, now, "101"), aCall(6, now, "177")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	check("later", "101", "[r5]")
	check("later", "177", "[r1 r2 r6]")
	_ = nextMillisecond()
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteExtension(ctx, "default", "101") })
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, next) })
	check("deleted and made anew", "101", "[]")
}

// A phone's fetches from before it was added are not told.
func TestFetchesSinceThePhoneWasAdded(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	addFetches(t, db, sampleFetch())
	count := func(want int) {
		t.Helper()
		if got, err := db.Fetches(t.Context(), sampleFetch().MAC, 0); err != nil || len(got) != want {
			t.Errorf("%d fetches, %v; want %d", len(got), err, want)
		}
	}
	count(1)
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeletePhone(ctx, "default", "001565aabbcc") })
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreatePhone(ctx, samplePhone()) })
	count(0)
	f := sampleFetch()
	f.At = time.Now().Add(time.Minute)
	addFetches(t, db, f)
	count(1)
}
