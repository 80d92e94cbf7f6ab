package ami

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

func TestParseEvent(t *testing.T) {
	tests := []struct {
		fields []string
		want   any
	}{
		{[]string{"Event", "ContactStatus", "Privilege", "system,all", "URI", "sip:101@10.0.0.5:5060;transport=udp",
			"ContactStatus", "Reachable", "AOR", "101", "EndpointName", "101", "RoundtripUsec", "12345"},
			ContactStatus{AOR: "101", Endpoint: "101", URI: "sip:101@10.0.0.5:5060;transport=udp", Status: ContactReachable,
				RoundTrip: 12345 * time.Microsecond}},
		{[]string{"Event", "ContactStatus", "ContactStatus", "Removed", "AOR", "101", "RoundtripUsec", "-1"},
			ContactStatus{AOR: "101", Status: ContactRemoved}},
		{[]string{"Event", "DeviceStateChange", "Device", "PJSIP/101", "State", "NOT_INUSE"},
			DeviceStateChange{Device: "PJSIP/101", State: DeviceNotInUse}},
		{[]string{"Event", "PeerStatus", "ChannelType", "PJSIP", "Peer", "PJSIP/101", "PeerStatus", "Unreachable"},
			PeerStatus{Technology: "PJSIP", Peer: "PJSIP/101", Status: PeerUnreachable}},
		{[]string{"Event", "PeerStatus", "ChannelType", "IAX2", "Peer", "IAX2/dabc", "PeerStatus", "Registered", "Address", "127.0.0.1", "Port", "4569"},
			PeerStatus{Technology: "IAX2", Peer: "IAX2/dabc", Status: PeerRegistered, Address: "127.0.0.1", Port: "4569"}},
		{[]string{"Event", "FullyBooted", "Status", "Fully Booted"}, FullyBooted{}},
		{[]string{"Event", "Newchannel"}, nil},
		{[]string{"Response", "Success"}, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, ParseEvent(ParseFrame(amitest.Text(tt.fields...)))); diff != "" {
			t.Errorf("%s: %s", tt.fields[1], diff)
		}
	}
}

func TestContactAddress(t *testing.T) {
	tests := map[string]string{
		"sip:101@10.0.0.5:5062":                               "10.0.0.5:5062",
		"sip:101@10.0.0.5":                                    "10.0.0.5:5060",
		"sip:10.0.0.5;transport=udp":                          "10.0.0.5:5060",
		"sips:101@10.0.0.5":                                   "10.0.0.5:5061",
		"SIP:101@10.0.0.5;Transport=TLS":                      "10.0.0.5:5061",
		"sip:101@10.0.0.5:5070;transport=tls":                 "10.0.0.5:5070",
		"sip:101@[2001:db8::1]:5062;ob":                       "[2001:db8::1]:5062",
		"sip:101@[2001:db8::1]":                               "[2001:db8::1]:5060",
		"sip:[::ffff:10.0.0.5]:5060":                          "10.0.0.5:5060",
		"<sip:101@10.0.0.5:5060>":                             "10.0.0.5:5060",
		"sip:+49;phone-context=x@10.0.0.5:5060":               "10.0.0.5:5060",
		"sip:a:secret@10.0.0.5:5063?Subject=x:y":              "10.0.0.5:5063",
		"sip:101@10.0.0.5:5060;x-ast-orig-host=192.168.1.9:9": "10.0.0.5:5060",
		"sip:101@phone.example.net:5060":                      "",
		"sip:101@10.0.0.5:0":                                  "",
		"sip:101@10.0.0.5:66000":                              "",
		"sip:101@[2001:db8::1":                                "",
		"sip:101@[2001:db8::1]5060":                           "",
		"tel:+4930":                                           "",
		"10.0.0.5":                                            "",
		"":                                                    "",
	}
	for uri, want := range tests {
		got, ok := Contact{URI: uri}.Address()
		if want == "" && ok || want != "" && (!ok || got != netip.MustParseAddrPort(want)) {
			t.Errorf("%s: got %v, %v, want %q", uri, got, ok, want)
		}
	}
}

func TestClockDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00:07": 7 * time.Second, "100:01:00": 100*time.Hour + time.Minute, "": 0, "7": 0, "a:b:c": 0, "-1:00:00": 0,
	} {
		if got := clockDuration(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
