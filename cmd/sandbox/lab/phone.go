package lab

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Extension creates an extension, with a mailbox of the same number when pin is
// not empty. It rings five seconds, the least, unless more says otherwise.
func (l *Lab) Extension(t *testing.T, number, pin string, more Object) {
	t.Helper()
	l.ExtensionOf(t, "default", number, pin, more)
}

// ExtensionOf is Extension in another tenant.
func (l *Lab) ExtensionOf(t *testing.T, tenant, number, pin string, more Object) {
	t.Helper()
	path := "/v1/tenants/" + tenant
	body := Object{"name": "Extension " + number, "ring_seconds": 5}
	if pin != "" {
		l.Do(t, "PUT", path+"/mailboxes/"+number, Object{"name": "Box " + number, "pin": pin}, nil)
		body["mailbox"] = number
	}
	for k, v := range more {
		body[k] = v
	}
	l.Do(t, "PUT", path+"/extensions/"+number, body, nil)
}

// Device creates a device and returns what a phone needs to register as it.
func (l *Lab) Device(t *testing.T, name, extension string, more Object) phone.Account {
	t.Helper()
	return l.DeviceOf(t, "default", name, extension, more)
}

// DeviceOf is Device in another tenant.
func (l *Lab) DeviceOf(t *testing.T, tenant, name, extension string, more Object) phone.Account {
	t.Helper()
	body := Object{}
	if extension != "" {
		body["extension"] = extension
	}
	for k, v := range more {
		body[k] = v
	}
	var d struct{ Endpoint, Secret string }
	l.Do(t, "PUT", "/v1/tenants/"+tenant+"/devices/"+name, body, &d)
	host, port, err := net.SplitHostPort(l.SIP)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return phone.Account{Index: 1, UserName: d.Endpoint, Password: d.Secret, Server: host, Port: n, Transport: "udp"}
}

// macs makes a MAC address for each phone.
var macs atomic.Uint32

// NewMAC is a MAC address that no other phone of this process has.
func NewMAC() string { return fmt.Sprintf("001565%06x", macs.Add(1)) }

// NewPhone makes a phone that ends with the test.
func NewPhone(t *testing.T, o phone.Options) *phone.Phone {
	t.Helper()
	if o.MAC == "" {
		o.MAC = NewMAC()
	}
	if o.Model == "" {
		o.Model = "T46U"
	}
	p, err := phone.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Logf("closing a phone: %v", err)
		}
	})
	return p
}

// Register makes a phone that has registered as a device that Asterisk knows.
func (l *Lab) Register(t *testing.T, account phone.Account, o phone.Options) *phone.Phone {
	t.Helper()
	l.Applied(t)
	p := NewPhone(t, o)
	if err := p.Register(Within(t, 10*time.Second), account); err != nil {
		t.Fatal(err)
	}
	return p
}

// Patience is the least time that a step gets which must succeed: how long it takes is
// the machine's matter, and only a step that never ends is a fault.
const Patience = 30 * time.Second

// Within bounds one step of a test. A step of five seconds or more gets the lab's
// Patience; a shorter one is about something that must not come.
func Within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	if d >= 5*time.Second {
		d = max(d, Patience)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Status is what the API says of a device.
type Status struct {
	Status, IP, Call, Expires string
	UserAgent                 string  `json:"user_agent"`
	Port                      int     `json:"port"`
	RTT                       float64 `json:"rtt_ms"`
	Age                       float64 `json:"age_seconds"`
	Stale                     bool
}

// Status is the live status of a device of the tenant.
func (l *Lab) Status(t *testing.T, device string) Status {
	t.Helper()
	var d struct{ Status Status }
	l.Do(t, "GET", Tenant+"/devices/"+device, nil, &d)
	return d.Status
}

// WaitStatus waits until a device's live status pleases ok.
func (l *Lab) WaitStatus(t *testing.T, device string, limit time.Duration, what string, ok func(Status) bool) Status {
	t.Helper()
	var s Status
	Eventually(t, limit, func() string {
		if s = l.Status(t, device); !ok(s) {
			return fmt.Sprintf("device %s is not %s: %+v", device, what, s)
		}
		return ""
	})
	return s
}

// IsOK reports whether a device is registered and reachable, for WaitStatus.
func IsOK(s Status) bool { return s.Status == "OK" && !s.Stale }

// KeyAt is the line key at an index of a phone's file; its zero value if there is none.
func KeyAt(c *phone.Config, index int) phone.LineKey {
	for _, k := range c.LineKeys {
		if k.Index == index {
			return k
		}
	}
	return phone.LineKey{}
}

// Members are extensions as a ring group's members.
func Members(numbers ...string) (out []Object) {
	for _, n := range numbers {
		out = append(out, Object{"extension": n})
	}
	return out
}
