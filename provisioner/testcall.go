package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/calls"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestedTrunk is what came of a test call.
type TestedTrunk struct {
	Call     string // id; "" where nothing was dialled
	State    pbx.CallOutcome
	Sentence string
	Endpoint string
	End      pbx.TestEnd
}

// TestTrunk calls a number by one trunk alone, on behalf of an extension or, with from "", of the
// tenant itself. It waits until the call is over.
func (c *Controller) TestTrunk(ctx context.Context, by pbx.Author, tenant, name, to, from string) (*TestedTrunk,
	error) {
	if err := c.tenantExists(ctx, tenant); err != nil {
		return nil, err
	}
	s, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	t, owner := s.Trunk(tenant, name), &pbx.Extension{Tenant: tenant}
	if t == nil {
		return nil, pbx.NotFoundf("trunk %s does not exist in tenant %s", name, tenant)
	}
	if err := pbx.CheckDialled("to", to); err != nil {
		return nil, err
	}
	party := pbx.CallParty{}
	if from != "" {
		if owner = s.Extension(tenant, from); owner == nil {
			return nil, pbx.Invalidf("from", "%.40q does not exist in tenant %s", from, tenant)
		}
		party = pbx.CallParty{Number: from, Name: owner.Name, Extension: from}
	}
	out := &TestedTrunk{Endpoint: t.Endpoint}
	id, step, end, err := c.Calls.Test(ctx, by, calls.Test{Tenant: tenant, From: party, Dialled: to,
		Decide: func(id string) (pbx.Step, error) { return c.decideTest(s, id, t, owner, to) }})
	switch {
	case err != nil:
		c.Guard.Back(id)
		return nil, err
	case id == "":
		out.State, out.Sentence = pbx.CallUnreachable, step.Rule
		if len(step.Reached) > 0 {
			out.State = pbx.CallRefused
			c.Guard.Refused(tenant, step.Reached)
		}
		return out, nil
	}
	out.Call, out.End = id, end
	out.State, out.Sentence = end.State()
	if out.State != pbx.CallAnswered {
		c.Guard.Back(id)
	}
	if pbx.IsAboutAccount(end.Answer) {
		c.TrunkStatus.CallRefused(t.Endpoint, end.Answer)
	}
	return out, nil
}

// decideTest decides about a test call and counts it.
func (c *Controller) decideTest(s *pbx.Snapshot, id string, t *pbx.Trunk, owner *pbx.Extension,
	to string) (pbx.Step, error) {
	step, err := s.TestCall(t, owner, to, c.Live())
	if err != nil || step.Kind != pbx.StepDial {
		return step, err
	}
	if status, _ := c.TrunkStatus.Of(t.Endpoint); status.Unresolvable {
		return pbx.Step{Kind: pbx.StepHangup, Rule: "trunk " + t.Name + ": " + status.Trouble()}, nil
	}
	c.Guard.Reserve(id, t.Tenant, step)
	return step, nil
}
