package callflow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Every step is one variable, then continue, in that order.
func TestSteps(t *testing.T) {
	forwarded := aritest.Channel{ID: "1", Name: "Local/101@from-acme-00000001;2", Exten: "101"}
	tests := []struct {
		name    string
		channel aritest.Channel
		args    []string
		want    []string
	}{
		{"new call", caller("1", "101"), []string{"call", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1"}},
		{"busy", caller("1", "101"), []string{"step", "acme", "BUSY"},
			[]string{"POST 1/variable DIALTONE_STEP=101@acme,b", "POST 1/continue dialtone-voicemail,101,1"}},
		{"no answer", caller("1", "101"), []string{"step", "acme", "NOANSWER"},
			[]string{"POST 1/variable DIALTONE_STEP=101@acme,u", "POST 1/continue dialtone-voicemail,101,1"}},
		{"no outcome", caller("1", "101"), []string{"step", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=101@acme,u", "POST 1/continue dialtone-voicemail,101,1"}},
		{"no answer, no mailbox", aritest.Channel{ID: "1", Name: "PJSIP/daaa-00000001", Exten: "102"}, []string{"step", "acme", "NOANSWER"},
			[]string{"POST 1/variable DIALTONE_STEP=19", "POST 1/continue dialtone-hangup,102,1"}},
		{"own mailbox", aritest.Channel{ID: "1", Name: "PJSIP/dbbb-00000001", Exten: "*97"}, []string{"call", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=101@acme", "POST 1/continue dialtone-messages,*97,1"}},
		{"unknown number", caller("1", "199"), []string{"call", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=1", "POST 1/continue dialtone-hangup,199,1"}},
		{"number deleted while it rang", caller("1", "199"), []string{"step", "acme", "NOANSWER"},
			[]string{"POST 1/variable DIALTONE_STEP=1", "POST 1/continue dialtone-hangup,199,1"}},
		{"odd number", caller("1", "${X},1&a"), []string{"call", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=1", "POST 1/continue dialtone-hangup,s,1"}},
		{"stranger", aritest.Channel{ID: "1", Name: "PJSIP/dzzz-00000001", Exten: "101"}, []string{"call", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=21", "POST 1/continue dialtone-hangup,101,1"}},
		{"Local channel", forwarded, []string{"call", "acme"},
			[]string{"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil).run()
			r.enters(tt.channel, tt.args...)
			if v := r.verdict(); v != Decided {
				t.Errorf("verdict %s", v)
			}
			if diff := cmp.Diff(tt.want, r.trace()); diff != "" {
				t.Errorf("requests -want +got:\n%s", diff)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	const variable, continued, hungUp = "POST /channels/*/variable", "POST /channels/*/continue", "DELETE /channels/*"
	set := "POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i"
	dial, fallback := "POST 1/continue dial-acme,101,1", "POST 1/continue fallback-acme,101,1"
	mail, after := "POST 1/continue dialtone-voicemail,101,1", "POST 1/continue dial-acme,101,rung"
	setMail, hang := "POST 1/variable DIALTONE_STEP=101@acme,b", "DELETE 1 congestion"
	fine := aritest.Answer{}
	call, busy := []string{"call", "acme"}, []string{"step", "acme", "BUSY"}
	tests := []struct {
		name                        string
		args                        []string
		onVariable, onContinue, end aritest.Answer
		onFallback                  aritest.Answer
		verdict                     Verdict
		want                        []string
	}{
		{"variable 500", call, broken, fine, fine, fine, FellBack, []string{set, fallback}},
		{"variable hangs", call, hangs, fine, fine, fine, FellBack, []string{set, fallback}},
		{"connection cut", call, aritest.Answer{Cut: true}, fine, fine, fine, FellBack, []string{set, fallback}},
		{"continue 500", call, fine, broken, fine, fine, FellBack, []string{set, dial, fallback}},
		{"continue hangs", call, fine, hangs, fine, fine, FellBack, []string{set, dial, fallback}},
		{"step variable 500", busy, broken, fine, fine, fine, FellBack, []string{setMail, after}},
		{"step continue hangs", busy, fine, hangs, fine, fine, FellBack, []string{setMail, mail, after}},
		{"gone at variable", call, gone, fine, fine, fine, Gone, []string{set}},
		{"gone at continue", call, fine, gone, fine, fine, Gone, []string{set, dial}},
		{"moved on at continue", call, fine, moved, fine, fine, Gone, []string{set, dial}},
		{"gone at fallback", call, fine, broken, fine, gone, Gone, []string{set, dial, fallback}},
		{"first continue took effect late", call, fine, hangs, fine, moved, Gone, []string{set, dial, fallback}},
		{"all but hangup 500", call, fine, broken, fine, broken, HungUp, []string{set, dial, fallback, hang}},
		{"Asterisk answers nothing", call, fine, hangs, fine, hangs, Stranded, []string{set, dial, fallback}},
		{"Asterisk is cut off", call, fine, aritest.Answer{Cut: true}, fine, aritest.Answer{Cut: true}, Stranded, []string{set, dial, fallback}},
		{"nothing behind the ringing", busy, broken, fine, fine, aritest.Failure(404, "Requested extension can not be found"), HungUp, []string{setMail, after, hang}},
		{"gone at hangup", call, fine, broken, gone, broken, Gone, []string{set, dial, fallback, hang}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, func(o *Options) {
				if tt.onVariable.Hang || tt.onContinue.Hang {
					o.Deadline = 500 * time.Millisecond
				}
			})
			r.answers(variable, tt.onVariable)
			r.answers(hungUp, tt.end)
			r.server.Handle(continued, func(q aritest.Request) aritest.Answer {
				if q.Field("context") == "fallback-acme" || q.Field("label") == "rung" {
					return tt.onFallback
				}
				return tt.onContinue
			})
			r.run()
			r.enters(caller("1", "101"), tt.args...)
			if v := r.verdict(); v != tt.verdict {
				t.Errorf("verdict %s, want %s", v, tt.verdict)
			}
			if diff := cmp.Diff(tt.want, r.trace()); diff != "" {
				t.Errorf("requests -want +got:\n%s", diff)
			}
		})
	}
}

// What the flow cannot route goes to the fallback without another request.
func TestUnroutable(t *testing.T) {
	panics := func(*pbx.Snapshot, pbx.Call, time.Time) pbx.Plan { panic("a rule is broken") }
	empty := func(*pbx.Snapshot, pbx.Call, time.Time) pbx.Plan { return pbx.Plan{} }
	tests := []struct {
		name   string
		change func(*Flow)
		args   []string
		want   string
		logged string
	}{
		{"no snapshot", func(f *Flow) { f.opts.Snapshot = func() *pbx.Snapshot { return nil } }, []string{"call", "acme"}, "fallback-acme,101,1", "no configuration"},
		{"panic", func(f *Flow) { f.route = panics }, []string{"call", "acme"}, "fallback-acme,101,1", "a rule is broken"},
		{"panic after a step", func(f *Flow) { f.route = panics }, []string{"step", "acme", "BUSY"}, "dial-acme,101,rung", "a rule is broken"},
		{"panic after a sound", func(f *Flow) { f.route = panics }, []string{"step", "acme", ""}, "fallback-acme,101,1", "a rule is broken"},
		{"empty plan", func(f *Flow) { f.route = empty }, []string{"call", "acme"}, "fallback-acme,101,1", "no step"},
		{"foreign arguments", nil, []string{"hello"}, ",,", "none of ours"},
		{"no arguments", nil, nil, ",,", "none of ours"},
		{"call without a tenant", nil, []string{"call"}, ",,", "none of ours"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			if tt.change != nil {
				tt.change(r.Flow)
			}
			r.run().enters(caller("1", "101"), tt.args...)
			if v := r.verdict(); v != FellBack {
				t.Errorf("verdict %s", v)
			}
			if diff := cmp.Diff([]string{"POST 1/continue " + tt.want}, r.trace()); diff != "" {
				t.Errorf("requests -want +got:\n%s", diff)
			}
			if out := r.log.String(); !strings.Contains(out, "call not decided") || !strings.Contains(out, tt.logged) {
				t.Errorf("logged %q", out)
			}
		})
	}
}

// A plan with several steps that return keeps its place in the channel.
func TestPositionInLongPlan(t *testing.T) {
	plan := pbx.Plan{Steps: []pbx.Step{
		{Kind: pbx.StepDial, Legs: []pbx.Leg{{Endpoint: "a"}}, Seconds: 5, Next: pbx.NextIs(1, pbx.OutcomeNoAnswer)},
		{Kind: pbx.StepPlay, Sound: "sorry", Next: pbx.NextIs(2, pbx.OutcomePlayed)},
		{Kind: pbx.StepDial, Legs: []pbx.Leg{{Endpoint: "b"}}, Seconds: 5, Next: pbx.NextIs(3, pbx.OutcomeNoAnswer)},
		{Kind: pbx.StepHangup, Cause: 19},
	}}
	r := newRig(t, nil)
	r.route = func(*pbx.Snapshot, pbx.Call, time.Time) pbx.Plan { return plan }
	r.run()
	for _, args := range [][]string{{"call", "acme"}, {"step", "acme", "NOANSWER", "0", "", ""}, {"step", "acme", "", "1", "", ""}, {"step", "acme", "NOANSWER", "2", "", ""}} {
		r.enters(caller("1", "101"), args...)
		if v := r.verdict(); v != Decided {
			t.Fatalf("%v: verdict %s", args, v)
		}
	}
	want := []string{
		"POST 1/variable DIALTONE_POSITION=0", "POST 1/variable DIALTONE_STEP=PJSIP/a,5,i", "POST 1/continue dial-acme,101,1",
		"POST 1/variable DIALTONE_POSITION=1", "POST 1/variable DIALTONE_STEP=sorry", "POST 1/continue play-acme,101,1",
		"POST 1/variable DIALTONE_POSITION=2", "POST 1/variable DIALTONE_STEP=PJSIP/b,5,i", "POST 1/continue dial-acme,101,1",
		"POST 1/variable DIALTONE_STEP=19", "POST 1/continue dialtone-hangup,101,1",
	}
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
}

// A call that is sent on takes its way along: the context continues at where it
// is, what was dialled first and the order of the place stay with the channel.
func TestForwardedCall(t *testing.T) {
	office := with(office(), func(r *pbx.Rows) {
		r.Forwards = []*pbx.Forward{
			{Tenant: "acme", Extension: "103", Mode: pbx.ForwardDestination, Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"}},
			{Tenant: "acme", Extension: "101", Mode: pbx.ForwardOff, NoAnswer: pbx.Destination{Kind: pbx.ToExtension, Key: "103"}}}
	})
	r := newRig(t, func(o *Options) { o.Snapshot = func() *pbx.Snapshot { return office } }).run()
	c := caller("1", "103")
	r.enters(c, "call", "acme")
	r.verdict()
	c.Exten = "101"
	r.enters(c, "step", "acme", "NOANSWER", "0", "103>extension:101", "")
	r.verdict()
	want := []string{"POST 1/variable DIALTONE_HOPS=103>extension:101",
		"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1",
		"POST 1/variable DIALTONE_STEP=101@acme,u", "POST 1/continue dialtone-voicemail,101,1"} // 103 was there already
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
}

// Whoever was transferred goes on with the rights of who transferred him, also
// after a step.
func TestTransferredCall(t *testing.T) {
	r := newRig(t, nil).run()
	outside := aritest.Channel{ID: "1", Name: "PJSIP/ttrunk-0000002a", Context: "from-acme", Exten: "101"}
	r.enters(outside, "call", "acme", "PJSIP/dccc-00000029")
	r.verdict()
	r.enters(outside, "step", "acme", "NOANSWER", "", "", "", "PJSIP/dccc-00000029")
	r.verdict()
	r.enters(outside, "call", "acme", "")
	r.verdict()
	want := []string{"POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,i", "POST 1/continue dial-acme,101,1",
		"POST 1/variable DIALTONE_STEP=101@acme,u", "POST 1/continue dialtone-voicemail,101,1",
		"POST 1/variable DIALTONE_STEP=21", "POST 1/continue dialtone-hangup,101,1"}
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
}

// A channel that calls on behalf of another one has its rights and does not ring it,
// also after a step.
func TestCallForAnother(t *testing.T) {
	r := newRig(t, nil).run()
	local := aritest.Channel{ID: "1", Name: "Local/101@dialtone-ask-0000002a;2", Context: "from-acme", Exten: "101"}
	r.enters(local, "call", "acme", "", "PJSIP/dbbb-00000029")
	r.verdict()
	r.enters(local, "step", "acme", "NOANSWER", "", "", "", "", "PJSIP/dccc-00000029")
	r.verdict()
	r.enters(local, "call", "acme", "", "PJSIP/dzzz-00000029")
	r.verdict()
	want := []string{"POST 1/variable DIALTONE_STEP=PJSIP/daaa,20,i", "POST 1/continue dial-acme,101,1",
		"POST 1/variable DIALTONE_STEP=101@acme,u", "POST 1/continue dialtone-voicemail,101,1",
		"POST 1/variable DIALTONE_STEP=21", "POST 1/continue dialtone-hangup,101,1"}
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
}

func TestEndpointOf(t *testing.T) {
	for name, want := range map[string]string{
		"PJSIP/daaa-0000002a": "daaa", "PJSIP/a-b-0000002a": "a-b", "PJSIP/daaa-1234567890ab": "daaa",
		"PJSIP/daaa": "daaa", "PJSIP/daaa-zz": "daaa-zz", "PJSIP/daaa-0000002a;2": "daaa-0000002a;2",
		"Local/101@from-acme-00000001;2": "", "Surrogate/PJSIP/x-00000001": "", "": "",
	} {
		if got := pbx.EndpointOfChannel(name); got != want {
			t.Errorf("%q is of endpoint %q, want %q", name, got, want)
		}
	}
}

// A ring group's order is told once for each call that is new there, one call after
// the other, and stays with the channel for the plans that follow.
func TestRingGroupTakesTurns(t *testing.T) {
	ring := &pbx.RingGroup{Tenant: "acme", Name: "sales", Number: "600", Strategy: pbx.StrategyRoundRobin, RingSeconds: 20, Confirm: pbx.ConfirmNone,
		Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{Extension: "101"}, {Extension: "102"}}}
	office := with(office(), func(r *pbx.Rows) { r.RingGroups = []*pbx.RingGroup{ring} })
	l := &turns{}
	r := newRig(t, func(o *Options) {
		o.Snapshot, o.Live, o.Chose = func() *pbx.Snapshot { return office }, l, l.chose
	}).run()
	from := func(id string) aritest.Channel {
		return aritest.Channel{ID: id, Name: "Local/600@x-0000000" + id + ";2", Exten: "600"}
	}
	c := from("1")
	r.enters(c, "call", "acme")
	r.verdict()
	r.enters(c, "step", "acme", "BUSY", "0", "", "101.102")
	r.verdict()
	r.enters(from("2"), "call", "acme")
	r.verdict()
	want := []string{"POST 1/variable DIALTONE_ORDER=101.102", "POST 1/variable DIALTONE_POSITION=0", "POST 1/variable DIALTONE_STEP=PJSIP/daaa&PJSIP/dbbb,20,ir", "POST 1/continue dial-acme,600,1",
		"POST 1/variable DIALTONE_POSITION=1", "POST 1/variable DIALTONE_STEP=PJSIP/dccc,20,ir", "POST 1/continue dial-acme,600,1",
		"POST 2/variable DIALTONE_ORDER=102.101", "POST 2/variable DIALTONE_POSITION=0", "POST 2/variable DIALTONE_STEP=PJSIP/dccc,20,ir", "POST 2/continue dial-acme,600,1"}
	if diff := cmp.Diff(want, r.trace()); diff != "" {
		t.Errorf("requests -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sales: 101", "sales: 102"}, l.told); diff != "" {
		t.Errorf("turns -want +got:\n%s", diff)
	}
}

// turns remembers whose turn it was.
type turns struct{ told []string }

func (l *turns) chose(_, group, member string) { l.told = append(l.told, group+": "+member) }

func (*turns) InUse(string) bool                   { return false }
func (*turns) Ringing(string) bool                 { return false }
func (*turns) Registered(string) bool              { return true }
func (*turns) Answers(string) bool                 { return true }
func (*turns) SignedIn(string) bool                { return true }
func (*turns) Calls(string) int                    { return 0 }
func (*turns) CallsAt([]string) int                { return 0 }
func (*turns) Usage(string, string) pbx.Usage      { return pbx.Usage{} }
func (*turns) CalledForHelp(string) []pbx.HelpCall { return nil }

func (l *turns) Turn(string, string) (t pbx.Turn) {
	if len(l.told) > 0 {
		_, t.Last, _ = strings.Cut(l.told[len(l.told)-1], ": ")
	}
	return t
}

// TestCallFromTrunk: a call from a trunk is of the tenant whose number is called, also
// when Asterisk takes it for the trunk of another, and the fallback finds it as well.
func TestCallFromTrunk(t *testing.T) {
	world := office()
	rows := world.Rows
	rows.Tenants = append(rows.Tenants, &pbx.Tenant{Name: "bolt", Country: "DE"})
	rows.Trunks = []*pbx.Trunk{{Tenant: "bolt", Name: "carrier", Endpoint: "tbolt"}}
	rows.Numbers = []*pbx.Number{{Tenant: "acme", Number: "+493012345601",
		Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "102"}}}
	s := pbx.NewSnapshot(1, rows)
	for _, tt := range []struct {
		snapshot *pbx.Snapshot
		want     string
		verdict  Verdict
	}{{s, "dial-acme,102,1", Decided}, {nil, "dialtone-numbers,+493012345601,1", FellBack}} {
		r := newRig(t, func(o *Options) { o.Snapshot = func() *pbx.Snapshot { return tt.snapshot } }).run()
		c := caller("1", "+493012345601")
		c.Name = "PJSIP/tbolt-00000001"
		r.enters(c, pbx.ArgTrunk, "")
		if v := r.verdict(); v != tt.verdict {
			t.Errorf("verdict %s, want %s", v, tt.verdict)
		}
		if got := r.trace(); !slices.Contains(got, "POST 1/continue "+tt.want) {
			t.Errorf("the call goes on otherwise than at %s:\n%s", tt.want, strings.Join(got, "\n"))
		}
	}
}

// TestCallerFromTrunk: a phone gets the caller's number as it can be dialled back, and the
// one in From where the tenant's own trunk takes no other.
func TestCallerFromTrunk(t *testing.T) {
	for _, tt := range []struct {
		trusts            bool
		asserted, from    string
		number, nameReset string
	}{
		{true, "491701234567", "account77", "CALLERID(num)=+491701234567", ""},
		{true, "01701234567", "", "CALLERID(num)=+491701234567", ""},
		{true, "+491701234567", "x", "", ""},
		{true, "201", "", "", ""}, {true, "anonymous", "anonymous", "CALLERID(num)=", ""},
		{false, "+491701234567", "Anonymous", "CALLERID(num)=", "CALLERID(name)="},
		{false, "+491701234567", "account77", "CALLERID(num)=account77", "CALLERID(name)="},
		{false, "+491701234567", "0306543210", "CALLERID(num)=+49306543210", "CALLERID(name)="},
	} {
		rows := office().Rows
		rows.Tenants = []*pbx.Tenant{{Name: "acme", Country: "DE"}}
		rows.Trunks = []*pbx.Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tacme", TrustIDInbound: tt.trusts}}
		rows.Numbers = []*pbx.Number{{Tenant: "acme", Number: "+493012345601",
			Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "102"}}}
		s := pbx.NewSnapshot(1, rows)
		r := newRig(t, func(o *Options) { o.Snapshot = func() *pbx.Snapshot { return s } }).run()
		c := caller("1", "+493012345601")
		c.Name, c.CallerNumber = "PJSIP/tacme-00000001", tt.asserted
		r.enters(c, pbx.ArgTrunk, "", tt.from)
		r.verdict()
		var number, name string
		for _, request := range r.trace() {
			if v, is := strings.CutPrefix(request, "POST 1/variable "); is && strings.HasPrefix(v, "CALLERID(num)") {
				number = v
			} else if is && strings.HasPrefix(v, "CALLERID(name)") {
				name = v
			}
		}
		if number != tt.number || name != tt.nameReset {
			t.Errorf("asserted %q, From %q, trusted %v: %q and %q, want %q and %q", tt.asserted, tt.from, tt.trusts, number, name,
				tt.number, tt.nameReset)
		}
	}
}
