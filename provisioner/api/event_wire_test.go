package api

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The stream is read by programs of others: its bytes do not change with our types.
// The golden file was written by the types that these replaced.
func TestEventsKeepTheirWireFormat(t *testing.T) {
	at := time.Date(2026, 11, 29, 9, 8, 7, 123456789, time.FixedZone("", 3600))
	state := provisioner.ApplyState{Applied: 7, Failed: 8, Error: `refused "x" & <y>`, At: at, Millis: 12, Reloaded: []string{"res_pjsip.so"}, Warnings: []string{"no iax"}}
	drift := provisioner.Drift{File: "pjsip.conf", Kept: "/etc/asterisk/dialtone/pjsip.conf.edited-1", At: at.UTC()}
	call := pbx.LiveCall{ID: "1.1", Tenant: "acme", Dialled: "102", Started: at, Legs: []pbx.CallLeg{{ID: "1.1", Caller: true, State: pbx.LegUp, Since: at, Started: at}}}
	var out bytes.Buffer
	for i, e := range []provisioner.Event{
		{Type: provisioner.EventStatus, Data: provisioner.StatusEvent{Endpoint: "dabc", Status: pbx.ReachOK, Call: pbx.CallRinging, Address: "192.0.2.7:5062"}},
		{Type: provisioner.EventStatus, Data: provisioner.StatusEvent{Endpoint: "dabc"}},
		{Type: provisioner.EventApply, Data: state},
		{Type: provisioner.EventApply, Data: provisioner.ApplyState{Applied: 9, At: at}},
		{Type: provisioner.EventApply, Data: provisioner.ApplyState{}},
		{Type: provisioner.EventFetch, Data: provisioner.FetchEvent{MAC: pbx.MAC("001565aabbcc").Colons(), File: "y.cfg", Status: 200}},
		{Type: provisioner.EventDrift, Data: drift},
		{Type: provisioner.EventTemplate, Data: provisioner.TemplateEvent{Path: "acme/t46u.tmpl", State: "broken", Line: 3, Reason: "no field"}},
		{Type: provisioner.EventTemplate, Data: provisioner.TemplateEvent{Path: "acme/t46u.tmpl", State: "mended"}},
		{Type: provisioner.EventPhoneResync, Data: provisioner.ResyncEvent{ID: 5, MAC: "001565aabbcc", Action: pbx.ResyncReboot, State: pbx.ResyncTimedOut}},
		{Type: provisioner.EventCall, Data: provisioner.CallEvent{What: provisioner.CallTaken, Leg: "1.2", Call: call}},
		{Type: provisioner.EventCall, Data: provisioner.CallEvent{What: provisioner.CallEnded, Outcome: pbx.CallBusy, Call: call}},
		{Type: provisioner.EventResync},
	} {
		e.ID = uint64(i) + 1
		if err := writeEvent(&out, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []any{
		Health{Apply: state, Drift: []provisioner.Drift{drift}},
		Health{Drift: []provisioner.Drift{}},
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
