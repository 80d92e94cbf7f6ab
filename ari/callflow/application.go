package callflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// readDeadline, askDeadline and goDeadline bound the parts of one step of a call: what the channel
	// has is read, the application is asked, the channel goes on. The dialplan waits for longer than
	// all three, see pbx.AskSeconds. They are longer than Options.Deadline: a caller that waits for a
	// program has time for a busy Asterisk, too.
	readDeadline = time.Second
	askDeadline  = 6 * time.Second
	goDeadline   = 1500 * time.Millisecond
	// mostRequests bounds how often an application is asked about one call.
	mostRequests = 500
)

var (
	errNoApplications = errors.New("no application can be asked")
	errLeft           = errors.New("the call has ended meanwhile")
)

// progress is how far a channel has come with its application. It lies in a variable of the channel
// alone.
type progress struct {
	Requests int             `json:"n,omitempty"`
	Path     string          `json:"path,omitempty"` // of the next requests
	Verb     pbx.VerbKind    `json:"verb,omitempty"` // that is carried out
	Then     string          `json:"then,omitempty"` // its path
	Last     *pbx.VerbResult `json:"last,omitempty"` // of a verb that needed no step
	Verbs    []pbx.Verb      `json:"verbs,omitempty"`
}

// atApplication carries out the next verb of an application, for which that may be asked first. What
// goes wrong leads to the application's fallback.
func (f *Flow) atApplication(ctx context.Context, e *entry) Verdict {
	p, err := f.readProgress(ctx, e)
	s := f.opts.Snapshot()
	if err == nil && s == nil {
		err = errNoSnapshot
	}
	if err == nil {
		err = f.nextVerb(ctx, s, e, p)
	}
	if err != nil && s != nil && !isGone(err) && !f.hasLeft(e) {
		f.log.warn("application lost a call", "error", err, "channel", e.channel, "tenant", e.call.Tenant, "application",
			e.call.Application)
		err = f.toFallback(ctx, s, e)
	}
	switch {
	case err == nil:
		return Decided
	case isGone(err), f.hasLeft(e):
		return Gone
	}
	return f.fallBack(ctx, e)
}

// readProgress reads the channel's progress, and how the verb ended that has come back.
func (f *Flow) readProgress(ctx context.Context, e *entry) (*progress, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	p := &progress{}
	text, err := f.variable(ctx, e, pbx.ProgressVariable)
	if err != nil || text == "" {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return p, fmt.Errorf("reading the progress of a call: %w", err)
	}
	if p.Verb == "" {
		return p, nil
	}
	p.Last = &pbx.VerbResult{Verb: p.Verb, Outcome: e.said}
	switch p.Verb {
	case pbx.VerbGather:
		p.Last.Digits, err = f.variable(ctx, e, pbx.KeysVariable)
	case pbx.VerbRecord:
		p.Last.Recording, err = f.variable(ctx, e, pbx.RecordVerbVariable)
	}
	p.Verb = ""
	p.ended(p.Then)
	return p, err
}

// ended drops the verbs after one that has a path for its result.
func (p *progress) ended(path string) {
	p.Then = ""
	if path = p.Last.EndsAt(path); path != "" {
		p.Path, p.Verbs = path, nil
	}
}

// variable reads a variable; one that was never set is empty.
func (f *Flow) variable(ctx context.Context, e *entry, name string) (string, error) {
	value, err := f.opts.Client.GetChannelVar(ctx, e.channel, name)
	var answer *ari.Error
	if ari.IsNotFound(err) && errors.As(err, &answer) && strings.Contains(strings.ToLower(answer.Message), "variable") {
		return "", nil
	}
	return value, err
}

// nextVerb carries out the next verb that needs Asterisk.
func (f *Flow) nextVerb(ctx context.Context, s *pbx.Snapshot, e *entry, p *progress) error {
	ctx, cancel := context.WithTimeout(ctx, askDeadline)
	defer cancel()
	defer context.AfterFunc(f.asking, cancel)()
	for {
		if len(p.Verbs) == 0 {
			if err := f.ask(ctx, s, e, p); err != nil {
				return err
			}
		}
		if f.hasLeft(e) {
			return errLeft
		}
		v := p.Verbs[0]
		p.Verbs = p.Verbs[1:]
		if v.Verb == pbx.VerbRedirect && v.Path != "" {
			p.Last = &pbx.VerbResult{Verb: v.Verb, Outcome: "ok"}
			p.ended(v.Path)
			continue
		}
		done, err := f.carryOut(ctx, s, e, p, v)
		if done || err != nil {
			return err
		}
		p.ended(v.Path)
	}
}

// ask has the application answer.
func (f *Flow) ask(ctx context.Context, s *pbx.Snapshot, e *entry, p *progress) error {
	if f.opts.Ask == nil {
		return errNoApplications
	}
	if p.Requests++; p.Requests > mostRequests {
		return fmt.Errorf("it was asked %d times about one call", mostRequests)
	}
	verbs, err := f.opts.Ask(ctx, pbx.Asked{Application: e.call.Application, Tenant: e.call.Tenant, Call: e.channel,
		Request: p.Requests, From: e.call.AskedParty(s), Withheld: e.call.Withheld, Dialled: e.call.Dialled, Last: p.Last,
		Path: p.Path})
	p.Verbs, p.Last = verbs, nil
	if err == nil && len(verbs) == 0 {
		err = errors.New("the answer has no verb")
	}
	return err
}

// carryOut carries out a verb. It is not done where that needed no step of Asterisk: a dial that was
// over at once.
func (f *Flow) carryOut(ctx context.Context, s *pbx.Snapshot, e *entry, p *progress, v pbx.Verb) (done bool,
	err error) {
	if step, is := s.VerbStep(e.call.Tenant, e.call.Application, v); is {
		p.Verb, p.Then = v.Verb, v.Path
		return true, f.handOver(ctx, s, e, e.call, pbx.Plan{Steps: []pbx.Step{step}}, 0, p)
	}
	to, call := v.VerbTo(), e.call
	if v.Verb != pbx.VerbDial {
		call.Application = ""
	}
	if why := call.Barred(s, to); why != "" {
		p.Last = &pbx.VerbResult{Verb: v.Verb, Outcome: string(pbx.CallRefused), Reason: why}
		return false, nil
	}
	call, plan, index, err := f.sent(s, e, call, to)
	if err != nil {
		return false, err
	}
	if step := plan.Steps[index]; step.Kind == pbx.StepApplication && step.Said != "" {
		f.opts.Routed(e.channel, call, step)
		p.Last = &pbx.VerbResult{Verb: v.Verb, Outcome: string(step.Said), Reason: step.Rule}
		return false, nil
	}
	p.Verb, p.Then = v.Verb, v.Path
	return true, f.handOver(ctx, s, e, call, plan, index, p)
}

// toFallback leads a call where its application's fallback does.
func (f *Flow) toFallback(ctx context.Context, s *pbx.Snapshot, e *entry) error {
	plan, err := f.plan(s, e.call)
	if err != nil {
		return err
	}
	if len(plan.Steps) < 2 {
		return f.handOver(ctx, s, e, e.call, plan, 0, nil)
	}
	call := e.call
	call.Application = ""
	call, plan, index, err := f.follow(s, e, call, plan, 1)
	if err != nil {
		return err
	}
	return f.handOver(ctx, s, e, call, plan, index, nil)
}

// handOver gives the channel what a step needs, and lets it go on there.
func (f *Flow) handOver(ctx context.Context, s *pbx.Snapshot, e *entry, call pbx.Call, plan pbx.Plan, index int,
	p *progress) error {
	until := time.Now().Add(goDeadline) // with the wait for a place
	if !f.placeToDecide(until) {
		return errLate
	}
	defer f.deciders.free()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	if p != nil && call.Application == e.call.Application {
		text, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("writing the progress of a call: %w", err)
		}
		e.set = append(e.set, pbx.Variable{Name: pbx.ProgressVariable, Value: string(text)})
	}
	return f.carry(ctx, s, e, call, plan, index)
}

// arrives are the variables of a channel that gets to an application, or back there.
func arrives(call pbx.Call, step pbx.Step) []pbx.Variable {
	dialled := call.Dialled
	if !plainNumber.MatchString(dialled) {
		dialled = ""
	}
	out := []pbx.Variable{{Name: pbx.HopsVariable, Value: pbx.HopsText(dialled, call.Hops)},
		{Name: pbx.ApplicationVariable, Value: pbx.ApplicationMark(call.Tenant, call.Application)},
		{Name: pbx.OutcomeVariable, Value: string(step.Said)}}
	if step.Said == "" {
		out = append(out, pbx.Variable{Name: pbx.ProgressVariable})
	}
	return out
}

// leaves are the variables of a channel that goes on from an application.
func leaves(e *entry, call pbx.Call) (out []pbx.Variable) {
	if e.asks {
		out = append(out, pbx.Variable{Name: pbx.OverdueVariable, Value: "0"})
	}
	if e.call.Application != "" && call.Application == "" {
		out = append(out, pbx.Variable{Name: pbx.ApplicationVariable})
	}
	return out
}
