package api

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The stream is read by programs of others: its bytes do not change with our types.
// The golden file was written by the types that these replaced.
func TestEventsKeepTheirWireFormat(t *testing.T) {
	at := time.Date(2026, 11, 29, 9, 8, 7, 123456789, time.FixedZone("", 3600))
	state := event.Apply{Applied: 7, Failed: 8, Error: `refused "x" & <y>`, At: at, Took: 12345 * time.Microsecond, Reloaded: []string{"res_pjsip.so"}, Warnings: []string{"no iax"}}
	drift := event.Drift{File: "pjsip.conf", Kept: "/etc/asterisk/dialtone/pjsip.conf.edited-1", At: at.UTC()}
	call := pbx.LiveCall{ID: "1.1", Tenant: "acme", Dialled: "102", Started: at, Legs: []pbx.CallLeg{{ID: "1.1", Caller: true, State: pbx.LegUp, Since: at, Started: at}}}
	var out bytes.Buffer
	for i, e := range []event.Event{
		{Data: event.Status{Endpoint: "dabc", Reach: pbx.ReachOK, Call: pbx.CallRinging, Address: netip.MustParseAddrPort("192.0.2.7:5062")}},
		{Data: event.Status{Endpoint: "dabc"}},
		{Data: state},
		{Data: event.Apply{Applied: 9, At: at}},
		{Data: event.Apply{}},
		{Data: event.Fetch{MAC: "001565aabbcc", File: "y.cfg", Status: 200}},
		{Data: drift},
		{Data: event.Template{Path: "acme/t46u.tmpl", State: event.TemplateBroken, Line: 3, Reason: "no field"}},
		{Data: event.Template{Path: "acme/t46u.tmpl", State: event.TemplateMended}},
		{Data: event.Resync{ID: 5, MAC: "001565aabbcc", Action: pbx.ResyncReboot, State: pbx.ResyncTimedOut}},
		{Data: event.Call{Change: event.CallTaken, Leg: "1.2", Call: call}},
		{Data: event.Call{Change: event.CallEnded, Outcome: pbx.CallBusy, Call: call}},
		{Type: event.Missed},
		{Data: event.Trunk{Tenant: "acme", Name: "carrier", Status: pbx.TrunkStatus{Registration: pbx.RegistrationFailed,
			Reach: pbx.TrunkNotAsked, Since: at, Refusal: "Rejected", RefusedAt: at}}},
		{Data: event.Port{Tenant: "acme", Request: "munich", Number: "+498912345601"}},
		{Data: event.UnknownNumber{Tenant: "acme", Trunk: "carrier", Number: "+4930123", Count: 4}},
		{Data: event.Webhook{Tenant: "acme", Name: "crm", Reason: "the answer is 410"}},
		{Data: event.Line{Tenant: "acme", Name: "support", Change: event.QueueJoined, Waiting: 3}},
		{Data: event.TextMessage{Tenant: "acme", Extension: "101", ID: 7, State: pbx.TextFailed, Number: "+4930123", Peer: "+4930124",
			Segments: 2, Reason: "the carrier says error 30003"}},
	} {
		e.ID = uint64(i) + 1
		if e.Data != nil {
			e.Type = e.Data.Type()
		}
		if err := writeEvent(&out, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []any{
		Health{Apply: applyView(state), Drift: driftViews([]event.Drift{drift})},
		Health{Apply: applyView(event.Apply{}), Drift: driftViews(nil)},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	want, err := os.ReadFile("testdata/events.txt")
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
