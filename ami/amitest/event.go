package amitest

import (
	"slices"
	"strings"
)

// channelLines and bridgeLines are what Asterisk 22.10 writes of a channel and of a bridge, with values for those of
// which a test says nothing; ~ is a blank.
const (
	channelLines = `Channel= ChannelState=6 ChannelStateDesc=Up CallerIDNum=<unknown> CallerIDName=<unknown>
 ConnectedLineNum=<unknown> ConnectedLineName=<unknown> Language=en AccountCode= Context=default Exten=s Priority=1
 Uniqueid= Linkedid=`
	bridgeLines = `BridgeUniqueid= BridgeType=basic BridgeTechnology=simple_bridge BridgeCreator=<unknown>
 BridgeName=<unknown> BridgeNumChannels=2 BridgeVideoSourceMode=none`
)

// eventLines are the lines of events and of items of lists.
var eventLines = map[string]string{
	"Newchannel":      channelLines,
	"Newstate":        channelLines,
	"Hold":            channelLines,
	"Unhold":          channelLines,
	"MixMonitorStart": channelLines,
	"MixMonitorStop":  channelLines,
	"Hangup":          channelLines + " Cause=16 Cause-txt=Normal~Clearing",
	"NewCallerid":     channelLines + " CID-CallingPres=0",
	"BridgeEnter":     bridgeLines + " " + channelLines,
	"BridgeLeave":     bridgeLines + " " + channelLines,
	"DialBegin":       channelLines + " " + prefixed("Dest") + " DialString=",
	"DialEnd":         channelLines + " " + prefixed("Dest") + " DialStatus=ANSWER",
	"LocalBridge":     prefixed("LocalOne") + " " + prefixed("LocalTwo") + " Context= Exten= LocalOptimization=Yes",
	"Pickup":          channelLines + " " + prefixed("Target"),
	"CoreShowChannel": channelLines + " Application= ApplicationData= Duration=00:00:01 BridgeId=",

	"ContactStatus":     "URI=sip:nobody@192.0.2.1:5060 ContactStatus=NonQualified AOR= EndpointName= RoundtripUsec=0",
	"DeviceStateChange": "Device= State=NOT_INUSE",
	"PeerStatus":        "ChannelType=PJSIP Peer= PeerStatus=Reachable",
	"Registry": "ChannelType=PJSIP Username=sip:dialtone@carrier.example:5060 Domain=sip:carrier.example:5060" +
		" Status=Registered",
	"FullyBooted": "Uptime=5 LastReload=5 Status=Fully~Booted",
}

// privileges has the class of each event that is not of class call.
var privileges = map[string]string{"ContactStatus": "system,all", "PeerStatus": "system,all",
	"Registry":    "system,all",
	"FullyBooted": "system,all"}

func prefixed(prefix string) string {
	lines := strings.Fields(channelLines)
	for i := range lines {
		lines[i] = prefix + lines[i]
	}
	return strings.Join(lines, " ")
}

// Event writes an event as Asterisk does: all its lines in their order, with names and values in turn where a test says
// them. A name that the event does not have follows at the end. An event that is not known has what the test says.
func Event(name string, namesAndValues ...string) string {
	privilege := privileges[name]
	if privilege == "" {
		privilege = "call,all"
	}
	return Text(append([]string{"Event", name, "Privilege", privilege}, allLines(name, namesAndValues)...)...)
}

// allLines returns names and values of all lines of an event or item.
func allLines(name string, namesAndValues []string) (out []string) {
	said := slices.Clone(namesAndValues)
	for _, line := range strings.Fields(eventLines[name]) {
		field, value, _ := strings.Cut(line, "=")
		value = strings.ReplaceAll(value, "~", " ")
		for i := 0; i+1 < len(said); i += 2 {
			if strings.EqualFold(said[i], field) {
				value = said[i+1]
				said = slices.Delete(said, i, i+2)
				break
			}
		}
		out = append(out, field, value)
	}
	return append(out, said...)
}
