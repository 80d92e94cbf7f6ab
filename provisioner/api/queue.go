package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// QueueFields is what a client may write.
type QueueFields struct {
	Name     string        `json:"name,omitempty" doc:"1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Number   string        `json:"number" doc:"The number people dial: 1 to 20 digits or letters that no extension, no ring group and no other queue has"`
	Strategy string        `json:"strategy,omitempty" enum:"all,sequential,round-robin,least-recent,fewest-calls,random" doc:"Which free member rings for the caller that is first in line. all: all of them at once. sequential: one after the other, in the order of the list. round-robin: one after the other, beginning after the member that rang last. least-recent: the one that has not talked in the queue for longest. fewest-calls: the one that has taken the fewest calls of the queue. random: one by chance. all if left out"`
	Members  []QueueMember `json:"members,omitempty" nullable:"false" doc:"Extensions that take the calls, up to 100. All devices of a free member ring. A member in a call, one with do not disturb, and one without a registered phone do not ring. Forwards of members are not followed"`

	RingSeconds          *int   `json:"ring_seconds,omitempty" minimum:"1" maximum:"300" doc:"How long members ring for a caller before others do; 20 if left out"`
	RetrySeconds         *int   `row:"Retry" json:"retry_seconds,omitempty" minimum:"1" maximum:"60" doc:"Pause before members ring again; 5 if left out"`
	WrapUpSeconds        int    `row:"WrapUp" json:"wrap_up_seconds,omitempty" minimum:"0" maximum:"3600" doc:"How long a member gets no other call after one of the queue"`
	MaxWaiting           int    `json:"max_waiting,omitempty" minimum:"0" maximum:"1000" doc:"The most callers in line, with those that members ring for; any number if left out"`
	MaxWaitSeconds       int    `row:"MaxWait" json:"max_wait_seconds,omitempty" minimum:"0" maximum:"86400" doc:"The longest a caller waits, at least 5; for ever if left out"`
	WaitWhenEmpty        bool   `json:"wait_when_empty,omitempty" doc:"Callers wait also while no member has a registered phone; otherwise they do not come into the line, or leave it"`
	Welcome              string `json:"welcome,omitempty" doc:"What a caller hears first: announcement:NAME, or a sound of Asterisk by its name without language and format"`
	PeriodicAnnouncement string `row:"Periodic" json:"periodic_announcement,omitempty" doc:"What is said to callers in line again and again, as in welcome"`
	PeriodicSeconds      *int   `json:"periodic_seconds,omitempty" minimum:"10" maximum:"3600" doc:"How often; every 60 seconds if left out"`
	AnnouncePosition     bool   `row:"Position" json:"announce_position,omitempty" doc:"Callers are told which place in line they have"`
	AnnounceHoldTime     bool   `row:"HoldTime" json:"announce_hold_time,omitempty" doc:"Callers are told how long they may have to wait, once Asterisk has an estimate above a minute"`
	AnnounceSeconds      *int   `json:"announce_seconds,omitempty" minimum:"15" maximum:"3600" doc:"How often; every 60 seconds if left out"`
	Destination          string `json:"destination,omitempty" doc:"Where a call goes that no member took: extension:NUMBER, voicemail:NUMBER, external:NUMBER, ring-group:NAME, queue:NAME, announcement:NAME or hangup; it ends if left out"`
	FullDestination      string `row:"Full" json:"full_destination,omitempty" doc:"The same when max_waiting callers are in line; as destination if left out"`
	EmptyDestination     string `row:"Empty" json:"empty_destination,omitempty" doc:"The same when no member has a registered phone; as destination if left out"`
	TimeoutDestination   string `row:"TimedOut" json:"timeout_destination,omitempty" doc:"The same after max_wait_seconds; as destination if left out"`
}

// QueueMember is an extension that takes calls of a queue.
type QueueMember struct {
	Extension string `json:"extension" doc:"Its number"`
	Penalty   int    `json:"penalty,omitempty" minimum:"0" maximum:"1000" doc:"Members with a higher one ring only while those with a lower one cannot"`
}

// Queue is what a client reads.
type Queue struct {
	QueueFields
	Apply ApplyBlock `json:"apply"`
}

func registerQueues(a *api) {
	registerKind(a, newKind(kind[pbx.Queue, QueueFields, Queue]{
		name: "queue", plural: "queues", path: "/v1/tenants/{tenant}/queues", keyName: "name",
		rows: a.ctl.Queues, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(tenant, name string) *pbx.Queue {
			return &pbx.Queue{Tenant: tenant, Name: name, Strategy: pbx.StrategyAll, RingSeconds: pbx.DefaultRingSeconds,
				Retry: pbx.DefaultRetry, PeriodicSeconds: pbx.DefaultAnnounceSeconds,
				AnnounceSeconds: pbx.DefaultAnnounceSeconds}
		},
		revision: func(q *pbx.Queue) int64 { return q.Revision },
		apply:    func(v *Queue) *ApplyBlock { return &v.Apply },
	}))
}
