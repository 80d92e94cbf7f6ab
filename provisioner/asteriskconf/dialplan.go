package asteriskconf

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanTenant has contexts of its own.
type dialplanTenant struct {
	Name                              contextName
	Entry, Fallback, Dial, Play, Hint contextName
	Recorded, Desk, Numbers, Inside   contextName
	Otherwise                         []dialplanNumber // what its trunks mean otherwise than AllNumbers
	Help                              dialplanHelp
	Feature                           featureView
	Extensions                        []dialplanExtension
	Groups                            []dialplanGroup
	Queues                            []dialplanQueue
	Members                           []dialplanMember // of queues
	Queue, Member, MemberHint         contextName
	Hints                             []hintLine
}

// dialplanEntry is one extension of a tenant's entry context: At is what it matches,
// Recorded the number that a recording names, "" to record nothing, and Dialled where
// the call goes in the fallback.
type dialplanEntry struct{ At, Recorded, Dialled string }

// Pattern reports whether At matches more than one number.
func (e dialplanEntry) Pattern() bool { return strings.HasPrefix(e.At, "_") }

// Entries are patterns for what begins with a digit or is a code, then each number that
// begins with a letter, which no pattern can tell from Asterisk's special extensions.
func (t dialplanTenant) Entries() []dialplanEntry {
	const dialled = "${FILTER(0-9A-Za-z*#+,${EXTEN})}"
	out := []dialplanEntry{
		{At: "_X!", Recorded: "${FILTER(0-9A-Za-z,${EXTEN})}", Dialled: dialled},
		{At: "_[*#+]!", Dialled: dialled},
	}
	var numbers []extenName
	for _, e := range t.Extensions {
		numbers = append(numbers, e.Number)
	}
	for _, g := range t.Groups {
		numbers = append(numbers, g.Number)
	}
	for _, q := range t.Queues {
		numbers = append(numbers, q.Number)
	}
	for _, n := range numbers {
		if n.Lettered() {
			out = append(out, dialplanEntry{At: n.String(), Recorded: n.String(), Dialled: n.String()})
		}
	}
	return out
}

// dialplanExtension rings one ring after the other and then, or at once when it
// has none, falls to its mailbox.
type dialplanExtension struct {
	Number     extenName
	Tenant     contextName
	Fallback   contextName // of the tenant
	Rings      []dialplanRing
	Virtual    bool // the devices are another extension's: they are told the number
	Record     bool // calls to it are recorded
	HasMailbox bool
	Mailbox    messageBox
	Diverted   divertedTo
}

// divertedTo is where the fallback sends all calls to an extension instead: to
// another one, a ring group or a queue, to a mailbox, to an announcement or, with Ends, nowhere.
type divertedTo struct {
	Any, Ends bool
	Fallback  contextName // where Extension is
	Extension extenName
	ToMailbox bool
	Mailbox   messageBox
	Sound     soundName // of an announcement, after which the call ends
}

// Options are Dial's for the extension; i keeps a phone from redirecting.
func (e dialplanExtension) Options() string {
	if !e.Virtual {
		return "i"
	}
	return "i" + pbx.ShowCalled(e.Number.String())
}

// After is the label behind the last Dial.
func (dialplanExtension) After() string { return pbx.AfterLabel }

// NoAnswer is the cause that ends a call which nothing is to answer.
func (dialplanExtension) NoAnswer() int { return pbx.CauseNoAnswer }

// dialplanRing is one Dial; the next line has the label After.
type dialplanRing struct {
	Legs    dialArg
	Seconds int
	After   string
}

// dialplanLeg rings an endpoint, or an external number through the first of Ways that takes it.
type dialplanLeg struct {
	Name     legName
	Tenant   contextName
	Seconds  int
	Endpoint endpointName // of the device, where there is no Number
	Number   outsideNumber
	Inside   contextName // of the tenant that Number belongs to, in place of Ways
	Ways     []dialplanWay
	Confirm  bool
	Groups   groupList // in which the call can be picked up
	// Monitored and OnDemand are for technologies whose file cannot say it; Extension is the channel's.
	Monitored pickupMark
	OnDemand  onDemandName
	Extension extenName
	device    pbx.Leg // what it rings where there is no Number
	Delay     int
	Tone      string // option of Dial for a distinctive ring
	Record    bool   // calls on it are recorded, as to RecordAs
	RecordAs  extenName
	Guarded   bool // it leads outside, and is not called but with the time that it may talk
}

// Told reports whether the leg's channel is told something before it is called.
func (l dialplanLeg) Told() bool { return l.Groups.Any() || l.Monitored.Any() || l.OnDemand.Any() }

// Channel is what the leg rings that does not leave by a trunk.
func (l dialplanLeg) Channel() string {
	if l.Inside.Any() {
		return "Local/" + l.Number.String() + "@" + l.Inside.String() + "/n"
	}
	return l.device.Technology.Device(l.Endpoint.String())
}

// dialplanWay is one trunk by which a leg leads outside.
type dialplanWay struct {
	Trunk    endpointName
	Channel  string
	Caller   outsideNumber
	MaxCalls int // of the trunk; 0 is without limit
}

func dialplanOf(s *pbx.Snapshot, o Options) (any, error) {
	v := sharedNames()
	v.HintsHash = o.hintsHash
	var wrong *pbx.Error
	if v.Sounds, wrong = newSoundFolder(o.Sounds); wrong != nil {
		return nil, wrong
	}
	at, keys := map[string]int{}, forwardKeysOf(s)
	for i, t := range s.Tenants {
		view, err := dialplanTenantOf(s, t, keys)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
		}
		at[t.Name] = i
		v.Tenants = append(v.Tenants, view)
	}
	for _, e := range s.Extensions {
		i, ok := at[e.Tenant]
		if !ok {
			return nil, fmt.Errorf("extension %s: no tenant %s", e.Number, e.Tenant)
		}
		view, legs, err := dialplanExtensionOf(s, e)
		if err != nil {
			return nil, fmt.Errorf("extension %s of tenant %s: %w", e.Number, e.Tenant, err)
		}
		v.Tenants[i].Extensions, v.Legs = append(v.Tenants[i].Extensions, view), append(v.Legs, legs...)
	}
	for i, t := range s.Tenants {
		if err := v.Tenants[i].reach(s, t); err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
		}
	}
	v.Accounts = accountsOf(s)
	var err error
	if v.Applications, err = applications(s); err != nil {
		return nil, err
	}
	if v.Numbers, err = numbersSent(s, s.SentToAny()); err != nil {
		return nil, err
	}
	if v.Ruled, err = ruledNumbers(s); err != nil {
		return nil, err
	}
	if v.Defaults, err = defaultNumbers(s); err != nil {
		return nil, err
	}
	v.Answer.Blocked, v.Answer.Anonymous = pbx.AnswerBlocked, pbx.AnswerAnonymous
	if v.Blocked, err = blockedCallers(s); err != nil {
		return nil, err
	}
	if err := addRingGroups(&v, s, at); err != nil {
		return nil, err
	}
	if err := addQueues(&v, s, at); err != nil {
		return nil, err
	}
	v.descend()
	return v, nil
}

// descend puts what can be many in descending order. Asterisk keeps the extensions of a
// context in a sorted list and looks for the place of each from the head, so that a
// descending file is read 18 to 30 times as fast as an ascending one of 20,000 extensions.
func (v *dialplanView) descend() {
	for i := range v.Tenants {
		t := &v.Tenants[i]
		slices.SortFunc(t.Extensions, func(a, b dialplanExtension) int { return cmp.Compare(b.Number.text, a.Number.text) })
		slices.SortFunc(t.Groups, func(a, b dialplanGroup) int { return cmp.Compare(b.Number.text, a.Number.text) })
		for _, g := range t.Groups {
			v.Legs = append(v.Legs, g.OwnLegs...)
		}
	}
	slices.SortStableFunc(v.Numbers, func(a, b dialplanNumber) int { return cmp.Compare(b.Sent.text, a.Sent.text) })
	slices.SortStableFunc(v.Ruled, func(a, b dialplanRuled) int { return cmp.Compare(b.Name.text, a.Name.text) })
	slices.SortStableFunc(v.Legs, func(a, b dialplanLeg) int { return cmp.Compare(b.Name.text, a.Name.text) })
}

func dialplanTenantOf(s *pbx.Snapshot, t *pbx.Tenant, keys forwardKeys) (v dialplanTenant, err error) {
	var es pbx.Errors
	for at, of := range map[*contextName]func(string) string{
		&v.Name: plainName, &v.Entry: pbx.EntryContext, &v.Fallback: pbx.FallbackContext,
		&v.Dial: pbx.DialContext, &v.Play: pbx.PlayContext, &v.Hint: pbx.HintContext,
		&v.Recorded: pbx.RecordContext, &v.Desk: pbx.DeskContext, &v.Numbers: pbx.NumbersContext,
		&v.Inside: pbx.InsideContext, &v.Queue: pbx.QueueContext, &v.Member: pbx.QueueMemberContext,
		&v.MemberHint: pbx.QueueHintContext,
	} {
		into(&es, at)(newContextName("name", t.Name, of))
	}
	v.Feature = featuresOf(&es, s, t.Name)
	v.Hints = hintLines(&es, s, t.Name, v.Feature, keys)
	return v, es.Err()
}

// dialplanExtensionOf also returns those of its legs that are calls of their own.
func dialplanExtensionOf(s *pbx.Snapshot, e *pbx.Extension) (v dialplanExtension, legs []dialplanLeg, err error) {
	var es pbx.Errors
	into(&es, &v.Number)(newExtenName("number", e.Number))
	into(&es, &v.Tenant)(newContextName("tenant", e.Tenant, plainName))
	into(&es, &v.Fallback)(newContextName("tenant", e.Tenant, pbx.FallbackContext))
	v.Virtual, v.Record = s.Borrows(e), e.Record
	es.Add(pbx.CheckRange("ring_seconds", e.RingSeconds, 1, 3600, "seconds"))
	rings := s.Rings(e)
	for i, r := range rings {
		ring := dialplanRing{Seconds: r.Seconds, After: pbx.AfterLabel}
		if i < len(rings)-1 {
			ring.After += strconv.Itoa(i)
		}
		into(&es, &ring.Legs)(newDialArg("devices", r.Legs))
		v.Rings = append(v.Rings, ring)
		for _, l := range r.Legs {
			if l.Own != nil {
				legs = append(legs, dialplanLegOf(&es, s, e.Tenant, l))
			}
		}
	}
	v.Diverted = divertedOf(&es, s, e)
	if v.HasMailbox = e.Mailbox != ""; v.HasMailbox {
		v.Mailbox = newMessageBox(&es, s, "mailbox", e.Tenant, e.Mailbox)
	}
	return v, legs, es.Err()
}

func divertedOf(es *pbx.Errors, s *pbx.Snapshot, e *pbx.Extension) (v divertedTo) {
	to, is := s.Diverted(e)
	if !is {
		return v
	}
	return leadingTo(es, s, e.Tenant, to)
}

// leadingTo is a destination in a tenant, as the fallback reaches it.
func leadingTo(es *pbx.Errors, s *pbx.Snapshot, tenant string, to pbx.Destination) (v divertedTo) {
	to = s.WithoutController(tenant, to)
	into(es, &v.Fallback)(newContextName("tenant", tenant, pbx.FallbackContext))
	switch {
	case to.Kind == pbx.ToExtension && pbx.CheckNoEmergency("", to.Key, s.CountriesOf(tenant)) != nil:
		v.Ends = true // no rule calls for help
	case to.Kind == pbx.ToExtension && s.Extension(tenant, to.Key) != nil:
		into(es, &v.Extension)(newExtenName("destination", to.Key))
	case to.Kind == pbx.ToRingGroup && s.RingGroup(tenant, to.Key) != nil:
		into(es, &v.Extension)(newExtenName("destination", s.RingGroup(tenant, to.Key).Number))
	case to.Kind == pbx.ToQueue && s.Queue(tenant, to.Key) != nil:
		into(es, &v.Extension)(newExtenName("destination", s.Queue(tenant, to.Key).Number))
	case to.Kind == pbx.ToVoicemail:
		v.Mailbox = newMessageBox(es, s, "destination", tenant, to.Key)
		v.ToMailbox = true
	case to.Kind == pbx.ToAnnouncement:
		a := s.Announcement(tenant, to.Key)
		if a == nil || a.Sound == "" {
			return v
		}
		into(es, &v.Sound)(newSoundName("destination", a.Sound))
	case to.Kind == pbx.ToHangup:
		v.Ends = true
	default:
		return v
	}
	v.Any = true
	return v
}

func dialplanLegOf(es *pbx.Errors, s *pbx.Snapshot, tenant string, l pbx.Leg) (v dialplanLeg) {
	into(es, &v.Name)(newLegName("endpoint", l))
	into(es, &v.Tenant)(newContextName("tenant", tenant, plainName))
	v.Seconds, v.Confirm, v.Delay, v.Tone, v.device = l.Own.Seconds, l.Own.Confirm, l.Own.Delay, pbx.ShowTone(l.Own.Tone),
		l
	if v.Record = l.Own.Record != ""; v.Record {
		into(es, &v.RecordAs)(newExtenName("extension", l.Own.Record))
	}
	if l.Own.Number == "" {
		into(es, &v.Endpoint)(newEndpointName("endpoint", cmp.Or(l.Own.Endpoint, l.Endpoint)))
		into(es, &v.Groups)(newGroupList("groups", tenant, l.Own.Groups))
		v.told(es, s, tenant, l.Own)
		return v
	}
	if l.Own.Inside != "" {
		into(es, &v.Inside)(newContextName("tenant", l.Own.Inside, pbx.InsideContext))
	} else {
		v.Guarded = s.Guarded(tenant, l.Own.Owner)
	}
	into(es, &v.Number)(newOutsideNumber("external_number", l.Own.Number))
	for _, w := range l.Own.Ways {
		var way dialplanWay
		into(es, &way.Trunk)(newEndpointName("trunk", w.Trunk))
		var sent sentNumber
		into(es, &sent)(newSentNumber("external_number", w.Number))
		if w.Caller != "" {
			into(es, &way.Caller)(newOutsideNumber("caller_number", w.Caller))
		}
		if t := s.TrunkOf(w.Trunk); t != nil {
			way.MaxCalls = t.MaxCalls
		}
		way.Channel = pbx.PJSIP.Device(sent.String() + "@" + way.Trunk.String())
		v.Ways = append(v.Ways, way)
	}
	return v
}

// told adds what the leg's channel is told for its extension.
func (l *dialplanLeg) told(es *pbx.Errors, s *pbx.Snapshot, tenant string, own *pbx.OwnLeg) {
	if own.Monitored != "" {
		into(es, &l.Monitored)(newPickupMark("monitored", tenant, own.Monitored))
	}
	if e := s.Extension(tenant, own.OnDemand); e != nil {
		l.OnDemand = onDemandOf(es, s, e)
		into(es, &l.Extension)(newExtenName("number", e.Number))
	}
}
