package pbx

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rows is what a snapshot is made of.
type rows struct {
	tenants    []*Tenant
	extensions []*Extension
	devices    []*Device
	mailboxes  []*Mailbox
	numbers    []*ExternalNumber
	trunks     []*Trunk
	forwards   []*Forward
	own        []*Number
	classes    []*ClassOfService
}

func (r rows) snapshot() *Snapshot {
	return NewSnapshot(1, Rows{
		Tenants:         r.tenants,
		Extensions:      r.extensions,
		Devices:         r.devices,
		Mailboxes:       r.mailboxes,
		ExternalNumbers: r.numbers,
		Trunks:          r.trunks,
		Forwards:        r.forwards,
		Numbers:         r.own,
		Classes:         r.classes,
	})
}

// shuffled is the same rows in another order.
func (r rows) shuffled(seed uint64) rows {
	rnd := rand.New(rand.NewPCG(seed, 1))
	c := rows{slices.Clone(r.tenants), slices.Clone(r.extensions), slices.Clone(r.devices), slices.Clone(r.mailboxes), slices.Clone(r.numbers), slices.Clone(r.trunks), slices.Clone(r.forwards), slices.Clone(r.own), slices.Clone(r.classes)}
	rnd.Shuffle(len(c.tenants), func(i, j int) { c.tenants[i], c.tenants[j] = c.tenants[j], c.tenants[i] })
	rnd.Shuffle(len(c.extensions), func(i, j int) { c.extensions[i], c.extensions[j] = c.extensions[j], c.extensions[i] })
	rnd.Shuffle(len(c.devices), func(i, j int) { c.devices[i], c.devices[j] = c.devices[j], c.devices[i] })
	rnd.Shuffle(len(c.mailboxes), func(i, j int) { c.mailboxes[i], c.mailboxes[j] = c.mailboxes[j], c.mailboxes[i] })
	rnd.Shuffle(len(c.numbers), func(i, j int) { c.numbers[i], c.numbers[j] = c.numbers[j], c.numbers[i] })
	rnd.Shuffle(len(c.trunks), func(i, j int) { c.trunks[i], c.trunks[j] = c.trunks[j], c.trunks[i] })
	rnd.Shuffle(len(c.own), func(i, j int) { c.own[i], c.own[j] = c.own[j], c.own[i] })
	return c
}

var (
	someTenant = rapid.SampledFrom([]string{"acme", "bolt", "corp"})
	someNumber = rapid.SampledFrom([]string{"101", "102", "103", "s", "alice"})
	someDevice = rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	someDID    = rapid.SampledFrom([]string{"+4930111111", "+4930222222", "+12125550000"})
	somebody   = rapid.SampledFrom([]string{"+4915111", "+4915122", "4915133"})
)

// drawRows draws tenants that use the same numbers and device names; endpoint
// names are unique over all of them, as the database has it.
func drawRows(t *rapid.T) rows {
	type id struct{ tenant, name string }
	ids := func(name *rapid.Generator[string], label string) []id {
		pair := rapid.Custom(func(t *rapid.T) id { return id{someTenant.Draw(t, "tenant"), name.Draw(t, "name")} })
		return rapid.SliceOfNDistinct(pair, 0, 12, func(i id) id { return i }).Draw(t, label)
	}
	r := rows{tenants: []*Tenant{{Name: "acme"}, {Name: "bolt"}}}
	for _, i := range ids(someNumber, "extensions") {
		r.extensions = append(r.extensions, &Extension{Tenant: i.tenant, Number: i.name,
			RingSeconds: rapid.IntRange(0, 300).Draw(t, "ring"), Mailbox: rapid.SampledFrom([]string{"", "101", "102"}).Draw(t, "mailbox"),
			Ring: rapid.SampledFrom([]RingMode{"", RingAll, RingSequence}).Draw(t, "mode"), TwinNumber: rapid.OneOf(rapid.Just(""), somebody).Draw(t, "twin")})
	}
	for _, i := range ids(someDevice, "devices") {
		d := &Device{Tenant: i.tenant, Name: i.name, Endpoint: "d" + i.tenant + i.name, Extension: rapid.SampledFrom([]string{"", "101", "102", "103"}).Draw(t, "rings for"),
			RingSeconds: rapid.IntRange(0, 300).Draw(t, "own seconds"), RingOrder: rapid.IntRange(1, 3).Draw(t, "order")}
		if rapid.Bool().Draw(t, "external") {
			d.Kind, d.ExternalNumber, d.Confirm = DeviceExternal, somebody.Draw(t, "number"), rapid.Bool().Draw(t, "confirm")
		}
		r.devices = append(r.devices, d)
	}
	for _, i := range ids(somebody, "external numbers") {
		r.numbers = append(r.numbers, &ExternalNumber{Tenant: i.tenant, Number: i.name, Type: rapid.SampledFrom([]NumberType{NumberSIP, NumberTeams}).Draw(t, "type")})
	}
	for _, i := range ids(rapid.SampledFrom([]string{"sip", "other", "third", "teams", "teams2"}), "trunks") {
		r.trunks = append(r.trunks, &Trunk{Tenant: i.tenant, Name: i.name, Endpoint: "t" + i.tenant + i.name,
			Teams:    strings.HasPrefix(i.name, "teams"),
			Priority: rapid.IntRange(0, 2).Draw(t, "priority"), Disabled: rapid.Bool().Draw(t, "disabled")})
	}
	lead := rapid.SampledFrom([]Destination{{}, {ToExtension, "101"}, {ToExtension, "102"}, {ToExtension, "103"}, {ToVoicemail, "101"}, {ToExternal, "+4915111"}, {ToHangup, ""}})
	for _, i := range ids(someNumber, "forwards") {
		f := &Forward{Tenant: i.tenant, Extension: i.name, Mode: rapid.SampledFrom([]ForwardMode{ForwardOff, ForwardDestination}).Draw(t, "forward"),
			Busy: lead.Draw(t, "busy"), NoAnswer: lead.Draw(t, "no answer"), Unreachable: lead.Draw(t, "unreachable"), NoAnswerSeconds: rapid.IntRange(0, 60).Draw(t, "forward seconds")}
		if f.Mode == ForwardDestination {
			f.Destination = lead.Draw(t, "always")
		}
		r.forwards = append(r.forwards, f)
	}
	for _, i := range ids(someNumber, "mailboxes") {
		r.mailboxes = append(r.mailboxes, &Mailbox{Tenant: i.tenant, Number: i.name})
	}
	for _, number := range rapid.SliceOfNDistinct(someDID, 0, 3, rapid.ID).Draw(t, "numbers") { // of one tenant each
		r.own = append(r.own, &Number{Tenant: someTenant.Draw(t, "of"), Number: number, Destination: rapid.SampledFrom([]Destination{{}, {ToExtension, "101"}, {ToExtension, "102"}, {ToVoicemail, "101"}, {ToHangup, ""}}).Draw(t, "leads to")})
	}
	for _, i := range ids(rapid.SampledFrom([]string{"home", "lobby"}), "classes") {
		entry := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"+49", "+4915", "national", "international"}), 0, 3, rapid.ID)
		r.classes = append(r.classes, &ClassOfService{Tenant: i.tenant, Name: i.name, Allow: entry.Draw(t, "allow"), Deny: entry.Draw(t, "deny")})
	}
	for _, e := range r.extensions {
		e.Country, e.ClassOfService = rapid.SampledFrom([]string{"", "DE", "US"}).Draw(t, "country"), rapid.SampledFrom([]string{"", "home", "lobby"}).Draw(t, "class")
		e.PresentationNumber, e.Anonymous = rapid.OneOf(rapid.Just(""), someDID).Draw(t, "shows"), rapid.Bool().Draw(t, "hides")
	}
	return r
}

func drawCall(t *rapid.T) Call {
	return Call{
		Tenant:   someTenant.Draw(t, "tenant"),
		Dialled:  rapid.OneOf(someNumber, rapid.Just(VoicemailCode), rapid.String(), someDID, somebody, rapid.StringMatching(`(\+|00|011)?[0-9]{2,16}`), rapid.SampledFrom([]string{"112", "911", "015112345678"})).Draw(t, "dialled"),
		Endpoint: rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"tacmesip", "tboltsip", "tacmeteams"}), rapid.Custom(func(t *rapid.T) string { return "d" + someTenant.Draw(t, "") + someDevice.Draw(t, "") })).Draw(t, "endpoint"),
	}
}

// TestRouteProperties: a plan ends whatever comes back, rings nobody twice, never
// the caller, never another tenant, and depends on nothing but its input.
func TestRouteProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, c := drawRows(t), drawCall(t)
		s := r.snapshot()
		p := Route(s, c, time.Time{})
		checkEnds(t, p)
		for _, step := range p.Steps {
			checkStep(t, s, c, step)
		}
		again := Route(r.shuffled(rapid.Uint64().Draw(t, "seed")).snapshot(), c, time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), 0))
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatalf("shuffled rows give another plan:\n%s", diff)
		}
		if caller := s.DeviceOf(c.Endpoint); c.Endpoint != "" && (caller == nil || caller.Tenant != c.Tenant) && s.trunkOf(c) == nil && s.Tenant(c.Tenant) != nil {
			if len(p.Steps) != 1 || p.Steps[0].Cause != CauseRefused {
				t.Fatalf("a stranger is not refused: %+v", p)
			}
		}
	})
}

// checkEnds follows every Next and random outcomes from anywhere.
func checkEnds(t *rapid.T, p Plan) {
	if len(p.Steps) == 0 {
		t.Fatal("a plan without a step")
	}
	for i, s := range p.Steps {
		if s.Returns() != (s.Next != Next{}) {
			t.Fatalf("step %d of kind %s has Next %v", i, s.Kind, s.Next)
		}
		for o, next := range s.Next.All() {
			if next <= i || next >= len(p.Steps) {
				t.Fatalf("step %d leads to %d on %s", i, next, o)
			}
		}
	}
	i := rapid.IntRange(-1, 9).Draw(t, "start")
	for range len(p.Steps) + 1 {
		i = p.After(i, ParseOutcome(rapid.OneOf(rapid.SampledFrom([]string{"ANSWER", "BUSY", "NOANSWER", "", "DONTCALL"}), rapid.String()).Draw(t, "outcome")))
		if !p.Steps[i].Returns() {
			return
		}
	}
	t.Fatalf("the plan does not end: %+v", p)
}

// checkStep checks who takes part in a step.
func checkStep(t *rapid.T, s *Snapshot, c Call, step Step) {
	seen, target := map[string]bool{}, c.Dialled
	for _, l := range step.Legs {
		if l.Outside != "" {
			checkOutward(t, s, c, step, l)
			continue
		}
		if l.Inside != "" {
			checkAcross(t, s, c, step, l)
			continue
		}
		if l.Own != nil {
			checkOwnLeg(t, s, c, target, step, l, seen)
			continue
		}
		d := s.DeviceOf(l.Endpoint)
		switch {
		case seen[l.Endpoint]:
			t.Fatalf("%s rings twice", l.Endpoint)
		case l.Endpoint == c.Endpoint:
			t.Fatal("the caller rings")
		case d == nil || d.Tenant != c.Tenant || d.Extension != target || d.Kind == DeviceExternal:
			t.Fatalf("%s rings for %s of %s", l.Endpoint, c.Dialled, c.Tenant)
		}
		seen[l.Endpoint] = true
	}
	if step.Kind == StepDial && (len(step.Legs) == 0 || step.Seconds < 1 || step.Seconds > 300+ConfirmSeconds) {
		t.Fatalf("dials %d legs for %d seconds", len(step.Legs), step.Seconds)
	}
	if (step.Kind == StepVoicemail || step.Kind == StepMessages) && s.Mailbox(c.Tenant, step.Mailbox) == nil {
		t.Fatalf("mailbox %q is not one of %s", step.Mailbox, c.Tenant)
	}
	if step.Kind == StepHangup && step.Cause == 0 {
		t.Fatal("hangs up without a cause")
	}
}

// checkAcross: a call leads to another tenant by one of that tenant's numbers alone.
func checkAcross(t *rapid.T, s *Snapshot, c Call, step Step, l Leg) {
	has := slices.ContainsFunc(s.Numbers, func(n *Number) bool { return n.Tenant == l.Inside && n.Number == l.Endpoint })
	if l.Inside == c.Tenant || !has || len(step.Legs) != 1 {
		t.Fatalf("%s leads to tenant %s at %s with %d legs", c.Dialled, l.Inside, l.Endpoint, len(step.Legs))
	}
}

// checkOwnLeg: a leg of its own ends with its dial at the latest and rings the
// device it is named after, or a number of the tenant through a trunk of the
// tenant for that type of number.
func checkOwnLeg(t *rapid.T, s *Snapshot, c Call, target string, step Step, l Leg, seen map[string]bool) {
	o, longest := l.Own, step.Seconds
	if o.Confirm {
		longest -= ConfirmSeconds
	}
	if seen[l.Endpoint] || seen[o.Number] || l.Endpoint == c.Endpoint || o.Seconds < 1 || o.Seconds > longest {
		t.Fatalf("%+v with %+v rings in %+v", l, *o, step)
	}
	seen[l.Endpoint] = true
	d := s.DeviceOf(l.Endpoint)
	if o.Number == "" {
		if d == nil || d.Tenant != c.Tenant || d.Extension != target || d.Kind == DeviceExternal || o.Confirm {
			t.Fatalf("%+v rings for %s of %s", l, c.Dialled, c.Tenant)
		}
		return
	}
	seen[o.Number] = true
	n := s.ExternalNumber(c.Tenant, o.Number)
	if n == nil || len(o.Ways) == 0 {
		t.Fatalf("%+v leads out by %+v", l, *o)
	}
	for _, w := range o.Ways {
		if k := s.TrunkOf(w.Trunk); k == nil || k.Tenant != c.Tenant || k.Reaches() != n.Type || k.Disabled {
			t.Fatalf("%+v leads out by %+v", l, *o)
		}
	}
	if e := s.Extension(c.Tenant, target); d == nil && (e.TwinNumber != o.Number || !o.Confirm) || d != nil && (d.ExternalNumber != o.Number || d.Confirm != o.Confirm) {
		t.Fatalf("%+v is nobody's: %+v", l, *o)
	}
}

// TestWayProperties: whatever comes back from each step, a call is sent on at most
// MaxHops times, never twice to the same place, and then its plan ends.
func TestWayProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, c := drawRows(t).snapshot(), drawCall(t)
		seen := map[Destination]bool{{ToExtension, c.Dialled}: true}
		for hops := 0; ; hops++ {
			p := Route(s, c, time.Time{})
			i := 0
			for p.Steps[i].Returns() {
				i = p.After(i, rapid.SampledFrom(dialOutcomes).Draw(t, "outcome"))
			}
			to := p.Steps[i].To
			if p.Steps[i].Kind != StepForward {
				return
			}
			if hops == MaxHops || seen[to] || to.IsZero() {
				t.Fatalf("sent to %s after %d hops: %s", to, hops, HopsText(c.Dialled, c.Hops))
			}
			seen[to] = true
			c = c.Sent(to)
			if dialled, back := ParseHops(HopsText("101", c.Hops)); dialled != "101" || !slices.Equal(back, c.Hops) {
				t.Fatalf("%v is read back as %q %v", c.Hops, dialled, back)
			}
		}
	})
}

// checkOutward: only a device of the tenant dials out, through its trunk for that type of
// number, what is a number and its class allows, and never a number of its own tenant.
func checkOutward(t *rapid.T, s *Snapshot, c Call, step Step, l Leg) {
	by := NumberSIP
	if known := s.ExternalNumber(c.Tenant, c.Dialled); known != nil {
		by = known.Type
	}
	trunk, from := s.TrunkOf(l.Endpoint), c.Extension(s)
	if c.Device(s) == nil || trunk == nil || trunk.Tenant != c.Tenant || trunk.Reaches() != by || len(step.Legs) != 1 ||
		!outwardPattern.MatchString(l.Outside) || s.NumberOf(c.Tenant, l.Outside) != nil {
		t.Fatalf("%+v leads out by %+v", c, l)
	}
	if from == nil {
		if !slices.Contains(EmergencyNumbers(""), l.Outside) {
			t.Fatalf("nobody's device dials %s", l.Outside)
		}
		return
	}
	if class := s.ClassOf(from); class != nil && l.Outside[0] == '+' {
		if allowed, _ := class.decide(Reading{Number: l.Outside, National: nationalTo(s.CountryOf(from), l.Outside)}); !allowed {
			t.Fatalf("%s calls %s in spite of %+v", from.Number, l.Outside, class)
		}
	}
	if shown := step.Show.Number; shown != "" && shown != from.PresentationNumber && shown != trunk.CallerNumber {
		t.Fatalf("%s shows %s", from.Number, shown)
	}
}

func nationalTo(country, number string) bool {
	r, _ := ReadDialled(country, number)
	return r.National
}
