package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NumberServices is what a number can do, and by whom.
type NumberServices struct {
	Kind         string `json:"kind,omitempty" enum:"local,global,toll-free,vanity,mobile" doc:"Guessed from the numbering plan if left out"`
	Voice        *bool  `json:"voice,omitempty" doc:"true if left out"`
	SMS          bool   `json:"sms,omitempty"`
	Fax          bool   `json:"fax,omitempty"`
	VoiceCarrier string `json:"voice_carrier,omitempty" doc:"A carrier of the number's reseller or of an account above; the nearest default one if left out"`
	SMSProfile   string `json:"sms_profile,omitempty" doc:"As voice_carrier, for SMS"`
}

// row is a number with the services.
func (s NumberServices) row() pbx.InventoryNumber {
	return pbx.InventoryNumber{Kind: s.Kind, Voice: s.Voice == nil || *s.Voice, SMS: s.SMS, Fax: s.Fax,
		VoiceCarrier: s.VoiceCarrier, SMSProfile: s.SMSProfile}
}

// NumberTarget is where a number goes.
type NumberTarget struct {
	Reseller    string `json:"reseller,omitempty" doc:"The reseller that gets it; the caller's own, or the platform, if left out"`
	Tenant      string `json:"tenant,omitempty" doc:"The tenant that gets it"`
	Destination string `json:"destination,omitempty" doc:"Within the tenant: extension:NUMBER, voicemail:NUMBER or hangup"`
}

// NumberOrder is a number to be brought.
type NumberOrder struct {
	Number string `json:"number" doc:"In E.164, such as +493012345678"`
	NumberServices
	NumberTarget
}

// NumberCarrier is a carrier of a number.
type NumberCarrier struct {
	Name      string `json:"name"`
	Defaulted bool   `json:"defaulted" doc:"Nobody named it: it was the default one when the number came"`
}

// InventoryNumber is a number of the inventory as a client reads it.
type InventoryNumber struct {
	Number       string         `json:"number"`
	CountryCode  int            `json:"country_code"`
	Kind         string         `json:"kind" enum:"local,global,toll-free,vanity,mobile"`
	KindGuessed  bool           `json:"kind_guessed" doc:"From the numbering plan; a number that was ported may be of another kind"`
	Voice        bool           `json:"voice"`
	SMS          bool           `json:"sms"`
	Fax          bool           `json:"fax"`
	VoiceCarrier *NumberCarrier `json:"voice_carrier,omitempty"`
	SMSProfile   *NumberCarrier `json:"sms_profile,omitempty"`
	Brand        string         `json:"brand,omitempty" doc:"10DLC brand that it is registered with"`
	Campaign     string         `json:"campaign,omitempty" doc:"10DLC campaign that it is registered with"`
	Registered   bool           `json:"registered" doc:"Carriers of the United States let its text messages through"`
	State        string         `json:"state" enum:"available,reserved,assigned,porting-in,aging,porting-out,released"`
	Reseller     string         `json:"reseller,omitempty" doc:"That has it; absent: the platform"`
	Tenant       string         `json:"tenant,omitempty" doc:"That has it; absent: no tenant"`
	Destination  string         `json:"destination,omitempty"`
	AgingUntil   *time.Time     `json:"aging_until,omitempty" doc:"When it becomes available by itself"`
	UploadedBy   string         `json:"uploaded_by" doc:"platform, reseller NAME or tenant NAME: this account and those above it may delete it"`
	Apply        ApplyBlock     `json:"apply"`
}

// NumberEvent is one line of the history of a number.
type NumberEvent struct {
	At          time.Time `json:"at"`
	Actor       string    `json:"actor"`
	Action      string    `json:"action" enum:"uploaded,changed,claimed,assigned,unassigned,moved,ported,deleted"`
	State       string    `json:"state"`
	Reseller    string    `json:"reseller,omitempty"`
	Tenant      string    `json:"tenant,omitempty"`
	Destination string    `json:"destination,omitempty"`
	Detail      string    `json:"detail,omitempty" doc:"Why, where the action does not tell: the extension was deleted, a carrier stayed behind"`
}

func (a *api) inventoryView(ctx context.Context, n *pbx.InventoryNumber) InventoryNumber {
	v := InventoryNumber{Number: n.Number, CountryCode: e164.CallingCode(n.Number), Kind: n.Kind, KindGuessed: n.KindGuessed,
		Voice: n.Voice, SMS: n.SMS, Fax: n.Fax, Brand: n.Brand, Campaign: n.Campaign, Registered: n.Registered,
		State: string(n.State), Reseller: n.Reseller, Tenant: n.Tenant,
		Destination: n.Destination.String(), UploadedBy: n.UploadedBy.String(), Apply: a.applied(ctx, n.Revision, 0)}
	if n.VoiceCarrier != "" {
		v.VoiceCarrier = &NumberCarrier{n.VoiceCarrier, n.VoiceDefaulted}
	}
	if !n.AgingUntil.IsZero() {
		v.AgingUntil = &n.AgingUntil
	}
	if n.SMSProfile != "" {
		v.SMSProfile = &NumberCarrier{n.SMSProfile, n.SMSDefaulted}
	}
	return v
}

// branchOf is the part of the inventory that the caller reaches.
func branchOf(ctx context.Context) db.Reach { return db.Reach{Reseller: caller(ctx).Reseller} }

// assignment reads where numbers go. A reseller admin that names nothing means the own reseller.
func assignment(ctx context.Context, t NumberTarget) (db.Assignment, error) {
	to := db.Assignment{Reseller: t.Reseller, Tenant: t.Tenant}
	if t.Reseller != "" && t.Tenant != "" {
		return to, pbx.Refusedf("reseller", "name a reseller or a tenant: the tenant's reseller is known")
	}
	if t.Destination != "" && t.Tenant == "" {
		return to, pbx.Invalidf("destination", "needs a tenant")
	}
	if to.Reseller == "" && to.Tenant == "" {
		to.Reseller = caller(ctx).Reseller
	}
	d, err := pbx.ParseDestination("destination", t.Destination)
	if err != nil {
		return to, err
	}
	to.Destination = d
	return to, nil
}

// InventoryKey is the number in a path.
type InventoryKey struct {
	Number string `path:"number" maxLength:"40"`
}

// number is the number of a path, or an error for the client.
func (in InventoryKey) number() (string, error) {
	number := pbx.PlainNumber(in.Number)
	if err := pbx.CheckE164("number", number); err != nil {
		return "", err
	}
	return number, nil
}

const inventoryPath = "/v1/numbers"

func (a *api) registerInventory() {
	op := func(method, below, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: inventoryPath + below, OperationID: id, Summary: summary,
			Tags: []string{"inventory"}, Errors: []int{401, 404, 409, 422}}
	}
	who := branchAdmins.inBranch()
	declare(a, who, op("GET", "", "list-inventory", "Search the inventory of numbers"), a.listInventory)
	add := op("POST", "", "add-inventory-number", "Bring a number")
	add.DefaultStatus = http.StatusCreated
	declare(a, who, add, a.addInventoryNumber)
	declare(a, who, op("GET", "/{number}", "get-inventory-number", "Read"),
		func(ctx context.Context, in *InventoryKey) (*answer[InventoryNumber], error) {
			number, err := in.number()
			if err != nil {
				return nil, a.problem(err)
			}
			n, err := a.ctl.Inventory.Get(ctx, branchOf(ctx), number)
			if err != nil {
				return nil, a.problem(err)
			}
			return &answer[InventoryNumber]{Status: 200, Body: a.inventoryView(ctx, n)}, nil
		})
	change := op("PATCH", "/{number}", "patch-inventory-number", "Change kind, capabilities, carriers and state")
	change.Description = "What is left out stays. Capabilities and carriers stay while the number is assigned to a " +
		"Teams user, and in the states porting-in, aging, porting-out and released."
	declare(a, who, change, a.changeInventoryNumber)
	remove := op("DELETE", "/{number}", "delete-inventory-number", "Delete; refused while it is assigned")
	remove.Description = "Only the account that uploaded the number, and those above it, may delete it."
	remove.Errors = append(remove.Errors, 403)
	declare(a, who, remove, func(ctx context.Context, in *InventoryKey) (*answer[Deleted], error) {
		number, err := in.number()
		if err != nil {
			return nil, a.problem(err)
		}
		revision, err := a.ctl.Inventory.Delete(ctx, author(ctx), branchOf(ctx), number)
		if err != nil {
			return nil, a.problem(err)
		}
		return &answer[Deleted]{Status: 200, Body: Deleted{Deleted: number, Apply: a.applied(ctx, revision, 0)}}, nil
	})
	declare(a, who, op("GET", "/{number}/history", "list-number-history", "What happened to the number, oldest first"),
		a.numberHistory)
	a.registerNumberBlocks(op)
	a.registerNumberUploads()
	a.registerNumberClaims()
}

// InventoryFilter is the filter of both the list and the export.
type InventoryFilter struct {
	State      string `query:"state" enum:"available,reserved,assigned,porting-in,aging,porting-out,released"`
	Kind       string `query:"kind" enum:"local,global,toll-free,vanity,mobile"`
	Reseller   string `query:"reseller" maxLength:"31" doc:"Only those that this reseller has itself"`
	Tenant     string `query:"tenant" maxLength:"31" doc:"Only those that this tenant has"`
	Capability string `query:"capability" enum:"voice,sms,fax"`
	Contains   string `query:"contains" maxLength:"60" doc:"Only those whose number, carrier, tenant, destination or description contains this text"`
}

func (f InventoryFilter) rows() db.InventoryFilter {
	return db.InventoryFilter{State: f.State, Kind: f.Kind, Reseller: f.Reseller, Tenant: f.Tenant,
		Capability: f.Capability, ListOptions: db.ListOptions{Contains: f.Contains}}
}

type inventoryInput struct {
	InventoryFilter
	After string `query:"after" maxLength:"40" doc:"List what comes after this number"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
}

func (a *api) listInventory(ctx context.Context, in *inventoryInput) (*page[InventoryNumber], error) {
	f := in.rows()
	f.After, f.Limit = in.After, in.Limit+1
	ns, err := a.ctl.Inventory.List(ctx, branchOf(ctx), f)
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(ns, in.Limit, func(n *pbx.InventoryNumber) string { return n.Number },
		func(n *pbx.InventoryNumber) InventoryNumber { return a.inventoryView(ctx, n) }), nil
}

func (a *api) addInventoryNumber(ctx context.Context, in *struct{ Body NumberOrder }) (*answer[InventoryNumber], error) {
	to, err := assignment(ctx, in.Body.NumberTarget)
	if err != nil {
		return nil, a.problem(err)
	}
	row := in.Body.NumberServices.row()
	row.Number = pbx.PlainNumber(in.Body.Number)
	if err := pbx.CheckE164("number", row.Number); err != nil {
		return nil, a.problem(err)
	}
	n, err := a.ctl.Inventory.Add(ctx, author(ctx), &row, to)
	if err != nil {
		return nil, a.problem(err)
	}
	return &answer[InventoryNumber]{Status: 201, Location: inventoryPath + "/" + n.Number,
		Body: a.inventoryView(ctx, n)}, nil
}

// NumberChange is what changes of a number.
type NumberChange struct {
	Kind         *string `json:"kind,omitempty" enum:"local,global,toll-free,vanity,mobile"`
	Voice        *bool   `json:"voice,omitempty"`
	SMS          *bool   `json:"sms,omitempty"`
	Fax          *bool   `json:"fax,omitempty"`
	VoiceCarrier *string `json:"voice_carrier,omitempty" doc:"\"\" is the default one"`
	SMSProfile   *string `json:"sms_profile,omitempty" doc:"\"\" is the default one"`
	Brand        *string `json:"brand,omitempty" maxLength:"40" doc:"10DLC brand, as the registry names it"`
	Campaign     *string `json:"campaign,omitempty" maxLength:"40" doc:"10DLC campaign, as the registry names it"`
	Registered   *bool   `json:"registered,omitempty" doc:"The carrier has let the campaign in. Without it no text message goes from a local number of the United States to another one"`
	State        *string `json:"state,omitempty" enum:"available,reserved,porting-out,aging,released"`
}

func (c NumberChange) apply(n *pbx.InventoryNumber) error {
	if c.Kind != nil {
		n.Kind, n.KindGuessed = *c.Kind, false
	}
	for to, from := range map[*string]*string{&n.Brand: c.Brand, &n.Campaign: c.Campaign} {
		if from != nil {
			*to = *from
		}
	}
	for to, from := range map[*bool]*bool{&n.Voice: c.Voice, &n.SMS: c.SMS, &n.Fax: c.Fax, &n.Registered: c.Registered} {
		if from != nil {
			*to = *from
		}
	}
	if c.VoiceCarrier != nil {
		n.VoiceCarrier, n.VoiceDefaulted = *c.VoiceCarrier, false
	}
	if c.SMSProfile != nil {
		n.SMSProfile, n.SMSDefaulted = *c.SMSProfile, false
	}
	if !n.Voice && c.VoiceCarrier == nil {
		n.VoiceCarrier, n.VoiceDefaulted = "", false
	}
	if !n.SMS && c.SMSProfile == nil {
		n.SMSProfile, n.SMSDefaulted = "", false
	}
	if c.State != nil {
		n.State = pbx.NumberState(*c.State)
	}
	return nil
}

func (a *api) changeInventoryNumber(ctx context.Context, in *struct {
	InventoryKey
	Body NumberChange
}) (*answer[InventoryNumber], error) {
	number, err := in.number()
	if err != nil {
		return nil, a.problem(err)
	}
	n, err := a.ctl.Inventory.Change(ctx, author(ctx), branchOf(ctx), number, in.Body.apply)
	if err != nil {
		return nil, a.problem(err)
	}
	return &answer[InventoryNumber]{Status: 200, Body: a.inventoryView(ctx, n)}, nil
}

func (a *api) numberHistory(ctx context.Context, in *InventoryKey) (*page[NumberEvent], error) {
	number, err := in.number()
	if err != nil {
		return nil, a.problem(err)
	}
	es, err := a.ctl.Inventory.History(ctx, branchOf(ctx), number)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[NumberEvent]{}
	out.Body.Items = make([]NumberEvent, 0, len(es))
	for _, e := range es {
		out.Body.Items = append(out.Body.Items, NumberEvent{e.At, e.Actor, e.Action, string(e.State), e.Reseller, e.Tenant,
			e.Destination, e.Detail})
	}
	return out, nil
}
