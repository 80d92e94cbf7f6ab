package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// maxSeats bounds one batch, and with it the password hashes of one request.
const maxSeats = 100

// SeatFields is the order for one seat.
type SeatFields struct {
	Name           string   `json:"name" doc:"Of the person: 1 to 60 characters of plain text"`
	Number         string   `json:"number,omitempty" doc:"Of extension and mailbox; the next free one from first_extension of the tenant on if left out, else from its lowest extension"`
	Username       string   `json:"username,omitempty" doc:"To sign in; the number if left out"`
	Role           string   `json:"role,omitempty" enum:"tenant-admin,operator,user" doc:"user if left out"`
	Email          string   `json:"email,omitempty" doc:"Of the user, for invitations, and of the mailbox, for notes about messages"`
	Language       string   `json:"language,omitempty" doc:"Of prompts, as Asterisk names its sounds: de, en, pt_BR"`
	Timezone       string   `json:"timezone,omitempty" doc:"IANA name; the tenant's if left out"`
	Voicemail      *bool    `json:"voicemail,omitempty" doc:"Whether it has a mailbox; true if left out"`
	PIN            string   `json:"pin,omitempty" writeOnly:"true" doc:"Of the mailbox, 4 to 10 digits; six random ones if left out"`
	RingSeconds    int      `json:"ring_seconds,omitempty" minimum:"0" maximum:"300" doc:"5 to 300; 20 if left out"`
	Groups         []string `json:"groups,omitempty" nullable:"false" doc:"Names of phone groups"`
	ClassOfService string   `json:"class_of_service,omitempty" doc:"What it may call; the tenant's if left out"`
	Country        string   `json:"country,omitempty" doc:"Two letters of ISO 3166-1; the tenant's if left out"`
	DID            string   `json:"did,omitempty" doc:"Number of the tenant that leads to the extension and is shown for its calls. It leads nowhere so far; a platform admin may name one that the tenant does not have yet"`
	DeviceName     string   `json:"device_name,omitempty" doc:"Of its device; the number if left out"`
	DeviceClass    string   `json:"device_class,omitempty" enum:"hardware,software,third-party,mobile,webrtc" doc:"hardware with a phone and software without one, if left out"`
	MAC            string   `json:"mac,omitempty" doc:"Hardware address of the desk phone; without one there is none"`
	Vendor         string   `json:"vendor,omitempty" doc:"yealink or polycom; the maker of the model if left out"`
	Model          string   `json:"model,omitempty" doc:"Of the desk phone"`
}

// Seat is an extension with what belongs to it.
type Seat struct {
	Number          string       `json:"number"`
	Name            string       `json:"name"`
	Username        string       `json:"username,omitempty"`
	Email           string       `json:"email,omitempty" doc:"Of the user; that of the mailbox where there is no user"`
	Mailbox         string       `json:"mailbox,omitempty"`
	DIDs            []string     `json:"dids" nullable:"false" doc:"Numbers that lead to the extension"`
	Status          string       `json:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN," doc:"That of its best device, in the words of devices"`
	IP              string       `json:"ip,omitempty" doc:"Where that device really is"`
	Port            int          `json:"port,omitempty"`
	Devices         []SeatDevice `json:"devices" nullable:"false"`
	Password        string       `json:"password,omitempty" doc:"One-time password to sign in; shown once, by the write that made it"`
	PIN             string       `json:"pin,omitempty" doc:"Of the mailbox; shown once, if it is a random one"`
	Secret          string       `json:"secret,omitempty" doc:"SIP password of the device; shown once"`
	ProvisioningURL string       `json:"provisioning_url,omitempty" doc:"The phone's own secret URL; shown once"`
	EnrolURL        string       `json:"enrol_url,omitempty" doc:"What DHCP option 66 or the phone's own menu must say"`
}

// SeatDevice is a device of a seat, with the phone that it is on.
type SeatDevice struct {
	Name     string `json:"name"`
	Class    string `json:"class,omitempty"`
	Endpoint string `json:"endpoint,omitempty" doc:"SIP user name"`
	Status   string `json:"status" enum:"OK,UNREACHABLE,UNKNOWN,UNMONITORED,FORBIDDEN,"`
	MAC      string `json:"mac,omitempty" doc:"Of the phone that registers it"`
	Vendor   string `json:"vendor,omitempty"`
	Model    string `json:"model,omitempty"`
}

// MadeSeat is the answer to the order of one seat.
type MadeSeat struct {
	Seat
	DryRun bool       `json:"dry_run,omitempty" doc:"Nothing was made"`
	Apply  ApplyBlock `json:"apply"`
}

// MadeSeats is the answer to the order of several seats.
type MadeSeats struct {
	Items  []Seat     `json:"items" nullable:"false"`
	DryRun bool       `json:"dry_run,omitempty" doc:"Nothing was made"`
	Apply  ApplyBlock `json:"apply"`
}

// SeatWrite is what orders of seats have beside their body.
type SeatWrite struct {
	Place
	ActionHeaders
	DryRun bool `query:"dry_run" doc:"Check everything, choose the numbers, and make nothing"`
}

type seatInput struct {
	SeatWrite
	Body SeatFields
}

type seatsInput struct {
	SeatWrite
	Body struct {
		Seats []SeatFields `json:"seats" nullable:"false" doc:"1 to 100; all of them are made, or none"`
	}
}

func (a *api) registerSeats() {
	const path = "/v1/tenants/{tenant}/seats"
	op := func(method, path, id, summary, text string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Description: text,
			Tags: []string{"seats"}, Errors: []int{401, 404, 409, 422}, DefaultStatus: http.StatusOK,
			Parameters: []*huma.Param{{Name: "tenant", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}}}
	}
	declare(a, operators, op("GET", path, "list-seats", "List extensions with user, mailbox, numbers, devices and phones",
		"A list to print, to sort and to look through; what is secret is not in it."), a.listSeats)
	one := op("POST", path, "create-seat", "Make all that one person needs, in one step",
		"User, extension, mailbox, device and desk phone are made together or not at all; an error names the field of this order. The answer shows once what is secret. Afterwards each part is changed where it is: users, extensions, mailboxes, devices, phones, numbers.")
	one.DefaultStatus = http.StatusCreated
	declare(a, tenantAdmins, one, func(ctx context.Context, in *seatInput) (*struct {
		Status int
		Body   MadeSeat
	}, error) {
		seats, apply, err := a.makeSeats(ctx, in.SeatWrite, []SeatFields{in.Body}, false)
		if err != nil {
			return nil, err
		}
		out := &struct {
			Status int
			Body   MadeSeat
		}{in.status(), MadeSeat{Seat: seats[0], DryRun: in.DryRun, Apply: apply}}
		return out, nil
	})
	batch := op("POST", path+"/batch", "create-seats", "Make up to 100 seats, all or none",
		"As create-seat; the field of an error begins with the place in the list, such as seats[3].mac.")
	batch.DefaultStatus, batch.MaxBodyBytes, batch.BodyReadTimeout = http.StatusCreated, maxBody, bodyWithin
	declare(a, tenantAdmins, batch, func(ctx context.Context, in *seatsInput) (*struct {
		Status int
		Body   MadeSeats
	}, error) {
		seats, apply, err := a.makeSeats(ctx, in.SeatWrite, in.Body.Seats, true)
		if err != nil {
			return nil, err
		}
		out := &struct {
			Status int
			Body   MadeSeats
		}{in.status(), MadeSeats{seats, in.DryRun, apply}}
		return out, nil
	})
}

func (in SeatWrite) status() int {
	if in.DryRun {
		return http.StatusOK
	}
	return http.StatusCreated
}

func (a *api) seatView(s *db.Seat) Seat {
	v := Seat{Number: s.Extension.Number, Name: s.Extension.Name, Mailbox: s.Extension.Mailbox, DIDs: []string{},
		Devices: []SeatDevice{}}
	if s.Mailbox != nil {
		v.Email = s.Mailbox.Email
	}
	if s.User != nil {
		v.Username, v.Email = s.User.Username, s.User.Email
	}
	for _, n := range s.Numbers {
		v.DIDs = append(v.DIDs, n.Number)
	}
	states := []DeviceState{}
	for i, d := range s.Devices {
		state := a.deviceState(d)
		states = append(states, state)
		v.Devices = append(v.Devices, seatDevice(d, s.Phones[i], state.Status))
	}
	best := bestState(states)
	v.Status, v.IP, v.Port = best.Status, best.IP, best.Port
	return v
}

func seatDevice(d *pbx.Device, p *pbx.Phone, status string) SeatDevice {
	v := SeatDevice{Name: d.Name, Status: status}
	if d.Kind.Registers() {
		v.Class, v.Endpoint = string(d.Class), d.Endpoint
	}
	if p != nil {
		v.MAC, v.Vendor, v.Model = p.MAC.Colons(), string(p.Vendor), p.Model
	}
	return v
}

// makeSeats makes the seats of one request.
func (a *api) makeSeats(ctx context.Context, in SeatWrite, orders []SeatFields, several bool) ([]Seat, ApplyBlock, error) {
	if len(orders) < 1 || len(orders) > maxSeats {
		return nil, ApplyBlock{}, a.problem(pbx.Invalidf("seats", "must have 1 to %d orders", maxSeats))
	}
	o := provisioner.SeatsOrder{DryRun: in.DryRun, Several: several,
		GiveNumbers: branchAdmins.allows(caller(ctx).Role) || a.mayBringNumbers(in.tenant)}
	if !caller(ctx).Everywhere() {
		o.Elsewhere = notYours
	}
	passwords := make([]pbx.Secret, len(orders))
	var es pbx.Errors
	for i, w := range orders {
		s, err := a.seatOrder(ctx, in.tenant, w)
		if err != nil {
			field := err.Field
			if several {
				field = "seats[" + strconv.Itoa(i) + "]." + field
			}
			out := *err
			out.Field = field
			es.Add(&out)
			continue
		}
		if passwords[i] = pbx.RandomSecret(10); !in.DryRun {
			s.Password = signin.Hash(passwords[i].Reveal())
		}
		o.Seats = append(o.Seats, s)
	}
	if err := es.Err(); err != nil {
		return nil, ApplyBlock{}, a.problem(err)
	}
	rows, err := a.ctl.MakeSeats(ctx, author(ctx), o)
	if err != nil {
		return nil, ApplyBlock{}, a.problem(err)
	}
	out := make([]Seat, len(rows))
	var revision int64
	for i, r := range rows {
		out[i] = a.madeSeat(r, orders[i], passwords[i], in.DryRun)
		revision = r.Extension.Revision
	}
	if in.DryRun {
		if revision, err = a.ctl.Revision(ctx); err != nil {
			return nil, ApplyBlock{}, a.problem(err)
		}
	}
	return out, a.applied(ctx, revision, in.write().wait()), nil
}

// seatOrder reads the order for one seat.
func (a *api) seatOrder(ctx context.Context, tenant string, w SeatFields) (*pbx.Seat, *pbx.Error) {
	s := &pbx.Seat{Tenant: tenant, Name: w.Name, Number: w.Number, Username: w.Username, Role: pbx.Role(w.Role),
		Email: w.Email, Language: w.Language, Timezone: w.Timezone, NoMailbox: !or(w.Voicemail, true),
		PIN: pbx.NewSecret(w.PIN), RingSeconds: w.RingSeconds, Groups: w.Groups, ClassOfService: w.ClassOfService,
		Country: w.Country, DID: pbx.PlainNumber(w.DID), Device: w.DeviceName, DeviceClass: pbx.DeviceClass(w.DeviceClass),
		Vendor: pbx.ParseVendor(w.Vendor), Model: w.Model, EnrolUntil: enrolEnd()}
	if w.PIN == "" {
		s.PIN = pbx.RandomPIN()
	} else if s.NoMailbox {
		return nil, pbx.Invalidf("pin", "is of the mailbox, and voicemail is false")
	}
	if w.MAC == "" {
		for field, value := range map[string]string{"model": w.Model, "vendor": w.Vendor} {
			if value != "" {
				return nil, pbx.Invalidf("mac", "is required, because %s says that there is a phone", field)
			}
		}
		return s, nil
	}
	if w.Model == "" {
		return nil, pbx.Invalidf("model", "is required for a phone")
	}
	var err *pbx.Error
	if s.MAC, err = pbx.ParseMAC("mac", w.MAC); err != nil {
		return nil, err
	}
	if refused := a.mayAddPhone(ctx, tenant, s.MAC); refused != nil {
		return nil, notYours(s.MAC)
	}
	return s, nil
}

// madeSeat shows a seat that was made, with what is shown once.
func (a *api) madeSeat(r *pbx.SeatRows, w SeatFields, password pbx.Secret, dry bool) Seat {
	s := &db.Seat{Extension: r.Extension, Mailbox: r.Mailbox, User: r.User, Devices: []*pbx.Device{r.Device},
		Phones: []*pbx.Phone{r.Phone}}
	if r.Extension.PresentationNumber != "" {
		s.Numbers = []*pbx.Number{{Number: r.Extension.PresentationNumber}}
	}
	v := a.seatView(s)
	if r.Phone != nil {
		v.EnrolURL = a.PhoneURL + "/"
	}
	if dry {
		v.Devices[0].Endpoint = ""
		return v
	}
	v.Password, v.Secret = password.Reveal(), r.Device.Secret.Reveal()
	if r.Mailbox != nil && w.PIN == "" {
		v.PIN = r.Mailbox.PIN.Reveal()
	}
	if r.Phone != nil {
		v.ProvisioningURL = a.PhoneURL + "/p/" + r.Phone.URLSecret.Reveal() + "/"
	}
	return v
}
