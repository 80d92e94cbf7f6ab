package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// RingGroupFields is what a client may write.
type RingGroupFields struct {
	Name     string       `json:"name,omitempty" doc:"1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Number   string       `json:"number" doc:"The number people dial: 1 to 20 digits or letters that no extension and no other ring group has"`
	Strategy string       `json:"strategy,omitempty" doc:"all: everybody rings at once. sequential: one after the other, in the order of the list. memory-hunt: first the first member, then the first two, then the first three, and so on. round-robin: one after the other, and each call begins with the member after the one that the last call began with. least-recent: one after the other, beginning with whoever has not answered a call of the group for longest. fewest-calls: one after the other, beginning with whoever has answered the fewest calls of the group. random: one after the other, shuffled for each call. weighted: like random, but a member with weight 2 is twice as likely to be first as one with weight 1. paging: the phones answer by themselves and their loudspeakers say what the caller says; phones in a call are left alone. all if left out"`
	Members  []RingMember `json:"members" nullable:"false" doc:"Who rings, 1 to 100, in the order in which they do; the caller's own devices never ring, and nobody who does not want to be disturbed"`

	RingSeconds    *int     `json:"ring_seconds,omitempty" minimum:"1" maximum:"300" doc:"How long each member rings that has no time of its own; 20 if left out"`
	Timeout        int      `json:"timeout,omitempty" doc:"The longest the group rings in all, 5 to 3600 seconds; if left out, until everybody has had a turn. Whoever is asked to press 1 then may still do so"`
	Destination    string   `json:"destination,omitempty" doc:"Where a call goes that nobody takes: extension:NUMBER, voicemail:NUMBER, external:NUMBER, ring-group:NAME, queue:NAME, announcement:NAME, application:NAME or hangup; it ends if left out"`
	SkipBusy       bool     `json:"skip_busy,omitempty" doc:"Members who are in a call do not ring; otherwise they hear a second call"`
	MemberForwards string   `row:"FollowForwards,by hand" json:"member_forwards,omitempty" enum:"ignore,follow" doc:"What happens at a member who forwards every call: ignore rings the member's devices all the same, follow rings where the calls are forwarded to; then a member who forwards to a mailbox or a group does not ring. ignore if left out"`
	Confirm        string   `json:"confirm,omitempty" enum:"external,all,none" doc:"Who must press 1 after answering, while the others ring on, so that a mobile's mailbox never takes a call: external asks on numbers outside, all asks everybody, none only on devices set to ask. external if left out"`
	CallerIDPrefix string   `json:"caller_id_prefix,omitempty" doc:"Up to 20 characters put before the caller's name on the display, with a space, such as Sales:"`
	RingTone       int      `json:"ring_tone,omitempty" minimum:"0" maximum:"8" doc:"Phones ring with this distinctive ring, 1 to 8; with their own if left out"`
	Waiting        string   `json:"waiting,omitempty" enum:"ringing,music" doc:"What the caller hears until somebody answers: ringing, or music on hold. ringing if left out"`
	Music          []string `json:"music,omitempty" nullable:"false" maxItems:"20" doc:"Announcements that waiting callers hear one after the other, where waiting is music; the tenant's music if left out"`
	Announcement   string   `json:"announcement,omitempty" doc:"What the caller hears before anybody rings: announcement:NAME, or a sound of Asterisk by its name without language and format, such as custom/welcome; the call counts as answered from then on"`
}

// RingMember is one member that rings.
type RingMember struct {
	Extension   string `json:"extension,omitempty" doc:"Number of an extension; all its devices ring at once, also where they otherwise ring in sequence"`
	External    string `json:"external,omitempty" doc:"One of the tenant's external numbers"`
	Delay       int    `json:"delay,omitempty" minimum:"0" maximum:"120" doc:"Seconds before it rings, counted from its turn"`
	RingSeconds int    `json:"ring_seconds,omitempty" minimum:"0" maximum:"300" doc:"How long it rings, in place of the group's ring_seconds"`
	Weight      int    `json:"weight,omitempty" minimum:"0" maximum:"100" doc:"In strategy weighted: its share, 1 to 100; 1 if left out"`
}

// RingGroup is what a client reads.
type RingGroup struct {
	RingGroupFields
	Apply ApplyBlock `json:"apply"`
}

func registerRingGroups(a *api) {
	registerKind(a, newKind(kind[pbx.RingGroup, RingGroupFields, RingGroup]{
		name: "ring-group", plural: "ring-groups", path: "/v1/tenants/{tenant}/ring-groups", keyName: "name",
		rows: a.ctl.RingGroups, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(tenant, name string) *pbx.RingGroup {
			return &pbx.RingGroup{Tenant: tenant, Name: name, Strategy: pbx.StrategyAll, RingSeconds: pbx.DefaultRingSeconds,
				Confirm: pbx.ConfirmExternal, Waiting: pbx.WaitRinging}
		},
		toRow: func(w RingGroupFields, _, g *pbx.RingGroup) error {
			g.FollowForwards = w.MemberForwards == followForwards
			for i := range g.Members {
				g.Members[i].External = pbx.PlainNumber(g.Members[i].External)
			}
			return nil
		},
		toFields: func(g *pbx.RingGroup, w *RingGroupFields) {
			w.MemberForwards = ignoreForwards
			if g.FollowForwards {
				w.MemberForwards = followForwards
			}
		},
		revision: func(g *pbx.RingGroup) int64 { return g.Revision },
		apply:    func(v *RingGroup) *ApplyBlock { return &v.Apply },
	}))
}

// The words of member_forwards.
const (
	ignoreForwards = "ignore"
	followForwards = "follow"
)
