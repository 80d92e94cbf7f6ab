package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NumberBlock is a range of numbers.
type NumberBlock struct {
	First string `json:"first,omitempty" maxLength:"40" doc:"First number of a block in E.164, such as +493012345000, in place of numbers"`
	Last  string `json:"last,omitempty" maxLength:"40" doc:"Last number of the block, which has as many digits"`
	Count int    `json:"count,omitempty" minimum:"1" maximum:"10000" doc:"How many numbers the block has, in place of last"`
}

func (b NumberBlock) read() ([]string, error) {
	block := pbx.NumberBlock{First: pbx.PlainNumber(b.First), Count: b.Count}
	if b.Last != "" {
		block.Last = pbx.PlainNumber(b.Last)
	}
	return block.Numbers()
}

// NumberList names numbers, one by one or as a block.
type NumberList struct {
	Numbers []string `json:"numbers,omitempty" minItems:"1" maxItems:"1000" nullable:"false" doc:"In E.164; a block is named by first"`
	NumberBlock
}

func (l NumberList) read() ([]string, error) {
	for _, f := range []struct {
		field string
		set   bool
	}{{"first", l.First != ""}, {"last", l.Last != ""}, {"count", l.Count != 0}} {
		if f.set && len(l.Numbers) > 0 {
			return nil, pbx.Invalidf(f.field, "does not go with numbers")
		}
		if f.set && l.First == "" {
			return nil, pbx.Invalidf(f.field, "needs first")
		}
	}
	switch {
	case l.First != "":
		return l.NumberBlock.read()
	case len(l.Numbers) == 0:
		return nil, pbx.Invalidf("numbers", "is required, or else first with count or last")
	}
	out := make([]string, len(l.Numbers))
	for i, n := range l.Numbers {
		out[i] = pbx.PlainNumber(n)
		if err := pbx.CheckE164("numbers", out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// NumberLead says where numbers lead in a tenant.
type NumberLead struct {
	Destination     string `json:"destination,omitempty" doc:"Within the tenant: extension:NUMBER, voicemail:NUMBER, ring-group:NAME, queue:NAME or hangup"`
	ExtensionDigits int    `json:"extension_digits,omitempty" minimum:"1" maximum:"9" doc:"In place of destination: each number leads to the extension whose number is that many last digits of it. With 3, +493012345678 leads to extension 678"`
}

// into reads where numbers lead.
func (l NumberLead) into(to *db.Assignment) error {
	if l.Destination != "" && l.ExtensionDigits > 0 {
		return pbx.Invalidf("extension_digits", "does not go with destination")
	}
	d, err := pbx.ParseDestination("destination", l.Destination)
	if err != nil {
		return err
	}
	to.Destination, to.ExtensionDigits = d, l.ExtensionDigits
	return nil
}

// NumberTargets is where numbers go.
type NumberTargets struct {
	NumberTarget
	ExtensionDigits int `json:"extension_digits,omitempty" minimum:"1" maximum:"9" doc:"In place of destination: each number leads to the extension of the tenant whose number is that many last digits of it. With 3, +493012345678 leads to extension 678"`
}

// assignments reads where numbers go, each perhaps to an extension of its own.
func assignments(ctx context.Context, t NumberTargets) (db.Assignment, error) {
	to, err := assignment(ctx, t.NumberTarget)
	if err != nil {
		return to, err
	}
	if t.ExtensionDigits > 0 && to.Tenant == "" {
		return to, pbx.Invalidf("extension_digits", "needs a tenant")
	}
	return to, NumberLead{t.Destination, t.ExtensionDigits}.into(&to)
}

// NumberAssignment hands numbers on.
type NumberAssignment struct {
	NumberList
	NumberTargets
}

// NumberBlockOrder is a block of numbers to be brought.
type NumberBlockOrder struct {
	NumberBlock
	NumberServices
	NumberTargets
}

// NumberLeads leads numbers of a tenant somewhere.
type NumberLeads struct {
	NumberList
	NumberLead
}

type leadInput struct {
	Tenant string `path:"tenant"`
	Body   NumberLeads
}

// blockHint tells how a block is refused.
const blockHint = "All or none: where numbers are refused, errors has each with its reason, at most 100."

// registerNumberBlocks declares what is done with many numbers at once.
func (a *api) registerNumberBlocks(op func(method, below, id, summary string) huma.Operation) {
	who := branchAdmins.inBranch()
	block := op("POST", "/block", "add-number-block", "Bring a block of up to 10,000 numbers")
	block.DefaultStatus, block.Description = http.StatusCreated, blockHint
	declare(a, who, block, a.addNumberBlock)
	assign := op("POST", "/assign", "assign-numbers", "Hand numbers or a block on to a reseller or a tenant, all or none")
	assign.Description = blockHint
	declare(a, who, assign, a.assignNumbers)
	unassign := op("POST", "/unassign", "unassign-numbers", "Take numbers or a block back from their tenants, all or none")
	unassign.Description = blockHint
	declare(a, who, unassign, a.unassignNumbers)
	lead := op("POST", "", "lead-numbers", "Lead numbers or a block that the tenant has somewhere, all or none")
	lead.Path, lead.Tags = "/v1/tenants/{tenant}/numbers/lead", []string{"numbers"}
	lead.Description = "Without destination and extension_digits they lead nowhere. " + blockHint
	declare(a, tenantAdmins, lead, a.leadNumbers)
}

func (a *api) addNumberBlock(ctx context.Context, in *struct{ Body NumberBlockOrder }) (*page[InventoryNumber], error) {
	to, err := assignments(ctx, in.Body.NumberTargets)
	if err != nil {
		return nil, a.problem(err)
	}
	numbers, err := in.Body.NumberBlock.read()
	if err != nil {
		return nil, a.problem(err)
	}
	return a.handedOn(ctx)(a.ctl.Inventory.AddBlock(ctx, author(ctx), numbers, in.Body.NumberServices.row(), to))
}

func (a *api) assignNumbers(ctx context.Context, in *struct{ Body NumberAssignment }) (*page[InventoryNumber], error) {
	to, err := assignments(ctx, in.Body.NumberTargets)
	if err != nil {
		return nil, a.problem(err)
	}
	numbers, err := in.Body.read()
	if err != nil {
		return nil, a.problem(err)
	}
	return a.handedOn(ctx)(a.ctl.Inventory.Assign(ctx, author(ctx), branchOf(ctx), numbers, to))
}

func (a *api) unassignNumbers(ctx context.Context, in *struct{ Body NumberList }) (*page[InventoryNumber], error) {
	numbers, err := in.Body.read()
	if err != nil {
		return nil, a.problem(err)
	}
	return a.handedOn(ctx)(a.ctl.Inventory.Unassign(ctx, author(ctx), branchOf(ctx), numbers))
}

func (a *api) leadNumbers(ctx context.Context, in *leadInput) (*page[Number], error) {
	to := db.Assignment{Tenant: in.Tenant}
	if err := in.Body.into(&to); err != nil {
		return nil, a.problem(err)
	}
	numbers, err := in.Body.read()
	if err != nil {
		return nil, a.problem(err)
	}
	ns, err := a.ctl.Inventory.Lead(ctx, author(ctx), numbers, to)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[Number]{}
	out.Body.Items = make([]Number, 0, len(ns))
	for _, n := range ns {
		out.Body.Items = append(out.Body.Items, a.numberView(ctx, n))
	}
	return out, nil
}

// handedOn answers with the numbers as they are now.
func (a *api) handedOn(ctx context.Context) func([]*pbx.InventoryNumber, error) (*page[InventoryNumber], error) {
	return func(ns []*pbx.InventoryNumber, err error) (*page[InventoryNumber], error) {
		if err != nil {
			return nil, a.problem(err)
		}
		out := &page[InventoryNumber]{}
		out.Body.Items = make([]InventoryNumber, 0, len(ns))
		for _, n := range ns {
			out.Body.Items = append(out.Body.Items, a.inventoryView(ctx, n))
		}
		return out, nil
	}
}
