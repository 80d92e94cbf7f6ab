package cdr

import (
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// pickups finds the channels that rang until somebody else took their call.
func (l *lineReader) pickups() {
	for i := range l.lines {
		v := &l.lines[i]
		name := ""
		if l.isPickup(v) {
			name = v.Name
		} else if left := l.takenFrom(v); left != nil {
			name = left.Peer
		}
		if name != "" && !slices.Contains(l.rang, name) {
			l.rang = append(l.rang, name)
			l.via(pbx.ViaPickup)
		}
	}
}

// isPickup reports whether the channel of a line is a picked-up one. Such a channel rang
// and then took the place of the channel that dialled a pickup code. Asterisk writes this
// line only of a channel without a hangup handler, which phones have.
func (l *lineReader) isPickup(v *pbx.CDRLine) bool {
	return v.App == "AppDial" && v.Peer == "" && slices.Contains([]string{pbx.PickupContext, pbx.DirectedContext,
		pbx.FallbackContext(l.r.Tenant),
		pbx.EntryContext(l.r.Tenant), // where Asterisk itself takes the code
	}, v.Context) && !l.refused(v)
}

// refused reports whether a line is that of a phone which ended its call without ringing.
// Of a channel with a hangup handler Asterisk writes such a line. It has the extension of
// the channel that rang it, and a picked-up one has the code.
func (l *lineReader) refused(v *pbx.CDRLine) bool {
	return slices.ContainsFunc(l.lines, func(o pbx.CDRLine) bool { return o.Peer == v.Name && o.Exten == v.Exten })
}

// shortestTalk is the shortest talk that a transfer can end. Asterisk shows a leg that was
// picked up as unanswered, or as answered for the moment in which its channel was replaced:
// 0 to 3 ms were measured.
const shortestTalk = 500 * time.Millisecond

// takenFrom returns the line of the leg from which the peer of v took the call by a pickup, or nil.
// The two channels of v were joined without a Dial of their own, and no phone that was rung
// by the caller's Dial had talked before: this tells a pickup from a transfer.
func (l *lineReader) takenFrom(v *pbx.CDRLine) (left *pbx.CDRLine) {
	if v.App != "Dial" || v.Peer == "" || v.Answer.IsZero() || v.Answer.After(v.Start) {
		return nil
	}
	for i := range l.lines {
		o := &l.lines[i]
		if o.Name != v.Name || o.AppData != v.AppData || o.Peer == "" || o.Sequence == v.Sequence || o.End.After(v.Start) {
			continue
		}
		if !o.Answer.IsZero() && o.End.Sub(o.Answer) >= shortestTalk {
			return nil
		}
		if left == nil || o.Disposition == dispositionAnswered && left.Disposition != dispositionAnswered {
			left = o
		}
	}
	return left
}

// pickedUp reports whether the call was taken elsewhere while the peer of a line rang.
func (l *lineReader) pickedUp(v *pbx.CDRLine) bool { return slices.Contains(l.rang, v.Peer) }
