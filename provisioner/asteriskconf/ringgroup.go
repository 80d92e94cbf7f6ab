package asteriskconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanGroup is a ring group: all members at once, then where it leads.
type dialplanGroup struct {
	Name    contextName // for people
	Number  extenName
	Legs    dialArg
	Seconds int
	Options string // of Dial or Page
	Page    bool
	Music   bool
	// To is the extension, or Mailbox the mailbox, that takes an unanswered call.
	To      extenName
	Mailbox messageBox
	// Sound is that of an announcement that ends such a call, and Greeting what is heard first.
	Sound    soundName
	Greeting playArg
	OwnLegs  []dialplanLeg // every leg that a plan for the group may ring
}

// HasTo reports whether an extension takes the call.
func (g dialplanGroup) HasTo() bool { return g.To.text != "" }

// HasMailbox reports whether a mailbox does.
func (g dialplanGroup) HasMailbox() bool { return g.Mailbox.Name.text != "" }

// addRingGroups adds the groups to their tenants, whose places at holds.
func addRingGroups(v *dialplanView, s *pbx.Snapshot, at map[string]int) error {
	for _, g := range s.RingGroups {
		i, ok := at[g.Tenant]
		if !ok {
			return fmt.Errorf("ring group %s: no tenant %s", g.Name, g.Tenant)
		}
		view, err := dialplanGroupOf(s, g)
		if err != nil {
			return fmt.Errorf("ring group %s of tenant %s: %w", g.Name, g.Tenant, err)
		}
		v.Tenants[i].Groups = append(v.Tenants[i].Groups, view)
	}
	return nil
}

func dialplanGroupOf(s *pbx.Snapshot, g *pbx.RingGroup) (v dialplanGroup, err error) {
	var es pbx.Errors
	es.Add(pbx.CheckName("name", g.Name))
	v.Name = contextName{g.Name}
	into(&es, &v.Number)(newExtenName("number", g.Number))
	switch to := s.WithoutController(g.Tenant, g.Destination); to.Kind {
	case pbx.ToExtension:
		if pbx.CheckNoEmergency("", to.Key, s.CountriesOf(g.Tenant)) == nil { // no rule calls for help
			into(&es, &v.To)(newExtenName("destination", to.Key))
		}
	case pbx.ToQueue:
		v.To = leadingTo(&es, s, g.Tenant, to).Extension
	case pbx.ToVoicemail:
		v.Mailbox = newMessageBox(&es, s, "destination", g.Tenant, to.Key)
	case pbx.ToAnnouncement:
		v.Sound = leadingTo(&es, s, g.Tenant, to).Sound
	}
	into(&es, &v.Greeting)(newPlayArg("announcement", s.GreetingOf(g)))
	step := pbx.GroupStep(s, g)
	v.Seconds, v.Options, v.Page, v.Music = step.Seconds, step.Options(), step.Kind == pbx.StepPage, step.Music
	into(&es, &v.Legs)(newDialArg("members", step.Legs))
	if v.Page {
		return v, es.Err()
	}
	for _, l := range s.GroupLegs(g) {
		v.OwnLegs = append(v.OwnLegs, dialplanLegOf(&es, s, g.Tenant, l.Leg))
	}
	return v, es.Err()
}
