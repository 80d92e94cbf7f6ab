package asteriskconf

import (
	"fmt"
	"regexp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// queuesFile configures app_queue. The module reloads members together with all else: a reload
// of members alone would reset settings of the section general (asterisk issue 1255).
const queuesFile = "dialtone/queues.conf"

// queueMarker begins the name of the queue that ends the file; the file's hash is its rest.
// Asterisk cuts the name of a section at 79 bytes.
const queueMarker = ownPrefix

// queuesView is what queues.conf's template sees.
type queuesView struct {
	Sounds soundFolder
	Queues []queueView
}

// queueView becomes a section.
type queueView struct {
	Key                        queueKey
	Strategy                   string
	RingSeconds, Retry, WrapUp int // the first: until the queue lets go of members that ring on
	WaitWhenEmpty              bool
	Periodic                   playArg
	PeriodicSeconds            int
	AnnounceSeconds            int // 0 for no announcement
	Position, HoldTime         bool
	Music                      musicName // of the tenant
	Members                    []queueMemberView
}

// queueMemberView becomes a line. Its name in Asterisk is the number.
type queueMemberView struct {
	Number   extenName
	At, Hint contextName // where it is rung, and where its hint is
	Watched  bool        // Asterisk can see whether it is free
	Penalty  int
}

// queueKey is the name of a queue in Asterisk.
type queueKey struct{ text string }

var queueKeyPattern = regexp.MustCompile(`^[a-z0-9._-]+@[a-z0-9-]+(\+linear)?$`)

func newQueueKey(field string, q *pbx.Queue) (queueKey, *pbx.Error) {
	if !queueKeyPattern.MatchString(q.Key()) {
		return queueKey{}, pbx.Invalidf(field, "is not the name of a queue")
	}
	return queueKey{q.Key()}, nil
}

func (k queueKey) String() string { return k.text }

func queuesOf(s *pbx.Snapshot, o Options) (any, error) {
	var v queuesView
	var wrong *pbx.Error
	if v.Sounds, wrong = newSoundFolder(o.Sounds); wrong != nil {
		return nil, wrong
	}
	for _, q := range s.Queues {
		view, err := queueOf(s, q)
		if err != nil {
			return nil, fmt.Errorf("queue %s of tenant %s: %w", q.Name, q.Tenant, err)
		}
		v.Queues = append(v.Queues, view)
	}
	return v, nil
}

func queueOf(s *pbx.Snapshot, q *pbx.Queue) (v queueView, err error) {
	var es pbx.Errors
	into(&es, &v.Key)(newQueueKey("name", q))
	if v.Strategy = q.Strategy.QueueWord(); v.Strategy == "" {
		es.Add(pbx.Invalidf("strategy", "is not known"))
	}
	v.RingSeconds, v.Retry, v.WrapUp, v.WaitWhenEmpty = q.RingSeconds+1, q.Retry, q.WrapUp, q.WaitWhenEmpty
	into(&es, &v.Periodic)(newPlayArg("periodic_announcement", s.SoundOf(q.Tenant, q.Periodic)))
	v.PeriodicSeconds = q.PeriodicSeconds
	into(&es, &v.Music)(newMusicName("music", s.MusicOfTenant(q.Tenant).Class))
	if v.Position, v.HoldTime = q.Position, q.HoldTime; v.Position || v.HoldTime {
		v.AnnounceSeconds = q.AnnounceSeconds
	}
	for _, m := range q.Members {
		e := s.Extension(q.Tenant, m.Extension)
		if e == nil {
			es.Add(pbx.Invalidf("members", "%.40q does not exist", m.Extension))
			continue
		}
		member := queueMemberView{Penalty: m.Penalty, Watched: watchedByQueue(s, e)}
		into(&es, &member.Number)(newExtenName("members", m.Extension))
		into(&es, &member.At)(newContextName("tenant", q.Tenant, pbx.QueueMemberContext))
		into(&es, &member.Hint)(newContextName("tenant", q.Tenant, pbx.QueueHintContext))
		v.Members = append(v.Members, member)
	}
	return v, es.Err()
}

// watchedByQueue reports whether the state of a member is that of its hint. Of an extension with
// nothing but numbers outside Asterisk sees only whether the queue has called it.
func watchedByQueue(s *pbx.Snapshot, e *pbx.Extension) bool {
	return len(s.Watched(e)) > 0 || len(s.Rings(e)) == 0
}

// dialplanQueue is a queue in the fallback. Of Full, Empty and Otherwise, where a call goes that
// no member took, the last is also for calls that have waited too long.
type dialplanQueue struct {
	Name                   contextName // for people
	Number                 extenName
	Set                    string // argument of MSet, see pbx.Waiting
	Full, Empty, Otherwise divertedTo
}

// dialplanMember is an extension that queues ring, and its hint.
type dialplanMember struct {
	Number  extenName
	Record  bool
	Rings   []dialplanRing
	Options string
	Watched bool
	Devices dialArg
}

// addQueues adds the queues and their members to their tenants, whose places at holds.
func addQueues(v *dialplanView, s *pbx.Snapshot, at map[string]int) error {
	for _, q := range s.Queues {
		i, ok := at[q.Tenant]
		if !ok {
			return fmt.Errorf("queue %s: no tenant %s", q.Name, q.Tenant)
		}
		view, err := dialplanQueueOf(s, q)
		if err != nil {
			return fmt.Errorf("queue %s of tenant %s: %w", q.Name, q.Tenant, err)
		}
		v.Tenants[i].Queues = append(v.Tenants[i].Queues, view)
	}
	for i, t := range s.Tenants {
		for _, e := range s.ExtensionsOf(t.Name) {
			if len(s.QueuesOf(t.Name, e.Number)) == 0 {
				continue
			}
			view, err := dialplanMemberOf(s, e)
			if err != nil {
				return fmt.Errorf("extension %s of tenant %s: %w", e.Number, t.Name, err)
			}
			v.Tenants[i].Members = append(v.Tenants[i].Members, view)
		}
	}
	return nil
}

func dialplanQueueOf(s *pbx.Snapshot, q *pbx.Queue) (v dialplanQueue, err error) {
	var es pbx.Errors
	es.Add(pbx.CheckName("name", q.Name))
	v.Name = contextName{q.Name}
	into(&es, &v.Number)(newExtenName("number", q.Number))
	if _, wrong := newQueueKey("name", q); wrong != nil {
		es.Add(wrong)
	}
	wait := s.WaitingIn(q)
	if _, wrong := newPlayArg("welcome", wait.Welcome); wrong != nil {
		es.Add(wrong)
	}
	for _, variable := range wait.Variables(false) {
		if v.Set != "" {
			v.Set += ","
		}
		value := variable.Value
		if variable.Name == pbx.StepVariable {
			value = `"` + value + `"`
		}
		v.Set += variable.Name + "=" + value
	}
	for _, d := range []struct {
		at *divertedTo
		to pbx.Destination
	}{{&v.Full, q.Full}, {&v.Empty, q.Empty}, {&v.Otherwise, q.TimedOut}} {
		to := d.to
		if to.IsZero() {
			to = q.Destination
		}
		*d.at = leadingTo(&es, s, q.Tenant, to)
	}
	return v, es.Err()
}

func dialplanMemberOf(s *pbx.Snapshot, e *pbx.Extension) (v dialplanMember, err error) {
	rung, _, err := dialplanExtensionOf(s, e)
	if err != nil {
		return v, err
	}
	v = dialplanMember{Number: rung.Number, Record: rung.Record, Rings: rung.Rings, Options: rung.Options(),
		Watched: watchedByQueue(s, e)}
	var es pbx.Errors
	into(&es, &v.Devices)(newHintDevices("devices", s, e))
	return v, es.Err()
}
