package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

const (
	stormAgent     = "Yealink SIP-T46U 108.86.0.90"
	stormRoundTrip = 1234 * time.Microsecond
)

// fakeAsterisk is the tests' AMI server. It answers as an Asterisk that has loaded
// all files of a snapshot, so that the controller has nothing to apply.
type fakeAsterisk struct {
	*amitest.Server
	host *amiHost
}

// amiHost stands in for the test that an amitest.Server, or an aritest.Server,
// usually belongs to: it ends the server, and what would fail a test ends the
// experiment by a panic.
type amiHost struct {
	testing.TB
	cleanups []func()
}

// Helper implements testing.TB.
func (*amiHost) Helper() {}

// Cleanup implements testing.TB.
func (h *amiHost) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

// Fatalf implements testing.TB.
func (*amiHost) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// newAsterisk is one that has loaded nothing.
func newAsterisk() *fakeAsterisk {
	host := &amiHost{}
	return &fakeAsterisk{amitest.NewServer(host), host}
}

func newFakeAsterisk(s *pbx.Snapshot) (*fakeAsterisk, error) {
	engine, err := templates.New()
	if err != nil {
		return nil, err
	}
	files, err := asteriskconf.Render(engine, s, asteriskconf.Options{})
	if err != nil {
		return nil, err
	}
	markers := map[string]string{}
	for _, f := range files.List {
		markers[f.Marker.Name] = f.Marker.Value
	}
	f := newAsterisk()
	addresses := make(map[string]string, len(s.Devices))
	for i, d := range s.Devices {
		addresses[d.Endpoint] = contactURI(d.Endpoint, i)
	}
	f.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		c.Reply(a, "Variable", a.Get("Variable"), "Value", markers[a.Get("Variable")])
	})
	f.Handle("VoicemailUserStatus", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "VoicemailUserDetail", "VoicemailUserDetailComplete",
			[]string{"Fullname", markers[a.Get("Mailbox")+"@"+a.Get("Context")]})
	})
	f.Handle("PJSIPShowEndpoint", func(c *amitest.Conn, a amitest.Action) {
		name := a.Get("Endpoint")
		id := a.Get("ActionID")
		text := amitest.Text("Response", "Success", "ActionID", id, "EventList", "start", "Message",
			"Following are Events for each object associated with the Endpoint") +
			amitest.Text("Event", "EndpointDetail", "ActionID", id, "ObjectType", "endpoint", "ObjectName", name, "Accountcode",
				markers[name])
		if uri := addresses[name]; uri != "" {
			text += amitest.Text("Event", "ContactStatusDetail", "ActionID", id, "AOR", name, "URI", uri, "UserAgent",
				stormAgent,
				"RegExpire", "1999999999", "Status", "Reachable", "RoundtripUsec", "1234", "EndpointName", name)
		}
		c.Write(text + amitest.Text("Event", "EndpointDetailComplete", "ActionID", id, "EventList", "Complete", "ListItems",
			"2"))
	})
	return f, nil
}

func (f *fakeAsterisk) address() string { return f.Server.Address() }

// end ends what belongs to the host.
func (h *amiHost) end() {
	for _, end := range h.cleanups {
		end()
	}
}

func (f *fakeAsterisk) close() { f.host.end() }

func contactURI(endpoint string, i int) string {
	return "sip:" + endpoint + "@" + stormAddress(i).String()
}

// stormBatch is how many phones' events one write carries.
const stormBatch = 50

// send sends what Asterisk 22 says when each device registers.
func (f *fakeAsterisk) send(s *pbx.Snapshot) {
	var text strings.Builder
	for i, d := range s.Devices {
		stormEvents(&text, d.Endpoint, i)
		if i%stormBatch == stormBatch-1 || i == len(s.Devices)-1 {
			f.SendRaw(text.String())
			text.Reset()
		}
	}
}

func stormEvents(text *strings.Builder, endpoint string, i int) {
	uri := contactURI(endpoint, i)
	for _, event := range [eventsEach][]string{
		{"Event", "ContactStatus", "Privilege", "system,all", "URI", uri, "ContactStatus", "NonQualified", "AOR", endpoint,
			"EndpointName", endpoint, "RoundtripUsec", "N/A"},
		{"Event", "PeerStatus", "Privilege", "system,all", "ChannelType", "PJSIP", "Peer", "PJSIP/" + endpoint, "PeerStatus",
			"Reachable"},
		{"Event", "ContactStatus", "Privilege", "system,all", "URI", uri, "ContactStatus", "Reachable", "AOR", endpoint,
			"EndpointName", endpoint, "RoundtripUsec", "1234"},
		{"Event", "DeviceStateChange", "Privilege", "call,all", "Device", "PJSIP/" + endpoint, "State", "NOT_INUSE"},
	} {
		text.WriteString(amitest.Text(event...))
	}
}

// bareReader is how long a client needs that counts the events and does nothing.
func (f *fakeAsterisk) bareReader(ctx context.Context, s *pbx.Snapshot) (took time.Duration, err error) {
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", f.address())
	if err != nil {
		return 0, fmt.Errorf("reading a storm: %w", err)
	}
	defer func() { err = errors.Join(err, socket.Close()) }()
	if _, err := socket.Write([]byte(amitest.Text("Action", "Login", "Username", "bare", "Secret", "bare"))); err != nil {
		return 0, fmt.Errorf("reading a storm: %w", err)
	}
	f.WaitLogins(1)
	sent := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(sent)
		f.send(s)
	}()
	defer func() { <-sent }()
	// The banner and the login's two frames come first: one empty line ends each.
	lines := bufio.NewScanner(socket)
	for frames := 0; frames < 2+eventsEach*len(s.Devices); {
		if !lines.Scan() {
			return 0, fmt.Errorf("reading a storm: ended after %d frames: %w", frames, lines.Err())
		}
		if len(lines.Bytes()) == 0 {
			frames++
		}
	}
	return time.Since(start), nil
}
