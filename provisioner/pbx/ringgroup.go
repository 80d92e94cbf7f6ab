package pbx

import (
	"fmt"
	"slices"
)

// RingGroup is a number at which several people ring.
type RingGroup struct {
	Tenant   string
	Name     string // key within the tenant
	Number   string // what people dial; no extension and no other group has it
	Strategy Strategy
	// Members in the order in which they ring; at most maxMembers.
	Members     []RingMember
	RingSeconds int // how long a member rings that has no time of its own, 1–300
	// Timeout bounds how long the group rings in all, 5–3600 seconds; 0 gives every
	// member its turn. Confirmation may take ConfirmSeconds more.
	Timeout     int
	Destination Destination // where an unanswered call goes; zero ends it
	SkipBusy    bool        // members in a call do not ring
	// FollowForwards rings the destination of a member whose calls are all forwarded;
	// otherwise its own devices ring.
	FollowForwards bool
	Confirm        ConfirmMode
	CallerIDPrefix string    // put before the caller's name, with a space; "" for none
	RingTone       int       // number of the distinctive ring, 1–MaxRingTone; 0 is the phone's own
	Waiting        WaitSound // what the caller hears
	Music          []string  // announcements that are its music; none is the tenant's
	Announcement   string    // sound that the caller hears first, or announcement:NAME; "" for none
	Version        int64
	Revision       int64
}

// RingMember is a member that rings: an extension or an external number.
type RingMember struct {
	Extension   string `json:"extension,omitempty"` // its number; "" for an external number
	External    string `json:"external,omitempty"`
	Delay       int    `json:"delay,omitempty"`        // seconds before it rings, 0–120
	RingSeconds int    `json:"ring_seconds,omitempty"` // how long, 1–300; 0 is the group's
	Weight      int    `json:"weight,omitempty"`       // share in StrategyWeighted, 1–100; 0 counts as 1
}

// Number is the member's key in its group.
func (m RingMember) Number() string { return m.Extension + m.External }

// Strategy says in which order members ring.
type Strategy string

// The strategies. All but the first two and paging ring one after the other.
const (
	StrategyAll         Strategy = "all"
	StrategyMemoryHunt  Strategy = "memory-hunt" // the first; the first two; the first three …
	StrategySequential  Strategy = "sequential"
	StrategyRoundRobin  Strategy = "round-robin"  // begins after the member that the last call began with
	StrategyLeastRecent Strategy = "least-recent" // begins with the member that has not answered for longest
	StrategyFewestCalls Strategy = "fewest-calls" // begins with the member that has answered least often
	StrategyRandom      Strategy = "random"
	StrategyWeighted    Strategy = "weighted" // random; a weight of 2 is first twice as often as one of 1
	StrategyPaging      Strategy = "paging"   // phones answer by themselves and hear the caller
)

// Strategies are all of them.
var Strategies = []Strategy{StrategyAll, StrategySequential, StrategyMemoryHunt, StrategyRoundRobin,
	StrategyLeastRecent,
	StrategyFewestCalls, StrategyRandom, StrategyWeighted, StrategyPaging}

// ConfirmMode says which members must press 1 to take the call.
type ConfirmMode string

// The modes. A device or a twin that asks by its own setting asks in each.
const (
	ConfirmExternal ConfirmMode = "external" // members outside
	ConfirmAll      ConfirmMode = "all"
	ConfirmNone     ConfirmMode = "none"
)

// Greeting is the announcement of the tenant that callers hear first; zero where it is a sound of
// Asterisk, or nothing.
func (g *RingGroup) Greeting() Destination {
	return OwnSoundOf(g.Announcement)
}

// GreetingOf is what Playback is told of a group's announcement, see Step.Sound.
func (s *Snapshot) GreetingOf(g *RingGroup) string {
	return s.SoundOf(g.Tenant, g.Announcement)
}

// TakesTurns reports whether the member that rings first depends on the call before.
func (g *RingGroup) TakesTurns() bool { return g.Strategy == StrategyRoundRobin }

// WaitSound is what a caller hears until somebody answers.
type WaitSound string

// The sounds.
const (
	WaitRinging WaitSound = "ringing"
	WaitMusic   WaitSound = "music" // on hold, before the call is answered
)

// MaxRingTone is how many distinctive rings phones know; see RingWord.
const MaxRingTone = 8

// maxMembers is as many as may ring at once.
const maxMembers = maxLegs

// maxPrefixBytes leaves a name behind the prefix its room.
const maxPrefixBytes = 40

// Validate returns all broken rules.
func (g *RingGroup) Validate() error {
	var es Errors
	es.Add(CheckName("name", g.Name))
	es.Add(CheckNumber("number", g.Number))
	es.Add(oneOf("strategy", g.Strategy, Strategies...))
	es.Add(CheckRange("ring_seconds", g.RingSeconds, 1, 300, "seconds"))
	if g.Timeout != 0 {
		es.Add(CheckRange("timeout", g.Timeout, 5, 3600, "seconds"))
	}
	if g.Destination == (Destination{ToRingGroup, g.Name}) {
		es.Add(Invalidf("destination", "leads back to ring group %s itself", g.Name))
	}
	es.Add(oneOf("confirm", g.Confirm, ConfirmExternal, ConfirmAll, ConfirmNone))
	es.Add(oneOf("waiting", g.Waiting, WaitRinging, WaitMusic))
	checkMusic(&es, g.Music)
	if len(g.Music) > 0 && g.Waiting != WaitMusic {
		es.Add(Invalidf("music", "has no effect without waiting: music"))
	}
	es.Add(CheckText("caller_id_prefix", g.CallerIDPrefix, 0, 20, maxPrefixBytes))
	es.Add(CheckRange("ring_tone", g.RingTone, 0, MaxRingTone, "(0 is the phone's own)"))
	es.Add(checkSoundName("announcement", g.Announcement))
	g.checkMembers(&es)
	if g.Strategy == StrategyPaging {
		g.checkPaging(&es)
	}
	return es.Err()
}

func (g *RingGroup) checkMembers(es *Errors) {
	if len(g.Members) == 0 || len(g.Members) > maxMembers {
		es.Add(Invalidf("members", "are %d: 1 to %d are allowed", len(g.Members), maxMembers))
		return
	}
	for i, m := range g.Members {
		field := fmt.Sprintf("members[%d]", i)
		es.Add(m.check(field))
		if g.Timeout > 0 && m.Delay >= g.Timeout {
			es.Add(Invalidf(field+".delay", "is not over before the group's timeout of %d seconds", g.Timeout))
		}
		if m.Weight != 0 && g.Strategy != StrategyWeighted {
			es.Add(Invalidf(field+".weight", "has no effect in strategy %s", quote(string(g.Strategy))))
		}
		if slices.ContainsFunc(g.Members[:i], func(o RingMember) bool { return o.Number() == m.Number() }) {
			es.Add(Invalidf(field, "%s is a member twice", quote(m.Number())))
		}
	}
}

func (m RingMember) check(field string) *Error {
	switch {
	case m.Extension == "" && m.External == "":
		return Invalidf(field, "needs either extension or external")
	case m.Extension != "" && m.External != "":
		return Invalidf(field+".external", "is no choice beside extension: give one of the two")
	}
	if m.Extension != "" {
		if err := CheckNumber(field+".extension", m.Extension); err != nil {
			return err
		}
	} else if err := CheckExternalNumber(field+".external", m.External); err != nil {
		return err
	}
	if err := CheckRange(field+".delay", m.Delay, 0, 120, "seconds"); err != nil {
		return err
	}
	if err := CheckRange(field+".weight", m.Weight, 0, 100, "shares"); err != nil {
		return err
	}
	if m.RingSeconds == 0 {
		return nil
	}
	return CheckRange(field+".ring_seconds", m.RingSeconds, 1, 300, "seconds")
}

// checkPaging refuses what a page does not do.
func (g *RingGroup) checkPaging(es *Errors) {
	for field, set := range map[string]bool{
		"timeout": g.Timeout != 0, "member_forwards": g.FollowForwards, "confirm": g.Confirm == ConfirmAll,
		"waiting": g.Waiting == WaitMusic, "ring_tone": g.RingTone != 0,
	} {
		if set {
			es.Add(Invalidf(field, "has no effect in strategy paging"))
		}
	}
	for i, m := range g.Members {
		if m.External != "" || m.Delay != 0 || m.RingSeconds != 0 {
			es.Add(Refusedf(fmt.Sprintf("members[%d]", i),
				"paging reaches extensions, all at once: leave out external, delay and ring_seconds"))
		}
	}
}

// oneOf refuses a word that is not one of those known.
func oneOf[T ~string](field string, word T, known ...T) *Error {
	if slices.Contains(known, word) {
		return nil
	}
	text := ""
	for i, k := range known {
		switch {
		case i == len(known)-1:
			text += " or "
		case i > 0:
			text += ", "
		}
		text += string(k)
	}
	return Invalidf(field, "%s is not known: use %s", quote(string(word)), text)
}

// seconds is how long a member rings.
func (g *RingGroup) seconds(m RingMember) int {
	own := g.RingSeconds
	if m.RingSeconds > 0 {
		own = m.RingSeconds
	}
	if g.Timeout > 0 {
		own = min(own, g.Timeout-m.Delay)
	}
	return own
}

// RingWord is the word in Alert-Info by which the files of phones know a
// distinctive ring; "" for the phone's own.
func RingWord(tone int) string {
	if tone < 1 || tone > MaxRingTone {
		return ""
	}
	return fmt.Sprintf("ring%d", tone)
}
