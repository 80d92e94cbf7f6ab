package pbx

import "testing"

func TestTechnologyNamesDevices(t *testing.T) {
	for want, got := range map[string]string{
		"PJSIP/d1": Technology("").Device("d1"), "PJSIP/d2": (&Device{Kind: DeviceSIP}).Technology().Device("d2"),
		"IAX2/d3": (&Device{Kind: DeviceIAX2}).Technology().Device("d3"), "DAHDI/4": (&Device{Kind: DeviceDAHDI}).Technology().Device(DAHDIEndpoint(4)),
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// TestEndpointOfChannel: the names are those that chan_pjsip, chan_iax2 and
// chan_dahdi give their channels.
func TestEndpointOfChannel(t *testing.T) {
	for channel, want := range map[string]string{
		"PJSIP/dabc-0000002a": "dabc", "PJSIP/reception-2-0000002a": "reception-2", "PJSIP/cafe-00000000-100000000": "cafe-00000000",
		"IAX2/dabc-4711": "dabc", "IAX2/bob-12-4711": "bob-12", "IAX2/127.0.0.1:4569-8": "127.0.0.1:4569",
		"DAHDI/3-1": "dahdi-3", "DAHDI/i1/3-1": "", "DAHDI/i1/555:7-a": "", "DAHDI/pseudo-42": "", "DAHDI/-1": "", "DAHDI": "",
		"Local/101@x-0000002a;1": "", "SIP/dabc-0000002a": "", "": "",
	} {
		if got := EndpointOfChannel(channel); got != want {
			t.Errorf("%s is endpoint %q, not %q", channel, got, want)
		}
	}
}
