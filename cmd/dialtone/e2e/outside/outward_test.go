package outside

import (
	"net"
	"strconv"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// streets is an office in Germany with numbers of its own.
type streets struct {
	*lab
	*Carrier
	phones map[string]*phone.Phone // by extension
	ada    *phone.Phone
}

const (
	deskNumber = "+493012345601"
	mainNumber = "+493012345600"
)

// openStreets has 101 with a number of its own and no class; 102 anonymous with
// the main number; 103 that may call Germany but not +49900; 104 in Switzerland;
// 105 that may call nobody inside; 106 without a number.
func openStreets(t *testing.T, suite box.Suite) *streets {
	t.Helper()
	o := &streets{lab: openLab(t, suite), Carrier: OpenCarrier(t), phones: map[string]*phone.Phone{}}
	o.Trunk(o.lab.Lab, "carrier", Object{"register": true})
	o.Do(t, "PATCH", Tenant, Object{"country": "DE"}, nil)
	o.Do(t, "PUT", Tenant+"/numbers/"+deskNumber, Object{"description": "desk"}, nil)
	o.Do(t, "PUT", Tenant+"/numbers/"+mainNumber, Object{}, nil)
	o.Do(t, "PUT", Tenant+"/classes-of-service/home", Object{"allow": []string{"national"}, "deny": []string{"+49900"}}, nil)
	o.Do(t, "PUT", Tenant+"/classes-of-service/nowhere", Object{}, nil)
	o.Do(t, "PUT", Tenant+"/classes-of-service/lobby", Object{"deny": []string{"internal"}}, nil)
	for number, more := range map[string]Object{
		"101": {"name": "Own Number", "presentation_number": deskNumber}, "102": {"name": "Shy", "anonymous": true, "presentation_number": mainNumber},
		"103": {"class_of_service": "home"}, "104": {"country": "CH", "presentation_number": mainNumber}, "105": {"class_of_service": "lobby"}, "106": {},
	} {
		o.Extension(t, number, map[string]string{"101": "4711"}[number], more)
		o.phones[number] = o.Register(t, o.Device(t, "desk-"+number, number, nil), phone.Options{})
	}
	o.Do(t, "PATCH", Tenant+"/numbers/"+deskNumber, Object{"destination": "extension:101"}, nil)
	o.phones["free"] = o.Register(t, o.Device(t, "desk", "", Object{"shared": true}), phone.Options{})
	o.ada = o.Mobile(t, "ada", phone.Options{})
	o.Registered()
	o.Applied(t)
	return o
}

// TestOutwardRealAsterisk dials out and in through a carrier that tells which
// headers it got.
func TestOutwardRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			o := openStreets(t, suite)
			t.Run("dials", func(t *testing.T) { o.dials(t) })
			t.Run("refused", func(t *testing.T) { o.notAllowed(t) })
			t.Run("called", func(t *testing.T) { o.called(t) })
			t.Run("strangers", func(t *testing.T) { o.strangers(t) })
			o.neighbours(t)
			t.Run("shared", func(t *testing.T) { o.shared(t) })
			t.Run("twin", func(t *testing.T) { o.twins(t) })
			t.Run("forwarded", func(t *testing.T) { o.forwarded(t) })
			t.Run("chosen", func(t *testing.T) { o.chosen(t) })
			t.Run("tones", func(t *testing.T) { o.tones(t) })
			t.Run("renumbered", func(t *testing.T) { o.followed(t) })
			o.Kill(t)
			t.Run("fallback", func(t *testing.T) { o.withoutController(t) })
			o.Restart(t)
			t.Run("help", func(t *testing.T) { o.helped(t) })
		})
	}
}

// reaches dials from an extension and checks what the carrier was asked for and told.
func (o *streets) reaches(t *testing.T, from, number, to, caller, pai, privacy string) {
	t.Helper()
	out := Dial(t, o.phones[from], number)
	in := Rings(t, out, o.ada)
	if got := in.Header("X-Office-To"); !strings.HasPrefix(got, "sip:"+to+"@") {
		t.Errorf("%s dials %s: the carrier is asked for %q, want %s", from, number, got, to)
	}
	if got := in.Header("X-Office-From"); !strings.Contains(got, "sip:"+caller+"@") {
		t.Errorf("%s dials %s: From is %q, want %s", from, number, got, caller)
	}
	if got := in.Header("X-Office-PAI"); !strings.Contains(got, "sip:"+pai+"@") {
		t.Errorf("%s dials %s: P-Asserted-Identity is %q, want %s", from, number, got, pai)
	}
	if got := in.Header("X-Office-Privacy"); got != privacy {
		t.Errorf("%s dials %s: Privacy is %q, want %q", from, number, got, privacy)
	}
	t.Logf("%s dials %s: From %s; PAI %s; Privacy %q", from, number, in.Header("X-Office-From"), in.Header("X-Office-PAI"), in.Header("X-Office-Privacy"))
	Answer(t, out, in)
	Talk(t, out, in)
	HangUp(t, in, out)
}

func (o *streets) dials(t *testing.T) {
	o.reaches(t, "101", "089123456", "+4989123456", deskNumber, deskNumber, "")
	o.reaches(t, "101", "004489123456", "+4489123456", deskNumber, deskNumber, "")
	o.reaches(t, "101", "+12125551234", "+12125551234", deskNumber, deskNumber, "")
	o.reaches(t, "102", "089123456", "+4989123456", "anonymous", mainNumber, "id")
	o.reaches(t, "103", "089123456", "+4989123456", "103", "103", "")
	o.reaches(t, "104", "0446681800", "+41446681800", mainNumber, mainNumber, "")
	out, in := Connect(t, o.phones["101"], o.phones["106"], "106")
	if who := Identity(in); !strings.Contains(who, `"Own Number" <sip:101@`) {
		t.Errorf("inside the office the caller is %s", who)
	}
	HangUp(t, out, in)
}

// helped comes last: calls to the number that a call for help has shown ring its phone first.
func (o *streets) helped(t *testing.T) {
	o.Registered()
	o.reaches(t, "101", "112", "112", deskNumber, deskNumber, "")
	o.reaches(t, "104", "144", "144", mainNumber, mainNumber, "")
}

func (o *streets) notAllowed(t *testing.T) {
	for _, c := range []struct {
		from, number string
		want         int
	}{
		{"103", "0900123456", 403}, {"103", "00441234567890", 403}, {"103", "+12125551234", 403}, {"105", "089123456", 403}, {"105", "101", 403},
		{"101", "1234567", 404}, {"101", "0089", 404}, {"101", "144", 404}, {"101", UnknownNumber, 404}, {"101", "0892;user=phone", 404}, {"free", "089123456", 404},
	} {
		if got := Refusal(t, o.phones[c.from], c.number); got != c.want {
			t.Errorf("%s dials %s: %d, want %d", c.from, c.number, got, c.want)
		}
	}
	o.reaches(t, "103", "110", "110", "103", "103", "")
	o.reaches(t, "105", "112", "112", "105", "105", "")
	o.reaches(t, "free", "112", "112", "no_extension", "no_extension", "")
}

// called: every way in which a carrier writes the number reaches its extension.
func (o *streets) called(t *testing.T) {
	for _, way := range []string{deskNumber, "493012345601", "00493012345601", "03012345601", "3012345601"} {
		out, in := Connect(t, o.ada, o.phones["101"], way)
		if in.CallerNumber() != Mobiles["ada"] {
			t.Errorf("called as %s, the phone shows %q %s", way, in.CallerName(), in.CallerNumber())
		}
		Talk(t, out, in)
		HangUp(t, out, in)
	}
	before := o.phones["101"].Voicemail()
	out := Dial(t, o.ada, deskNumber)
	if err := Rings(t, out, o.phones["101"]).Reject(486); err != nil {
		t.Fatal(err)
	}
	LeaveMessage(t, out, o.phones["101"], before)
	out, in := Connect(t, o.phones["106"], o.phones["101"], "03012345601") // stays in the house
	if in.CallerNumber() != "106" {
		t.Errorf("a call to our own number shows %s", in.CallerNumber())
	}
	HangUp(t, out, in)
	o.NoChannels(t)
}

// strangers: what is no number of the tenant reaches nobody, inside or outside.
func (o *streets) strangers(t *testing.T) {
	for _, number := range []string{"101", "106", "112", "089123456", "+4989123456", "004989123456", mainNumber, "*97", "*11", "+493012345699"} {
		if got := Refusal(t, o.ada, number); got != 404 {
			t.Errorf("a call from outside to %s ends with %d, want 404", number, got)
		}
	}
	o.NoChannels(t)
}

// betaNumber is a number of another tenant at the same carrier.
const betaNumber = "+493012345701"

// neighbours makes another tenant at the same carrier, with a phone that its number rings.
// Its trunk is made twice, so that its place among Asterisk's trunks is another.
func (o *streets) neighbours(t *testing.T) {
	t.Helper()
	const beta = "/v1/tenants/beta"
	o.Do(t, "PUT", beta, Object{"title": "Beta", "timezone": "UTC", "country": "DE"}, nil)
	o.ExtensionOf(t, "beta", "301", "", nil)
	o.Do(t, "PUT", beta+"/numbers/"+betaNumber, Object{"destination": "extension:301"}, nil)
	trunk := Object{"host": CarrierHost, "port": o.Port}
	o.Do(t, "PUT", beta+"/trunks/carrier", trunk, nil)
	o.Do(t, "DELETE", beta+"/trunks/carrier", nil, nil)
	o.Do(t, "PUT", beta+"/trunks/carrier", trunk, nil)
	o.phones["beta"] = o.Register(t, o.DeviceOf(t, "beta", "desk", "301", nil), phone.Options{})
	host, port, _ := net.SplitHostPort(o.SIP)
	at, _ := strconv.Atoi(port)
	for _, own := range []string{host, "localhost", "127.0.0.9"} {
		if r := o.Refused(t, "PUT", beta+"/trunks/carrier", Object{"host": own, "port": at}); r == nil || r.Status != 422 {
			t.Errorf("a trunk to this server itself by %s: %v", own, r)
		}
	}
	o.Applied(t)
}

// shared: two tenants at one carrier are both called by their numbers.
func (o *streets) shared(t *testing.T) {
	t.Helper()
	for _, way := range []string{betaNumber, betaNumber[1:], "0" + betaNumber[3:]} {
		out, in := Connect(t, o.ada, o.phones["beta"], way)
		Talk(t, out, in)
		HangUp(t, out, in)
	}
	out, in := Connect(t, o.ada, o.phones["101"], deskNumber)
	HangUp(t, out, in)
	o.NoChannels(t)
}

// twins: a twin shows the number of its owner, and does not ring where the class
// of its owner forbids it.
func (o *streets) twins(t *testing.T) {
	o.Do(t, "PUT", Tenant+"/external-numbers/"+Mobiles["ada"], Object{"available": true}, nil)
	o.Do(t, "PATCH", Tenant+"/extensions/101", Object{"twin_number": Mobiles["ada"]}, nil)
	o.Applied(t)
	out := Dial(t, o.phones["106"], "101")
	atDesk, mobile := Rings(t, out, o.phones["101"]), Rings(t, out, o.ada)
	if got := mobile.Header("X-Office-PAI"); !strings.Contains(got, "sip:"+deskNumber+"@") {
		t.Errorf("the twin is shown %s", got)
	}
	HangUp(t, out, atDesk)
	Hears(t, mobile.Done(), mobile, "the end")
	o.Do(t, "PUT", Tenant+"/classes-of-service/nothing", Object{"allow": []string{"+41"}}, nil)
	o.Do(t, "PATCH", Tenant+"/extensions/101", Object{"class_of_service": "nothing"}, nil)
	o.Applied(t)
	out = Dial(t, o.phones["106"], "101")
	atDesk = Rings(t, out, o.phones["101"])
	select {
	case <-o.ada.Incoming():
		t.Error("a twin that its owner's class forbids rings")
	case <-Within(t, 2e9).Done():
	}
	HangUp(t, out, atDesk)
	o.Do(t, "PATCH", Tenant+"/extensions/101", Object{"class_of_service": nil, "twin_number": nil}, nil)
	o.Applied(t)
}

// forwarded: a forward that leads outside dials as its owner's country does, shows
// its owner's number, and has its owner's rights and not the caller's.
func (o *streets) forwarded(t *testing.T) {
	o.Do(t, "PUT", Tenant+"/forwards/104", Object{"mode": "destination", "destination": "external:0446681800"}, nil)
	o.Applied(t)
	o.reaches(t, "103", "104", "+41446681800", mainNumber, mainNumber, "")
	o.Do(t, "PATCH", Tenant+"/numbers/"+mainNumber, Object{"destination": "extension:104"}, nil)
	o.Applied(t)
	out := Dial(t, o.ada, mainNumber)
	in := Rings(t, out, o.ada)
	if got := in.Header("X-Office-PAI"); !strings.Contains(got, "sip:"+mainNumber+"@") {
		t.Errorf("a call from outside is sent on with %s", got)
	}
	HangUp(t, out, in)
	o.Do(t, "PATCH", Tenant, Object{"forward_caller": "caller"}, nil)
	o.Applied(t)
	out = Dial(t, o.ada, mainNumber)
	in = Rings(t, out, o.ada)
	if got := in.Header("X-Office-From"); !strings.Contains(got, "sip:"+Mobiles["ada"]+"@") {
		t.Errorf("a tenant that shows callers sends a call on with %s", got)
	}
	if got := in.Header("X-Office-Diversion"); !strings.Contains(got, "sip:"+mainNumber+"@") {
		t.Errorf("a tenant that shows callers sends a call on with Diversion %q", got)
	}
	HangUp(t, out, in)
	o.Do(t, "PATCH", Tenant, Object{"forward_caller": nil}, nil)
	o.Do(t, "PATCH", Tenant+"/extensions/104", Object{"class_of_service": "nowhere"}, nil)
	o.Applied(t)
	if got := Refusal(t, o.phones["103"], "104"); got != 403 {
		t.Errorf("a forward that its owner's class forbids ends with %d, want 403", got)
	}
	o.Do(t, "DELETE", Tenant+"/forwards/104", nil, nil)
	o.Do(t, "PATCH", Tenant+"/extensions/104", Object{"class_of_service": nil}, nil)
	o.Do(t, "PATCH", Tenant+"/numbers/"+mainNumber, Object{"destination": nil}, nil)
	o.Applied(t)
}

// chosen: an available number is a user's device until the user leaves it, a
// restart of the controller or not; one that is not available is refused.
func (o *streets) chosen(t *testing.T) {
	o.Do(t, "PUT", Tenant+"/users/eve", Object{"full_name": "Eve", "role": "user", "extension": "106"}, nil)
	o.Do(t, "PUT", Tenant+"/external-numbers/"+Mobiles["bob"], Object{}, nil)
	if r := o.Refused(t, "POST", Tenant+"/users/eve/desk", Object{"external_number": Mobiles["bob"]}); r == nil || r.Status != 409 {
		t.Errorf("choosing a number that is not available: %v", r)
	}
	o.Do(t, "POST", Tenant+"/users/eve/desk", Object{"external_number": Mobiles["ada"]}, nil)
	o.Kill(t)
	o.Restart(t)
	o.Applied(t)
	out := Dial(t, o.phones["101"], "106")
	atDesk, mobile := Rings(t, out, o.phones["106"]), Rings(t, out, o.ada)
	if err := mobile.Answer(Within(t, 10e9)); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, mobile)
	Press(t, mobile, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Hears(t, atDesk.Done(), atDesk, "the end of ringing")
	Talk(t, out, mobile)
	HangUp(t, out, mobile)
	var u struct{ Desk string }
	o.Do(t, "DELETE", Tenant+"/users/eve/desk", nil, &u)
	o.Applied(t)
	out = Dial(t, o.phones["101"], "106")
	atDesk = Rings(t, out, o.phones["106"])
	select {
	case <-o.ada.Incoming():
		t.Error("a number that was left rings")
	case <-Within(t, 2e9).Done():
	}
	HangUp(t, out, atDesk)
	if r := o.Refused(t, "GET", Tenant+"/devices/external-"+strings.TrimPrefix(Mobiles["ada"], "+"), nil); u.Desk != "" || r == nil || r.Status != 404 {
		t.Errorf("after leaving, desk %q, device: %v", u.Desk, r)
	}
}

// tones: the endpoint has the zone of its extension's country.
func (o *streets) tones(t *testing.T) {
	for number, zone := range map[string]string{"101": "de", "104": "ch"} {
		var d struct{ Endpoint string }
		o.Do(t, "GET", Tenant+"/devices/desk-"+number, nil, &d)
		out := o.Console(t, "pjsip show endpoint "+d.Endpoint)
		found := false
		for line := range strings.Lines(out) {
			name, value, _ := strings.Cut(line, ":")
			found = found || strings.TrimSpace(name) == "tone_zone" && strings.TrimSpace(value) == zone
		}
		if !found {
			t.Errorf("the endpoint of %s does not have the tones of %s", number, zone)
		}
	}
}

// followed: a number leads to its extension when that has another number.
func (o *streets) followed(t *testing.T) {
	o.Do(t, "POST", Tenant+"/extensions/101/renumber", Object{"number": "151"}, nil)
	o.Applied(t)
	out, in := Connect(t, o.ada, o.phones["101"], deskNumber)
	HangUp(t, out, in)
	if r := o.Refused(t, "DELETE", Tenant+"/numbers/"+deskNumber, nil); r == nil || !strings.Contains(r.Error(), "151") {
		t.Errorf("deleting a number that is shown: %v", r)
	}
	if r := o.Refused(t, "DELETE", Tenant+"/classes-of-service/home", nil); r == nil || !strings.Contains(r.Error(), "103") {
		t.Errorf("deleting a class that is in use: %v", r)
	}
}

// withoutController: help and numbers of the tenant are still reached, and
// nothing else.
func (o *streets) withoutController(t *testing.T) {
	o.reaches(t, "105", "110", "110", "105", "105", "")
	for _, way := range []string{deskNumber, "03012345601"} {
		out, in := Connect(t, o.ada, o.phones["101"], way)
		Talk(t, out, in)
		HangUp(t, out, in)
	}
	o.shared(t)
	o.strangers(t)
	if got := Refusal(t, o.phones["103"], "0900123456"); got != 404 {
		t.Errorf("without a controller 0900 ends with %d, want 404", got)
	}
}
