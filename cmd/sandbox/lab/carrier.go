package lab

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// Carrier is a second Asterisk that plays the world outside. It listens on an
// address of its own, because the office tells a trunk by its address.
type Carrier struct {
	in   *box.Instance
	Port int
	t    *testing.T
}

const (
	CarrierHost   = "127.0.0.2"
	MobileHost    = "127.0.0.3" // where mobiles are; the carrier takes 127.0.0.1 for the office
	TrunkSecret   = "trunk;--secret"
	mobileSecret  = "0123456789abcdef"
	SilentMailbox = "+4915100000000" // a mobile's voicemail: answers at once and says nothing
	eagerMobile   = "+4915100000001" // answers and presses 1 after the first words
	busyMobile    = "+4915100000002"
	// What the carrier says of numbers that it puts through to nobody.
	UnknownNumber    = saidNumber + "404"
	ChangedNumber    = saidNumber + "410"
	IncompleteNumber = saidNumber + "484"
	// ForwardingMobile and SilentForwarder forward every call to CircleNumber; the second
	// one's carrier says nothing of it.
	ForwardingMobile = "+4915100000003"
	SilentForwarder  = "+4915100000004"
	CircleNumber     = "+493012345600"
)

// saidNumber begins the numbers that the carrier answers with their last three digits.
const saidNumber = "+4989404"

// SaidNumber is the number that the carrier answers with a SIP answer.
func SaidNumber(answer string) string { return saidNumber + answer }

// Mobiles are the numbers whose phones the tests play, by name.
var Mobiles = map[string]string{"ada": "+4915111111111", "bob": "+4915122222222", "cleo": "+4915133333333",
	"dave": "+4915144444444",
	"emma": "+4915155555555", "finn": "+4915166666666", "gina": "+4915177777777", "hugo": "+4915188888888"}

const carrierPJSIP = `[global]
type = global
endpoint_identifier_order = ip,username
[udp]
type = transport
protocol = udp
bind = %[1]s:%[2]d
[tcp]
type = transport
protocol = tcp
bind = %[1]s:%[2]d
[dialtone]
type = endpoint
auth = dialtone
aors = dialtone
context = from-office
allow = !all,ulaw
direct_media = no
[dialtone]
type = auth
username = dialtone
password = %[3]s
[dialtone]
type = aor
max_contacts = 1
[office]
type = identify
endpoint = dialtone
match = 127.0.0.1
`

const carrierMobile = `[%[1]s]
type = endpoint
auth = %[1]s
aors = %[1]s
context = from-mobile
allow = !all,ulaw
direct_media = no
callerid = <%[3]s>
[%[1]s]
type = auth
username = %[1]s
password = %[2]s
[%[1]s]
type = aor
max_contacts = 1
`

// The office must show the number it is asked for, with its prefix. A mobile that
// dials reaches the office through the address that it registered from.
const carrierDialplan = `[from-office]
exten => ` + SilentMailbox + `,1,Answer()
 same => n,Wait(60)
exten => ` + eagerMobile + `,1,Answer()
 same => n,Wait(2)
 same => n,SendDTMF(1)
 same => n,Milliwatt()
exten => ` + busyMobile + `,1,Hangup(17)
exten => ` + ForwardingMobile + `,1,Set(FORWARDED=${PJSIP_HEADER(read,Diversion)})
 same => n,Set(__FORWARDED=<sip:${EXTEN}@carrier.invalid>\;reason=unconditional\;counter=1, ${FORWARDED})
 same => n,Dial(PJSIP/` + CircleNumber + `@dialtone,30,b(divert^s^1))
 same => n,Hangup(${HANGUPCAUSE})
exten => ` + SilentForwarder + `,1,Set(REDIRECTING(from-num)=)
 same => n,Dial(PJSIP/` + CircleNumber + `@dialtone,30)
 same => n,Hangup(${HANGUPCAUSE})
`

// Whatever else the office dials rings Ada's mobile, which is told in headers of
// its own what the office said.
const carrierInbound = `exten => _+4989404[0-9][0-9][0-9],1,PJSIPHangup(${EXTEN:-3})
exten => _[0-9+]X.,1,Gosub(office,s,1)
 same => n,Dial(PJSIP/ada,60,b(tell^s^1))
 same => n,Hangup(${HANGUPCAUSE})
exten => _XX,1,Goto(0${EXTEN},1)
[divert]
exten => s,1,Set(PJSIP_HEADER(add,Diversion)=${FORWARDED})
 same => n,Return()
[office]
exten => s,1,Set(__OFFICE_FROM=${PJSIP_HEADER(read,From)})
 same => n,Set(__OFFICE_PAI=${PJSIP_HEADER(read,P-Asserted-Identity)})
 same => n,Set(__OFFICE_PRIVACY=${PJSIP_HEADER(read,Privacy)})
 same => n,Set(__OFFICE_DIVERSION=${PJSIP_HEADER(read,Diversion)})
 same => n,Set(__OFFICE_TO=${CHANNEL(pjsip,request_uri)})
 same => n,Return()
[tell]
exten => s,1,Set(PJSIP_HEADER(add,X-Office-From)=${OFFICE_FROM})
 same => n,Set(PJSIP_HEADER(add,X-Office-PAI)=${OFFICE_PAI})
 same => n,Set(PJSIP_HEADER(add,X-Office-Privacy)=${OFFICE_PRIVACY})
 same => n,Set(PJSIP_HEADER(add,X-Office-Diversion)=${OFFICE_DIVERSION})
 same => n,Set(PJSIP_HEADER(add,X-Office-To)=${OFFICE_TO})
 same => n,Return()
[from-mobile]
exten => _[0-9+*]X.,1,Dial(PJSIP/${EXTEN}@dialtone,20)
 same => n,Hangup(${HANGUPCAUSE})
exten => _XX,1,Dial(PJSIP/${EXTEN}@dialtone,20)
 same => n,Hangup(${HANGUPCAUSE})
`

// OpenCarrier starts a carrier and ends it with the test.
func OpenCarrier(t *testing.T) *Carrier {
	t.Helper()
	ports, err := box.FreePorts("udp", 1)
	if err != nil {
		t.Fatal(err)
	}
	first, last, err := box.FreeRTPRange(100)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.ReleasePorts(first, last) })
	pjsip, plan := fmt.Sprintf(carrierPJSIP, CarrierHost, ports[0], `trunk\;--secret`), carrierDialplan
	for name, number := range Mobiles {
		pjsip += fmt.Sprintf(carrierMobile, name, mobileSecret, number)
		plan += "exten => " + number + ",1,Gosub(office,s,1)\n same => n,Dial(PJSIP/" + name +
			",60,b(tell^s^1))\n same => n,Hangup(${HANGUPCAUSE})\n"
	}
	in, err := box.Start(t.Context(), box.Options{Suite: box.Asterisk22, Dir: t.TempDir(), Log: t.Output(),
		Files: map[string][]byte{
			"pjsip.conf": []byte(pjsip), "extensions.conf": []byte(plan + carrierInbound),
			"rtp.conf": fmt.Appendf(nil, "[general]\nrtpstart = %d\nrtpend = %d\nicesupport = no\n", first, last),
		}})
	if err != nil {
		t.Fatal(err)
	}
	c := &Carrier{in: in, Port: ports[0], t: t}
	t.Cleanup(c.Stop)
	return c
}

// Stop ends the carrier before the test does.
func (c *Carrier) Stop() {
	if err := c.in.Stop(context.Background()); err != nil {
		c.t.Error(err)
	}
}

// Trunk makes the office's trunk to the carrier, and lets the office call everything
// there: without a class of service, numbers abroad and with a price are refused.
func (c *Carrier) Trunk(l *Lab, name string, more Object) {
	c.t.Helper()
	body := Object{"host": CarrierHost, "port": c.Port, "username": "dialtone", "secret": TrunkSecret}
	for k, v := range more {
		body[k] = v
	}
	l.Do(c.t, "PUT", Tenant+"/trunks/"+name, body, nil)
	l.Do(c.t, "PUT", Tenant+"/classes-of-service/everything", Object{"allow": []string{"any"}}, nil)
	l.Do(c.t, "PATCH", Tenant, Object{"class_of_service": "everything"}, nil)
}

// Mobile is a simulated mobile of one of the names.
func (c *Carrier) Mobile(t *testing.T, name string, o phone.Options) *phone.Phone {
	t.Helper()
	o.LocalIP = MobileHost
	p := NewPhone(t, o)
	account := phone.Account{Index: 1, UserName: name, Password: mobileSecret, Server: CarrierHost, Port: c.Port,
		Transport: "udp"}
	if err := p.Register(Within(t, 10*time.Second), account); err != nil {
		t.Fatal(err)
	}
	return p
}

// External makes an external number and, for an extension, a device that rings it.
func (l *Lab) External(t *testing.T, name, extension, number string, more Object) {
	t.Helper()
	l.Do(t, "PUT", Tenant+"/external-numbers/"+number, Object{"description": "of " + name}, nil)
	body := Object{"kind": "external", "external_number": number, "extension": extension}
	for k, v := range more {
		body[k] = v
	}
	l.Do(t, "PUT", Tenant+"/devices/"+name, body, nil)
}

// Registered waits until the office's trunk has registered at the carrier, which
// Asterisk puts off by up to ten seconds (max_random_initial_delay).
func (c *Carrier) Registered() {
	c.t.Helper()
	Eventually(c.t, 20*time.Second, func() string {
		out, err := c.in.CLI(c.t.Context(), "pjsip show contacts")
		if want := "dialtone/sip:dialtone@127.0.0.1:"; err != nil || !strings.Contains(out, want) {
			return "no contact " + strconv.Quote(want) + ":\n" + out
		}
		return ""
	})
}
