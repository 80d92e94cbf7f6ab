package pbx

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// Help is what a call for help tells, or a test of it.
type Help struct {
	Number string // that is dialled
	Shown  string // that the carrier is shown, "" where it is none that could be called back
	Test   bool   // nobody is called
}

// HelpCall is a call for help, or a test. Observed, never configuration.
type HelpCall struct {
	Channel        string // Uniqueid of the caller's channel
	Tenant, Device string
	Extension      string   // that the device belongs to, "" for a free desk
	Name           string   // of the extension
	Location       string   // "" is not known
	Number         string   // that was dialled
	Shown          []string // numbers that carriers were shown
	Test           bool     // nobody was called
	Late           bool     // it began without the controller
	At             time.Time
}

// CallBackFor is how long after a call for help a call to the number that was shown rings the
// device itself (RFC 7090 has the need; the time is ours).
const CallBackFor = 30 * time.Minute

// CallBackRings is how long a device rings that is called back, and a little more.
const CallBackRings = (callBackSeconds + 10) * time.Second

// callBackSeconds is how long a device rings that is called back.
const callBackSeconds = 60

// maxLocation bounds Device.Location, in characters.
const maxLocation = 200

// maxEmergencyMail bounds Tenant.EmergencyMail.
const maxEmergencyMail = 10

var helpTestPattern = regexp.MustCompile(`^[0-9]{2,6}$`)

// checkHelp refuses what cannot be told of a call for help.
func (t *Tenant) checkHelp(es *Errors) {
	if len(t.EmergencyMail) > maxEmergencyMail {
		es.Add(Invalidf("emergency_mail", "has %d addresses, at most %d are allowed", len(t.EmergencyMail), maxEmergencyMail))
	}
	for _, address := range t.EmergencyMail {
		es.Add(CheckEmail("emergency_mail", address))
	}
	switch n := t.EmergencyTestNumber; {
	case n == "":
	case !helpTestPattern.MatchString(n):
		es.Add(Invalidf("emergency_test_number", "%s is not 2 to 6 digits, such as 933", quote(n)))
	case slices.Contains(EmergencyNumbers(""), n), slices.Contains(EmergencyNumbers(t.Country), n):
		es.Add(Invalidf("emergency_test_number", "%s reaches help, and a test calls nobody", quote(n)))
	}
}

// testsHelp is the plan of a device that dials the tenant's number for tests: it hears its own
// number, and whether its location is known. Nobody is called.
func (r routing) testsHelp() (Plan, bool) {
	t, d := r.s.Tenant(r.c.Tenant), r.c.Device(r.s)
	if t.EmergencyTestNumber == "" || t.EmergencyTestNumber != r.c.Dialled || d == nil || len(r.c.Hops) > 0 {
		return Plan{}, false
	}
	if _, help := r.callsForHelp(); help { // in the country of this extension
		return Plan{}, false
	}
	known, said := "is known", "activated"
	if d.Location == "" {
		known, said = "is not known", "de-activated"
	}
	play := Step{Kind: StepPlay, Sound: spell(d.Extension) + said, Next: NextIs(1, OutcomePlayed),
		Help: &Help{Number: r.c.Dialled, Test: true},
		Rule: "a test of calls for help: the location of device " + d.Name + " " + known}
	return Plan{Steps: []Step{play, hangupStep(CauseNormal, "the test of calls for help has ended")}}, true
}

// spell is the argument of Playback that says a number character by character.
func spell(number string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(number) {
		if c >= '0' && c <= '9' {
			b.WriteString("digits/" + string(c) + "&")
		} else {
			b.WriteString("letters/" + string(c) + "&")
		}
	}
	return b.String()
}

// ShownForHelp returns the numbers that carriers are shown when a device calls for help, as far
// as they can be called back: the presentation number, or those of the trunks that are tried.
func (s *Snapshot) ShownForHelp(d *Device) (out []string) {
	e := s.Extension(d.Tenant, d.Extension)
	if e == nil {
		e = &Extension{Tenant: d.Tenant}
	}
	for _, t := range s.TrunksForHelp(d.Tenant) {
		if shown := presentationOf(e, t); shown != "" && !slices.Contains(out, shown) {
			out = append(out, shown)
		}
	}
	return out
}

// DialsHelp reports whether a device that dials a number calls for help.
func (s *Snapshot) DialsHelp(d *Device, dialled string) bool {
	e := s.Extension(d.Tenant, d.Extension)
	if e == nil {
		e = &Extension{Tenant: d.Tenant}
	}
	return isEmergency(s.CountryOf(e), dialled)
}

// helps marks the dials of a call for help.
func helps(p Plan) Plan {
	for i, s := range p.Steps {
		for _, l := range s.Legs {
			if l.Outside == "" {
				continue
			}
			p.Steps[i].Help = &Help{Number: l.Outside}
			if s.Show != nil {
				p.Steps[i].Help.Shown = s.Show.Number
			}
		}
	}
	return p
}

// callsBack is the plan of a call from outside to a number that was shown for a call for help
// lately, or that leads to the extension which made it: the devices ring that have called,
// whatever their extensions want. When none answers, the call goes on as any other. n is the
// number called, nil where the tenant has none of that name.
func (r routing) callsBack(n *Number, otherwise Plan) Plan {
	var legs []Leg
	var names []string
	for _, h := range r.helpCalls() {
		d := r.s.Device(r.c.Tenant, h.Device)
		if d == nil || !dialable(d.Endpoint) || d.Kind == DeviceExternal || r.s.Forbidden(d) ||
			slices.Contains(names, d.Name) || len(legs) == maxLegs || !r.calledAs(n, h, d) {
			continue
		}
		names = append(names, d.Name)
		legs = append(legs, Leg{Endpoint: d.Endpoint, Technology: d.Technology(), Device: d.Name})
	}
	if len(legs) == 0 {
		return otherwise
	}
	dial := Step{Kind: StepDial, Seconds: callBackSeconds, Next: follow(1, 1, 1, 2), Legs: legs,
		Rule: "device " + strings.Join(names, ", ") + " has called for help lately, and is called back"}
	return Plan{Steps: []Step{dial, otherwise.Steps[0],
		hangupStep(CauseNormal, "the call to device %s has ended", strings.Join(names, ", "))}}
}

// helpCalls returns the calls for help of the tenant that are called back now. A device that
// rings already goes on ringing.
func (r routing) helpCalls() []HelpCall {
	if r.c.Live == nil {
		return nil
	}
	within := CallBackFor
	if r.c.Resumed {
		within += CallBackRings
	}
	return slices.DeleteFunc(slices.Clone(r.c.Live.CalledForHelp(r.c.Tenant)), func(h HelpCall) bool { return r.now.Sub(h.At) >= within })
}

// calledAs reports whether the number called is one by which a device is called back.
func (r routing) calledAs(n *Number, h HelpCall, d *Device) bool {
	if n != nil {
		return slices.Contains(h.Shown, n.Number) || d.Extension != "" && n.Destination == (Destination{ToExtension, d.Extension})
	}
	called, ok := ReadDialled(r.s.CountryOf(&Extension{Tenant: r.c.Tenant}), r.c.Dialled)
	return slices.Contains(h.Shown, r.c.Dialled) || ok && slices.Contains(h.Shown, called.Number)
}
