package cdr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ruleOfLines is the rule in a record that was made of Asterisk's lines.
const ruleOfLines = "Asterisk's own records tell of this call: Dialtone was away for a part of it"

// Dispositions of Asterisk's records.
const (
	dispositionAnswered   = "ANSWERED"
	dispositionNoAnswer   = "NO ANSWER"
	dispositionBusy       = "BUSY"
	dispositionCongestion = "CONGESTION"
)

// lineReader makes a record of the lines of one call. A field that no line tells stays empty,
// or has the value that such a call mostly has.
type lineReader struct {
	s          *pbx.Snapshot
	lines      []pbx.CDRLine // in the order in which they began
	r          *pbx.CDR
	callerName string   // name of the caller's channel
	rang       []string // names of channels that rang until the call was picked up elsewhere
	lost       bool     // the caller's channel has no line of its own
	names      []string // of the channels of r.Called
}

// recordOfLines returns the record of a call; nil for a call of no tenant.
func recordOfLines(s *pbx.Snapshot, lines []pbx.CDRLine) *pbx.CDR {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b pbx.CDRLine) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Sequence, b.Sequence))
	})
	l := &lineReader{s: s, lines: lines,
		r: &pbx.CDR{CallID: lines[0].Call, Incomplete: true, Rules: []string{ruleOfLines}}}
	if l.r.Tenant = l.tenant(); l.r.Tenant == "" {
		return nil
	}
	l.r.Started, l.r.Ended = pbx.Millis(lines[0].Start), pbx.Millis(lines[0].End)
	for _, v := range lines {
		if v.End.After(l.r.Ended) {
			l.r.Ended = pbx.Millis(v.End)
		}
	}
	l.pickups()
	l.caller()
	for i := range lines {
		l.leg(&lines[i])
	}
	l.answer()
	l.ways()
	l.r.Outcome = l.outcome()
	return l.r
}

// tenant is that of the first channel that has one, or whose number was called by a trunk.
func (l *lineReader) tenant() string {
	for _, v := range l.lines {
		if found := cmp.Or(l.s.TenantOfChannel(v.Name, v.Context), l.s.TenantOfChannel(v.Peer, ""),
			l.s.TenantCalled(pbx.EndpointOfChannel(v.Name), cmp.Or(v.Dialled, pbx.CalledNumber(v.Exten)))); found != "" {
			return found
		}
	}
	return ""
}

func isLocal(channel string) bool { return strings.HasPrefix(channel, "Local/") }

// caller finds the caller's channel, after which the call is named. In a call placed over
// the API it is the channel of the phone that answered first.
func (l *lineReader) caller() {
	at := slices.IndexFunc(l.lines, func(v pbx.CDRLine) bool { return v.Channel == v.Call && !isLocal(v.Name) })
	if at < 0 {
		at = slices.IndexFunc(l.lines, func(v pbx.CDRLine) bool {
			return !isLocal(v.Name) && !strings.HasPrefix(v.App, "AppDial")
		})
	}
	click := strings.HasPrefix(l.r.CallID, "click-")
	if click {
		l.via(pbx.ViaClick)
	}
	if l.lost = at < 0; l.lost {
		l.unnamed(click)
		return
	}
	v := l.lines[at]
	l.callerName = v.Name
	l.r.From, l.r.Dialled = l.party(v.Name, v.From), cmp.Or(v.Dialled, v.Exten)
}

// unnamed finds the caller where the caller's channel has no line. In a call placed over
// the API that was not answered, the phones that rang are the caller's; otherwise the legs
// show the number.
func (l *lineReader) unnamed(click bool) {
	for _, v := range l.lines {
		d := l.s.DeviceOf(pbx.EndpointOfChannel(v.Peer))
		if !click {
			l.r.From, l.r.Dialled = v.From, cmp.Or(v.Dialled, v.Exten)
			return
		}
		if d != nil {
			l.r.From, l.r.Dialled = l.party(v.Peer, pbx.CallParty{}), v.From.Number
			l.r.From.Device = ""
			return
		}
	}
}

// party is the phone or line behind a channel; known completes it.
func (l *lineReader) party(channel string, known pbx.CallParty) pbx.CallParty {
	d := l.s.DeviceOf(pbx.EndpointOfChannel(channel))
	if d == nil {
		return pbx.NamedCaller(known)
	}
	known.Device, known.Extension = d.Name, d.Extension
	if known.Number == "" {
		known.Number = d.Extension
	}
	if e := l.s.Extension(d.Tenant, d.Extension); e != nil && known.Name == "" {
		known.Name = e.Name
	}
	return known
}

// leg adds the called leg of a line to the record.
func (l *lineReader) leg(v *pbx.CDRLine) {
	if v.Peer == "" || isLocal(v.Peer) || v.Peer == l.callerName || l.lost && slices.Contains(l.r.Via, pbx.ViaClick) {
		return
	}
	outcome := l.legOutcome(v)
	if at := slices.Index(l.names, v.Peer); at >= 0 { // once more, after a transfer
		leg := &l.r.Called[at]
		if leg.Ended = pbx.Millis(v.End); leg.Outcome != pbx.OutcomeAnswer {
			leg.Outcome = outcome
		}
		return
	}
	leg := pbx.CallLeg{ID: v.Peer, CallParty: l.called(v), State: pbx.LegEnded, Outcome: outcome,
		Trunk: l.s.TrunkName(l.r.Tenant, pbx.EndpointOfChannel(v.Peer)),
		Since: pbx.Millis(v.End), Started: pbx.Millis(v.Start), Ended: pbx.Millis(v.End)}
	if outcome == pbx.OutcomeAnswer {
		leg.Answered = pbx.Millis(answerOf(v))
	}
	l.names, l.r.Called = append(l.names, v.Peer), append(l.r.Called, leg)
}

// answerOf is when the peer of a line was connected. After a transfer that is the line's
// beginning, because the channel was up before.
func answerOf(v *pbx.CDRLine) time.Time {
	if v.Answer.Before(v.Start) {
		return v.Start
	}
	return v.Answer
}

// called is the party that a line reached. An outside party is named by the number that was
// dialled; a leg that is a call of its own, by the name of the Local channel.
func (l *lineReader) called(v *pbx.CDRLine) pbx.CallParty {
	p := l.party(v.Peer, pbx.CallParty{})
	if p.Device != "" {
		return p
	}
	endpoint := pbx.EndpointOfChannel(v.Peer)
	for part := range strings.SplitSeq(v.AppData, "&") {
		_, part, _ = strings.Cut(part, "/")
		number, rest, outside := strings.Cut(part, "@")
		at, _, _ := strings.Cut(rest, ",")
		if at, _, _ = strings.Cut(at, "/"); outside && at == endpoint {
			p.Number = l.s.CalledBy(endpoint, number)
		}
	}
	name, isLeg := strings.CutPrefix(v.Name, "Local/")
	if !isLeg {
		return p
	}
	name, _, _ = strings.Cut(name, "@")
	if d := l.s.DeviceOf(name); d != nil {
		p.Device, p.Extension = d.Name, d.Extension
	} else if part := strings.Split(name, "."); len(part) == 3 && l.s.Extension(part[1], part[2]) != nil {
		p.Extension = part[2]
	}
	return p
}

// legOutcome is how a leg ended, as DIALSTATUS would say.
func (l *lineReader) legOutcome(v *pbx.CDRLine) pbx.Outcome {
	next := l.next(v)
	switch {
	case l.pickedUp(v):
		return ""
	case v.Disposition == dispositionAnswered:
		return pbx.OutcomeAnswer
	case v.Disposition == dispositionBusy, next != nil && l.alone(v) && saysBusy(next):
		return pbx.OutcomeBusy
	case v.Disposition == dispositionNoAnswer && next == nil: // somebody gave up, or another leg was answered
		return pbx.OutcomeCancel
	case v.Disposition == dispositionNoAnswer,
		next != nil && l.alone(v) && causeOf(next) == pbx.CauseNoAnswer: // or it was not confirmed
		return pbx.OutcomeNoAnswer
	case v.Disposition == dispositionCongestion:
		return pbx.OutcomeCongestion
	}
	return pbx.OutcomeUnreachable
}

// next returns the next line of a line's channel, or nil.
func (l *lineReader) next(v *pbx.CDRLine) *pbx.CDRLine {
	for i := range l.lines {
		if o := &l.lines[i]; o.Name == v.Name && o.Sequence != v.Sequence && !o.Start.Before(v.End) {
			return o
		}
	}
	return nil
}

// alone reports whether the channel of a line called nobody else.
func (l *lineReader) alone(v *pbx.CDRLine) bool {
	return !slices.ContainsFunc(l.lines, func(o pbx.CDRLine) bool {
		return o.Name == v.Name && o.Peer != "" && o.Peer != v.Peer
	})
}

// saysBusy reports whether a channel went on because its callee was busy. Asterisk's
// records have no word for that, nor for a callee that declined, which counts here too.
func saysBusy(v *pbx.CDRLine) bool {
	return causeOf(v) == pbx.CauseBusy || v.App == "VoiceMail" && strings.HasSuffix(v.AppData, ",b")
}

// causeOf is the cause with which the dialplan ended a channel, or 0.
func causeOf(v *pbx.CDRLine) int {
	if v.App != "Hangup" {
		return 0
	}
	cause, _ := strconv.Atoi(v.AppData) // 0 for an unknown cause
	return cause
}

// connected reports whether the two channels of a line talked.
func (l *lineReader) connected(v *pbx.CDRLine) bool {
	return v.Peer != "" && v.Disposition == dispositionAnswered && !l.pickedUp(v)
}

// answer finds the leg that answered first, and when. A leg that is a call of its own is
// answered when the call that led to it is: before, it waits for a 1 to be pressed.
func (l *lineReader) answer() {
	var first *pbx.CDRLine
	for i := range l.lines {
		v := &l.lines[i]
		if v.Name == l.callerName && l.connected(v) && (first == nil || answerOf(v).Before(answerOf(first))) {
			first = v
		}
	}
	if first == nil {
		return
	}
	l.r.Answered = pbx.Millis(answerOf(first))
	peer := first.Peer
	if base, isHalf := strings.CutSuffix(peer, ";1"); isHalf {
		for _, v := range l.lines {
			if v.Name == base+";2" && v.Peer != "" {
				peer = v.Peer
			}
		}
	}
	if at := slices.Index(l.names, peer); at >= 0 {
		l.r.By = l.r.Called[at].CallParty
	}
}

// ways finds the ways of the call: forward, ring group, transfer.
func (l *lineReader) ways() {
	if l.forwarded() {
		l.via(pbx.ViaForward)
	}
	if l.s.RingGroupAt(l.r.Tenant, l.r.Dialled) != nil {
		l.via(pbx.ViaGroup)
	}
	if l.s.QueueAt(l.r.Tenant, l.r.Dialled) != nil {
		l.via(pbx.ViaQueue)
	}
	for i := range l.lines {
		v := &l.lines[i]
		movedOn := v.Name == l.callerName && l.connected(v) && l.next(v) != nil
		if movedOn || slices.Contains(l.names, v.Name) && v.App == "Dial" {
			l.via(pbx.ViaTransfer)
		}
	}
}

// forwarded reports whether the call rang another extension than was dialled before an answer.
// From outside a number is dialled, which led to an extension.
func (l *lineReader) forwarded() bool {
	if l.s.Extension(l.r.Tenant, l.r.Dialled) == nil {
		return l.r.From.Extension == "" && len(l.r.Called) > 0
	}
	for _, leg := range l.r.Called {
		if len(l.rang) > 0 || leg.Extension != l.r.Dialled || leg.Outcome == pbx.OutcomeAnswer {
			return len(l.rang) == 0 && leg.Extension != l.r.Dialled
		}
	}
	return false
}

func (l *lineReader) via(v pbx.CallVia) {
	if !slices.Contains(l.r.Via, v) {
		l.r.Via = append(l.r.Via, v)
	}
}

// outcome says in one word how the call ended. The last step of the caller's channel
// decides.
func (l *lineReader) outcome() pbx.CallOutcome {
	if !l.r.Answered.IsZero() {
		return pbx.CallAnswered
	}
	var last pbx.CDRLine
	for _, v := range l.lines {
		if v.Name == l.callerName {
			last = v
		}
	}
	up := last.Disposition == dispositionAnswered && !last.Answer.IsZero()
	if up {
		l.r.Answered = pbx.Millis(answerOf(&last))
	}
	if up && (last.App == "VoiceMail" || last.Context == pbx.VoicemailContext) {
		return pbx.CallVoicemail
	}
	if o, known := pbx.OutcomeOfCause(causeOf(&last)); known {
		return o
	}
	switch {
	case up: // a service, such as *97
		return pbx.CallAnswered
	case last.Disposition == dispositionBusy:
		return pbx.CallBusy
	case last.Disposition == dispositionNoAnswer, l.lost:
		return pbx.CallCancelled
	}
	return pbx.CallUnreachable
}
