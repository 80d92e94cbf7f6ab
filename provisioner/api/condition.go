package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// WriteHeaders are the request headers of every write.
type WriteHeaders struct {
	IfMatch     string `header:"If-Match" doc:"Write only if the ETag is one of these"`
	IfNoneMatch string `header:"If-None-Match" doc:"* writes only if there is no such object yet"`
	Prefer      string `header:"Prefer" doc:"wait=N answers when Asterisk runs the change, or after N seconds (at most 60)"`
}

// etag is a strong validator (RFC 9110, 8.8.3): the revision of the last change.
func etag(revision int64) string { return `"r` + strconv.FormatInt(revision, 10) + `"` }

// condition reads If-Match and If-None-Match (RFC 9110, 13.1). If-Match compares
// strongly, so a weak tag (W/"r1") matches nothing.
func (h WriteHeaders) condition() (provisioner.Condition, error) {
	var c provisioner.Condition
	switch strings.TrimSpace(h.IfNoneMatch) {
	case "":
	case "*":
		c.Absent = true
	default:
		return c, pbx.Invalidf("If-None-Match", "can only be * in a write")
	}
	if h.IfMatch == "" {
		return c, nil
	}
	if strings.TrimSpace(h.IfMatch) == "*" {
		c.Present = true
		return c, nil
	}
	c.Revisions = []int64{}
	for tag := range strings.SplitSeq(h.IfMatch, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(tag), `"r`)
		text, ok2 := strings.CutSuffix(text, `"`)
		if v, err := strconv.ParseInt(text, 10, 64); ok && ok2 && err == nil {
			c.Revisions = append(c.Revisions, v)
		}
	}
	return c, nil
}

// longestWait bounds Prefer: wait=N.
const longestWait = 60 * time.Second

// wait reads Prefer: wait=N (RFC 7240, 4.3); other preferences are ignored, as
// the RFC asks.
func (h WriteHeaders) wait() time.Duration {
	for p := range strings.FieldsFuncSeq(h.Prefer, func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if n, err := strconv.Atoi(strings.Trim(value, `" `)); strings.EqualFold(strings.TrimSpace(name), "wait") &&
			err == nil && n > 0 {
			return min(time.Duration(n)*time.Second, longestWait)
		}
	}
	return 0
}

// preferenceApplied is the answer's Preference-Applied.
func (h WriteHeaders) preferenceApplied() string {
	if h.wait() > 0 {
		return "wait"
	}
	return ""
}

// ApplyBlock says whether Asterisk runs the object's last change.
type ApplyBlock struct {
	State    event.Progress `json:"state" enum:"pending,applied,failed" doc:"pending until Asterisk has acknowledged the change"`
	Revision int64          `json:"revision" doc:"Configuration revision of the object's last change"`
	Error    string         `json:"error,omitempty" doc:"Why it failed, or what it waits for"`
	Warnings []string       `json:"warnings,omitempty" doc:"What is not in force although the change is applied, because Asterisk lacks a module"`
}

// applied describes a revision, after waiting for it if asked to.
func (a *api) applied(ctx context.Context, revision int64, wait time.Duration) ApplyBlock {
	state := a.ctl.Apply.State()
	if wait > 0 {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		state = a.ctl.Apply.Wait(ctx, revision)
	}
	b := ApplyBlock{State: state.Progress(revision), Revision: revision}
	if b.State != event.Applied {
		b.Error = state.Error
		if by := caller(ctx); b.Error != "" && !by.Everywhere() {
			b.Error = "Asterisk does not run this yet; a platform admin sees why in /v1/health" // it may speak of another tenant's objects
		}
	} else {
		b.Warnings = state.Warnings
	}
	return b
}
