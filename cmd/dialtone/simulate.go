package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// simulateCmd says what would happen to a call.
type simulateCmd struct {
	dbFlag
	Tenant string   `help:"Tenant of the call." default:"default"`
	From   string   `help:"Who calls: an extension, a device by its name, or any other caller's number." required:""`
	To     string   `help:"What is dialled." required:""`
	When   string   `help:"At which time, such as 2026-11-27T19:00, in the tenant's zone; now if left out."`
	Busy   []string `help:"Extensions taken to be in a call."`
}

// Run simulates by the configuration in the database. It needs no Asterisk.
func (c *simulateCmd) Run(ctx context.Context) error {
	store, err := c.openExisting(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	s, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	when, err := c.when(s)
	if err != nil {
		return err
	}
	place, err := provisioner.Simulate(s, provisioner.Question{Tenant: c.Tenant, From: c.From, To: c.To, When: when,
		Busy: c.Busy})
	if err != nil {
		return err
	}
	fmt.Printf("%s calls %s on %s:\n", c.From, c.To, when.Format("Monday, 2 January 2006 at 15:04 MST"))
	printPlace(os.Stdout, place, "  ")
	return nil
}

// when reads the time in the tenant's zone.
func (c *simulateCmd) when(s *pbx.Snapshot) (time.Time, error) {
	zone := time.UTC
	if t := s.Tenant(c.Tenant); t != nil {
		l, err := time.LoadLocation(t.Timezone)
		if err != nil {
			return time.Time{}, fmt.Errorf("zone of tenant %s: %w", c.Tenant, err)
		}
		zone = l
	}
	if c.When == "" {
		return time.Now().In(zone), nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, c.When, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--when %q is not a time: write it as 2026-11-27T19:00", c.When)
}

// printPlace prints the steps of a place, and behind each how it goes on.
func printPlace(w io.Writer, p *pbx.Place, indent string) {
	if p.Cut {
		fmt.Fprintf(w, "%s… (too many ways to show)\n", indent)
	}
	for i, s := range p.Plan.Steps {
		fmt.Fprintf(w, "%s%d. %s: %s\n", indent, i+1, s.Kind, s.Rule)
		var legs, next []string
		for _, l := range s.Legs {
			legs = append(legs, l.Device)
		}
		for outcome, to := range s.Next.All() {
			next = append(next, fmt.Sprintf("%s → %d", outcome.Word(), to+1))
		}
		slices.Sort(next)
		if len(legs) > 0 {
			fmt.Fprintf(w, "%s   rings %s\n", indent, strings.Join(legs, ", "))
		}
		if len(next) > 0 {
			fmt.Fprintf(w, "%s   %s\n", indent, strings.Join(next, ", "))
		}
		if then := p.Then[i]; then != nil {
			fmt.Fprintf(w, "%s   at %s:\n", indent, then.At)
			printPlace(w, then, indent+"     ")
		}
	}
}
