package calls

import (
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// ringers is an office of a caller, 101, and three members, 201 to 203, who are
// called a, b and c here.
type ringers struct {
	*lab
	caller *phone.Phone
	phones [3]*phone.Phone
}

func openRingers(t *testing.T) *ringers {
	t.Helper()
	r := &ringers{lab: openLab(t, box.Asterisk22)}
	r.Extension(t, "101", "", Object{"name": "Caller"})
	r.caller = r.Register(t, r.Device(t, "caller", "101", nil), phone.Options{})
	for i, number := range []string{"201", "202", "203"} {
		r.Extension(t, number, "", nil)
		r.phones[i] = r.Register(t, r.Device(t, "desk-"+number, number, nil), phone.Options{})
	}
	r.Extension(t, "300", "4730", nil)
	return r
}

// group makes ring group 600 of the three members, or what more says.
func (r *ringers) group(t *testing.T, more Object) {
	t.Helper()
	body := Object{"number": "600", "ring_seconds": 10, "members": Members("201", "202", "203")}
	for k, v := range more {
		body[k] = v
	}
	r.Do(t, "PUT", Tenant+"/ring-groups/sales", body, nil)
	r.Applied(t)
}

// arrives waits for a call at member i and rings there.
func (r *ringers) arrives(t *testing.T, out *phone.Call, i int) *phone.Call {
	t.Helper()
	select {
	case in := <-r.phones[i].Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		return in
	case <-out.Done():
		t.Fatalf("the call ended before %c rang: %v", 'a'+i, out.Err())
	case <-time.After(Patience):
		t.Fatalf("%c does not ring", 'a'+i)
	}
	return nil
}

// silent fails if member i rings.
func (r *ringers) silent(t *testing.T, is ...int) {
	t.Helper()
	for _, i := range is {
		select {
		case <-r.phones[i].Incoming():
			t.Errorf("%c rings", 'a'+i)
		default:
		}
	}
}

// order calls the group, lets everybody refuse, and returns who rang after whom.
func (r *ringers) order(t *testing.T) string {
	t.Helper()
	out := Dial(t, r.caller, "600")
	var seen strings.Builder
	for {
		select {
		case in := <-r.phones[0].Incoming():
			refuse(t, in, &seen, 'a')
		case in := <-r.phones[1].Incoming():
			refuse(t, in, &seen, 'b')
		case in := <-r.phones[2].Incoming():
			refuse(t, in, &seen, 'c')
		case <-out.Done():
			if got := StatusOf(t, out.Err()); got != 486 {
				t.Errorf("refused by all it ends with %d, want 486", got)
			}
			return seen.String()
		case <-time.After(Patience):
			t.Fatalf("nothing goes on after %q", seen.String())
		}
	}
}

func refuse(t *testing.T, in *phone.Call, seen *strings.Builder, name byte) {
	t.Helper()
	if err := in.Reject(486); err != nil {
		t.Fatal(err)
	}
	seen.WriteByte(name)
}

// takes lets member i answer, after all who are before it in the order refused.
func (r *ringers) takes(t *testing.T, is ...int) {
	t.Helper()
	out := Dial(t, r.caller, "600")
	for _, i := range is[:len(is)-1] {
		if err := r.arrives(t, out, i).Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	in := r.arrives(t, out, is[len(is)-1])
	Answer(t, out, in)
	HangUp(t, out, in)
	r.NoChannels(t)
}

// TestRingGroupsRealAsterisk rings three people by every strategy.
func TestRingGroupsRealAsterisk(t *testing.T) {
	t.Parallel()
	r := openRingers(t)
	t.Run("all", r.all)
	t.Run("sequential", r.sequential)
	t.Run("memory hunt", r.memoryHunt)
	t.Run("round robin", r.roundRobin)
	t.Run("least recent and fewest calls", r.byAnswers)
	t.Run("by chance", r.byChance)
	t.Run("paging", r.paging)
	t.Run("options", r.options)
	t.Run("timeout", r.timeout)
	t.Run("forwards", r.followed)
	t.Run("references", r.references)
	t.Run("no controller", r.noController)
}

// all: all three ring at once, with prefix and distinctive ring; a delayed one
// later, one with a time of its own shorter. The caller's own phone never rings.
func (r *ringers) all(t *testing.T) {
	before := r.Decisions(t)
	r.group(t, Object{"caller_id_prefix": "Sales; ${X}:", "ring_tone": 3, "members": []Object{{"extension": "201"},
		{"extension": "202", "delay": 3}, {"extension": "203", "ring_seconds": 2}, {"extension": "101"}}})
	start := time.Now()
	out := Dial(t, r.caller, "600")
	a, c := r.arrives(t, out, 0), r.arrives(t, out, 2)
	Took(t, "ringing the first two", start, 0)
	r.silent(t, 1)
	Hears(t, out.Ringing(), out, "ringing")
	Hears(t, c.Done(), c, "the end of c's ringing")
	Took(t, "c's ringing", start, 2*time.Second)
	b := r.arrives(t, out, 1)
	Took(t, "the delay of b", start, 3*time.Second)
	for name, in := range map[string]*phone.Call{"a": a, "b": b, "c": c} {
		if in.CallerName() != "Sales; ${X}: Caller" || in.CallerNumber() != "101" {
			t.Errorf("%s shows %q %s", name, in.CallerName(), in.CallerNumber())
		}
		if got := in.Header("Alert-Info"); !strings.HasSuffix(got, ";info=ring3") {
			t.Errorf("%s rings by Alert-Info %q", name, got)
		}
	}
	Answer(t, out, b)
	Hears(t, a.Done(), a, "the end of a's ringing")
	Talk(t, out, b)
	HangUp(t, b, out)
	select {
	case <-r.caller.Incoming():
		t.Error("the caller's own phone rang")
	default:
	}
	r.Decided(t, before, 1)
	r.NoChannels(t)
}

// sequential: one after the other, each for its time; refusing goes on at once.
func (r *ringers) sequential(t *testing.T) {
	r.group(t, Object{"strategy": "sequential", "ring_seconds": 2, "ring_tone": 1})
	start := time.Now()
	out := Dial(t, r.caller, "600")
	for i := range 3 {
		in := r.arrives(t, out, i)
		if got := in.Header("Alert-Info"); !strings.HasSuffix(got, ";info=ring1") {
			t.Errorf("Alert-Info %q", got)
		}
		Hears(t, in.Done(), in, "the end of ringing")
		Took(t, "ringing", start, time.Duration(2*(i+1))*time.Second)
	}
	if got := StatusOf(t, out.WaitAnswer()); got != 480 {
		t.Errorf("unanswered it ends with %d, want 480", got)
	}
	if got := r.order(t); got != "abc" {
		t.Errorf("they ring in order %q", got)
	}
	r.takes(t, 0, 1)
}

// memoryHunt: a; a and b; all.
func (r *ringers) memoryHunt(t *testing.T) {
	r.group(t, Object{"strategy": "memory-hunt", "ring_seconds": 2})
	out := Dial(t, r.caller, "600")
	for round := range 3 {
		var ins []*phone.Call
		for i := range round + 1 {
			ins = append(ins, r.arrives(t, out, i))
		}
		for i := round + 1; i < 3; i++ {
			r.silent(t, i)
		}
		if round == 2 {
			Answer(t, out, ins[2])
			Hears(t, ins[0].Done(), ins[0], "the end of ringing")
			HangUp(t, out, ins[2])
			break
		}
		for _, in := range ins {
			Hears(t, in.Done(), in, "the end of the round")
		}
	}
	r.NoChannels(t)
}

// roundRobin: each call begins with the next, also over a restart of the controller.
func (r *ringers) roundRobin(t *testing.T) {
	r.Do(t, "DELETE", Tenant+"/ring-groups/sales", nil, nil)
	r.group(t, Object{"strategy": "round-robin"})
	for _, want := range []string{"abc", "bca", "cab"} {
		if got := r.order(t); got != want {
			t.Errorf("they ring in order %q, want %q", got, want)
		}
	}
	r.takes(t, 0)
	r.Kill(t)
	r.Restart(t)
	if got := r.order(t); got != "bca" {
		t.Errorf("after a restart they ring in order %q", got)
	}
	out := Dial(t, r.caller, "600") // begins with c, and goes on with a although the controller has forgotten
	c := r.arrives(t, out, 2)
	r.Kill(t)
	r.Restart(t)
	if err := c.Reject(486); err != nil {
		t.Fatal(err)
	}
	a := r.arrives(t, out, 0)
	Answer(t, out, a)
	HangUp(t, out, a)
	r.NoChannels(t)
}

// byAnswers: the calls before left a with two answers, the last of them, c and b
// with none.
func (r *ringers) byAnswers(t *testing.T) {
	r.Do(t, "DELETE", Tenant+"/ring-groups/sales", nil, nil)
	r.group(t, Object{"strategy": "fewest-calls"})
	r.takes(t, 0)
	r.takes(t, 1)
	r.takes(t, 2, 0)
	if got := r.order(t); got != "cba" { // a has answered twice, b once
		t.Errorf("by calls answered they ring in order %q", got)
	}
	r.group(t, Object{"strategy": "least-recent"})
	r.takes(t, 2)
	r.Kill(t)
	r.Restart(t)
	if got := r.order(t); got != "bac" {
		t.Errorf("by time of the last answer they ring in order %q", got)
	}
}

// byChance: everybody rings once, not always in the same order; weight decides.
func (r *ringers) byChance(t *testing.T) {
	orders := map[string]bool{}
	r.group(t, Object{"strategy": "random"})
	for range 8 {
		got := r.order(t)
		orders[got] = true
		if len(got) != 3 || !strings.Contains(got, "a") || !strings.Contains(got, "b") || !strings.Contains(got, "c") {
			t.Errorf("they ring in order %q", got)
		}
	}
	if len(orders) < 2 {
		t.Errorf("always in order %v", orders)
	}
	r.group(t, Object{"strategy": "weighted", "members": []Object{{"extension": "201"}, {"extension": "202", "weight": 100}, {"extension": "203"}}})
	first := 0
	for range 5 {
		if strings.HasPrefix(r.order(t), "b") {
			first++
		}
	}
	if first < 3 { // with 100 of 102 shares
		t.Errorf("the one with weight was first %d of 5 times", first)
	}
}

// paging: phones answer by themselves and hear the caller; one in a call is left alone.
func (r *ringers) paging(t *testing.T) {
	r.group(t, Object{"strategy": "paging", "caller_id_prefix": "Page:"})
	busyOut, busyIn := Connect(t, r.caller, r.phones[1], "202")
	r.WaitStatus(t, "desk-202", 5*time.Second, "in use", func(s Status) bool { return s.Call == "in-call" })
	out := Dial(t, r.caller, "600")
	var a, c *phone.Call
	for a == nil || c == nil { // they ring and answer by themselves
		select {
		case a = <-r.phones[0].Incoming():
		case c = <-r.phones[2].Incoming():
		case <-time.After(Patience):
			t.Fatal("a member is not paged")
		}
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	out.Tone(CallerTone)
	for _, in := range []*phone.Call{a, c} {
		if got := in.Header("Alert-Info"); !strings.HasSuffix(got, ";info=alert-autoanswer") || in.CallerName() != "Page: Caller" {
			t.Errorf("Alert-Info %q, name %q", got, in.CallerName())
		}
		if err := in.Hear(Within(t, 10*time.Second), CallerTone, time.Second); err != nil {
			t.Errorf("a paged phone: %v", err)
		}
	}
	r.silent(t, 1)
	HangUp(t, out, a)
	Hears(t, c.Done(), c, "the end of the page")
	HangUp(t, busyOut, busyIn)
	r.NoChannels(t)
}

// options: an announcement and music are heard before anybody answers; who is in a
// call or wants no call does not ring.
func (r *ringers) options(t *testing.T) {
	r.group(t, Object{"strategy": "sequential", "announcement": "hello-world", "waiting": "music", "skip_busy": true})
	r.Do(t, "PATCH", Tenant+"/extensions/201", Object{"do_not_disturb": true}, nil)
	r.Applied(t)
	busyOut, busyIn := Connect(t, r.caller, r.phones[1], "202")
	r.WaitStatus(t, "desk-202", 5*time.Second, "in use", func(s Status) bool { return s.Call == "in-call" })
	out := Dial(t, r.caller, "600")
	Hears(t, out.Answered(), out, "the announcement")
	HearsSpeech(t, out)
	c := r.arrives(t, out, 2)
	HearsSpeech(t, out)
	Answer(t, out, c)
	Talk(t, out, c)
	r.silent(t, 0, 1)
	HangUp(t, out, c)
	HangUp(t, busyOut, busyIn)
	r.Do(t, "PATCH", Tenant+"/extensions/201", Object{"do_not_disturb": false}, nil)

	r.group(t, Object{"waiting": "music"})
	out = Dial(t, r.caller, "600")
	a := r.arrives(t, out, 0)
	Hears(t, out.EarlyMedia(), out, "early media")
	HearsSpeech(t, out)
	for i := range 2 {
		r.arrives(t, out, i+1)
	}
	Answer(t, out, a)
	HangUp(t, a, out)
	r.NoChannels(t)
}

// timeout: after its time in all the group leads to its destination, even to
// another group, and never in a circle.
func (r *ringers) timeout(t *testing.T) {
	r.group(t, Object{"strategy": "sequential", "ring_seconds": 4, "timeout": 6, "destination": "voicemail:300"})
	start := time.Now()
	out := Dial(t, r.caller, "600")
	for i := range 2 {
		in := r.arrives(t, out, i)
		Hears(t, in.Done(), in, "the end of ringing")
	}
	Took(t, "ringing", start, 6*time.Second)
	Hears(t, out.Answered(), out, "the mailbox")
	r.silent(t, 2)
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	r.Do(t, "PUT", Tenant+"/ring-groups/second", Object{"number": "601", "ring_seconds": 2, "members": Members("203"), "destination": "ring-group:sales"}, nil)
	r.group(t, Object{"ring_seconds": 2, "members": Members("201"), "destination": "ring-group:second"})
	out = Dial(t, r.caller, "600")
	for _, i := range []int{0, 2} {
		in := r.arrives(t, out, i)
		Hears(t, in.Done(), in, "the end of ringing")
	}
	if got := StatusOf(t, out.WaitAnswer()); got != 480 {
		t.Errorf("in a circle it ends with %d, want 480", got)
	}
	r.silent(t, 0)
	if refused := r.Refused(t, "DELETE", Tenant+"/ring-groups/second", nil); refused == nil || refused.Status != 409 || !strings.Contains(refused.Error(), "sales") {
		t.Errorf("deleting a group that another leads to: %v", refused)
	}
	r.group(t, nil)
	r.Do(t, "DELETE", Tenant+"/ring-groups/second", nil, nil)
	r.NoChannels(t)
}

// followed: a forwards every call to c: ignored, a rings; followed, c does, once.
func (r *ringers) followed(t *testing.T) {
	r.Do(t, "PUT", Tenant+"/forwards/201", Object{"mode": "destination", "destination": "extension:203"}, nil)
	for forwards, want := range map[string]int{"ignore": 0, "follow": 2} {
		r.group(t, Object{"members": Members("201", "202"), "member_forwards": forwards})
		out := Dial(t, r.caller, "600")
		in, b := r.arrives(t, out, want), r.arrives(t, out, 1)
		Answer(t, out, in)
		Hears(t, b.Done(), b, "the end of ringing")
		r.silent(t, 2-want)
		HangUp(t, out, in)
	}
	r.Do(t, "DELETE", Tenant+"/forwards/201", nil, nil)
	r.NoChannels(t)
}

// references: renumbering carries membership along, deleting names the group.
func (r *ringers) references(t *testing.T) {
	r.Extension(t, "210", "", nil)
	r.group(t, Object{"members": Members("201", "210")})
	r.Do(t, "POST", Tenant+"/extensions/210/renumber", Object{"number": "211"}, nil)
	var g struct{ Members []struct{ Extension string } }
	r.Do(t, "GET", Tenant+"/ring-groups/sales", nil, &g)
	if len(g.Members) != 2 || g.Members[1].Extension != "211" {
		t.Errorf("after renumbering the members are %+v", g.Members)
	}
	refused := r.Refused(t, "DELETE", Tenant+"/extensions/211", nil)
	if refused == nil || refused.Status != 409 || !strings.Contains(refused.Error(), "sales") {
		t.Errorf("deleting a member: %v", refused)
	}
	r.Do(t, "DELETE", Tenant+"/extensions/211?confirm=211", nil, nil)
	g.Members = nil
	r.Do(t, "GET", Tenant+"/ring-groups/sales", nil, &g)
	if len(g.Members) != 1 {
		t.Errorf("after deleting a member they are %+v", g.Members)
	}
	if refused := r.Refused(t, "PUT", Tenant+"/extensions/600", Object{"name": "Taken"}); refused == nil || refused.Status != 409 {
		t.Errorf("an extension with a group's number: %v", refused)
	}
}

// noController: without one all ring at once, and then the destination. When it
// dies while the group rings, the call goes on to the destination.
func (r *ringers) noController(t *testing.T) {
	r.group(t, Object{"strategy": "sequential", "ring_seconds": 3, "destination": "voicemail:300", "ring_tone": 5})
	out := Dial(t, r.caller, "600")
	a := r.arrives(t, out, 0)
	r.Kill(t)
	Hears(t, a.Done(), a, "the end of ringing")
	Hears(t, out.Answered(), out, "the mailbox")
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	out = Dial(t, r.caller, "600")
	for i := range 3 {
		in := r.arrives(t, out, i)
		if got := in.Header("Alert-Info"); !strings.HasSuffix(got, ";info=ring5") {
			t.Errorf("Alert-Info %q", got)
		}
		if i == 2 {
			Answer(t, out, in)
			Talk(t, out, in)
			HangUp(t, out, in)
		}
	}
	out = Dial(t, r.caller, "600")
	for i := range 3 {
		if err := r.arrives(t, out, i).Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	Hears(t, out.Answered(), out, "the mailbox")
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	r.NoChannels(t)
}
