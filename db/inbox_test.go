package db

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleInboxPhone() pbx.InboxPhone {
	return pbx.InboxPhone{MAC: "64167f000001", Vendor: pbx.Polycom, Model: "VVX450", Firmware: "6.4.6.2453", UserAgent: "FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453",
		Address: netip.MustParseAddr("2001:db8::7"), Reason: pbx.RefusedURL,
		FirstSeen: time.UnixMilli(1700000000123).UTC(), LastSeen: time.UnixMilli(1700000001123).UTC(), Count: 3}
}

// Phones that waited before the inbox had reasons wait to be adopted.
func TestInboxFromBeforeReasons(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	load(t, "testdata/version-21.sql", path)
	db := openAt(t, path, Options{})
	got, err := db.Inbox(t.Context())
	if err != nil || len(got) == 0 {
		t.Fatalf("%+v %v", got, err)
	}
	for _, p := range got {
		if p.Reason != pbx.RefusedNobody {
			t.Errorf("%s: reason %q", p.MAC, p.Reason)
		}
	}
}

func TestInboxRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	first, second := sampleInboxPhone(), pbx.InboxPhone{MAC: "001565aabbcc", Count: 1}
	checkEveryFieldSet(t, &first)
	if err := db.WriteInbox(t.Context(), []pbx.InboxPhone{first, second}, nil); err != nil {
		t.Fatal(err)
	}
	first.Count = 4
	if err := db.WriteInbox(t.Context(), []pbx.InboxPhone{first}, []pbx.MAC{second.MAC, "020000000000"}); err != nil {
		t.Fatal(err)
	}
	got, err := db.Inbox(t.Context())
	if diff := cmp.Diff([]pbx.InboxPhone{first}, got, compareAddr); diff != "" || err != nil {
		t.Error(err, diff)
	}
}
