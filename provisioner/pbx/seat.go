package pbx

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Seat is an order for all that one person needs: user, extension, mailbox, device, phone,
// DID. Fields that are empty are left to Rows.
type Seat struct {
	Tenant             string
	Name               string // of user, extension and mailbox
	Number             string // of extension and mailbox
	Username           string // "" is the number
	Email              string // of user and mailbox
	Language, Timezone string // of the user
	Role               Role   // "" is RoleUser
	Password           Secret // hash of a one-time password; zero for none
	NoMailbox          bool
	PIN                Secret // of the mailbox
	RingSeconds        int    // 0 is DefaultRingSeconds
	Groups             []string
	ClassOfService     string
	Country            string
	DID                string      // number of the tenant that leads to the extension, and is shown for it
	Device             string      // name of the device; "" is the number
	DeviceClass        DeviceClass // "" is Hardware with a phone, Software without one
	MAC                MAC         // "" makes no phone
	Vendor             Vendor
	Model              string
	EnrolUntil         time.Time
}

// SeatRows are the rows of a seat. Mailbox, User and Phone may be nil.
type SeatRows struct {
	Extension *Extension
	Mailbox   *Mailbox
	User      *User
	Device    *Device
	Phone     *Phone
}

// Rows are the rows that a seat with a number consists of.
func (s *Seat) Rows() *SeatRows {
	r := &SeatRows{Extension: NewExtension(s.Tenant, s.Number)}
	e := r.Extension
	e.Name, e.RingSeconds, e.Groups = s.Name, cmp.Or(s.RingSeconds, DefaultRingSeconds), s.Groups
	e.ClassOfService, e.Country, e.PresentationNumber = s.ClassOfService, s.Country, s.DID
	if !s.NoMailbox {
		r.Mailbox = &Mailbox{Tenant: s.Tenant, Number: s.Number, Name: s.Name, PIN: s.PIN, Email: s.Email}
		e.Mailbox = s.Number
	}
	r.User = NewUser(s.Tenant, cmp.Or(s.Username, strings.ToLower(s.Number)))
	u := r.User
	u.FullName, u.Email, u.Language, u.Timezone, u.Extension = s.Name, s.Email, s.Language, s.Timezone, s.Number
	u.Role, u.Password, u.MustChange = cmp.Or(s.Role, RoleUser), s.Password, !s.Password.IsZero()
	r.Device = NewDevice(s.Tenant, cmp.Or(s.Device, strings.ToLower(s.Number)))
	r.Device.Extension = s.Number
	if r.Device.Class = s.DeviceClass; s.DeviceClass == "" && s.MAC == "" {
		r.Device.Class = Software
	} else if s.DeviceClass == "" {
		r.Device.Class = Hardware
	}
	if s.MAC != "" {
		r.Phone = NewPhone(s.Tenant, s.MAC, s.EnrolUntil)
		r.Phone.Vendor, r.Phone.Model = s.Vendor, s.Model
		r.Phone.Lines = []Line{{Registration: 1, Device: r.Device.Name}}
	}
	return r
}

// The parts of a seat, by which SeatError knows the fields of their rows.
const (
	SeatExtension = "extension"
	SeatMailbox   = "mailbox"
	SeatUser      = "user"
	SeatDevice    = "device"
	SeatPhone     = "phone"
	SeatNumber    = "number"
)

// seatFields are the fields of a seat that fields of its rows come from, where the names
// differ.
var seatFields = map[string]map[string]string{
	SeatExtension: {"presentation_number": "did", "mailbox": "number"},
	SeatUser:      {"full_name": "name", "extension": "number"},
	SeatDevice:    {"name": "device_name", "extension": "number", "class": "device_class"},
	SeatPhone:     {"lines[0].device": "device_name", "lines[0].registration": "model"},
	SeatNumber:    {"number": "did", "destination": "number"},
}

// SeatError names the fault of a part's row by the field of the seat.
func SeatError(part string, e *Error) *Error {
	to, differs := seatFields[part][e.Field]
	if !differs {
		return e
	}
	out := *e
	out.Field = to
	if rest, about := strings.CutPrefix(e.Message, e.Field+" "); about {
		out.Message = to + " " + rest
	}
	return &out
}

// RandomPIN returns a PIN of six random digits.
func RandomPIN() Secret {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails, see crypto/rand
	return NewSecret(fmt.Sprintf("%06d", n))
}
