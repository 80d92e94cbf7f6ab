package pbx

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// User is a person, of a tenant or of a reseller. What people dial is the user's extension; what
// rings is its devices, and the shared device that the user has signed in on. A user of a
// reseller administers its branch, and has no phone.
type User struct {
	Tenant   string // "" for a user of a reseller
	Reseller string // "" for a user of a tenant
	Username string // key within the tenant or reseller
	FullName string // 1–100 characters
	Email    string // "" for none
	// PersonalContact is an e-mail address outside the tenant, "" for none:
	// codes of the second step go there, and invitations while there is no Email.
	PersonalContact string
	// Language is how Asterisk names the prompts that the user hears on the phones
	// and in the mailbox, such as de or pt_BR; "" leaves Asterisk's default.
	Language string
	// Timezone is an IANA name for the user's phones and mailbox; "" is the tenant's.
	Timezone string
	// Extension is the number of the main extension, no two users' the same. "" is none: the
	// user can sign in, and nothing rings. AutoExtension asks for one.
	Extension string
	Role      Role // one of UserRoles
	Login     bool // may sign in, to the API and on a shared device
	// SecondStep is what signing in to the API asks for after the password.
	SecondStep SecondStep
	DeskPIN    Secret // hash of what is typed there, zero while none is set
	Password   Secret // hash, zero while none is set
	// MustChange says that Password is a one-time one.
	MustChange bool
	Photo      string // SHA-256 of the picture, hexadecimal; "" for none
	Version    int64
	Revision   int64
}

// AutoExtension in the place of a user's extension asks for a new one, with the next free
// number of the tenant. It is a number of its own where a tenant has an extension so named.
const AutoExtension = "auto"

// Account is the tenant or reseller that the user belongs to.
func (u *User) Account() Account { return AccountOf(u.Reseller, u.Tenant) }

// Actor names the user in the audit trail. The tenant of a change tells whose user "user jane" is;
// a reseller's users act in many tenants.
func (u *User) Actor() string {
	if u.Reseller != "" {
		return "user " + u.Username + " of reseller " + u.Reseller
	}
	return "user " + u.Username
}

// MakesTokens reports whether the user may make API tokens, and keep those that the user made.
func (u *User) MakesTokens() bool {
	return u.Login && (u.Role == RoleTenantAdmin || u.Role == RoleResellerAdmin)
}

// OwnExtension is the extension that a user with AutoExtension gets. A longer name is cut.
func (u *User) OwnExtension(number string) *Extension {
	e := NewExtension(u.Tenant, number)
	for _, c := range u.FullName {
		if next := e.Name + string(c); utf8.RuneCountInString(next) <= maxNameRunes && len(next) <= maxNameBytes {
			e.Name = next
			continue
		}
		break
	}
	e.Name = strings.TrimSpace(e.Name)
	return e
}

// NewUser returns a user of a tenant with the defaults, and without name and role.
func NewUser(tenant, username string) *User {
	return &User{Tenant: tenant, Username: username, Login: true, SecondStep: SecondStepNone}
}

// NewResellerUser returns a user of a reseller with the defaults, and without name and role.
func NewResellerUser(reseller, username string) *User {
	u := NewUser("", username)
	u.Reseller = reseller
	return u
}

// checkLanguage takes a language as Asterisk names its sounds, or "".
func checkLanguage(field, s string) *Error {
	if s != "" && !languagePattern.MatchString(s) {
		return Invalidf(field, "%s is not a language as Asterisk names them: write de, en or pt_BR", quote(s))
	}
	return nil
}

var languagePattern = regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`)

// Validate returns all broken rules. The secrets are hashes by now: CheckDeskPIN
// and CheckPassword have seen their texts.
func (u *User) Validate() error {
	var es Errors
	es.Add(CheckName("username", u.Username))
	es.Add(CheckText("full_name", u.FullName, 1, 100, 0))
	es.Add(u.checkRole())
	es = append(es, u.checkWithoutPhone()...)
	es.Add(u.checkSecondStep())
	if u.Email != "" {
		es.Add(CheckEmail("email", u.Email))
	}
	if u.PersonalContact != "" {
		es.Add(CheckEmail("personal_contact", u.PersonalContact))
	}
	es.Add(checkLanguage("language", u.Language))
	if u.Timezone != "" {
		es.Add(CheckTimezone("timezone", u.Timezone))
	}
	if u.Extension != "" {
		es.Add(CheckNumber("extension", u.Extension))
	}
	return es.Err()
}

// checkRole refuses a role that the user's account does not give.
func (u *User) checkRole() *Error {
	switch {
	case u.Reseller != "" && u.Role != RoleResellerAdmin:
		return Invalidf("role", "must be reseller-admin for a user of a reseller")
	case u.Reseller != "":
		return nil
	case u.Role == RolePlatformAdmin || u.Role == RoleResellerAdmin:
		return Invalidf("role", "cannot be %s for a user of a tenant: choose tenant-admin, operator or user", u.Role)
	}
	return CheckRole(u.Role, u.Tenant)
}

// checkWithoutPhone refuses what only phones and mailboxes use for a user that has none.
func (u *User) checkWithoutPhone() (es Errors) {
	if u.Reseller == "" {
		return nil
	}
	for _, f := range []struct {
		field string
		set   bool
	}{{"extension", u.Extension != ""}, {"language", u.Language != ""}, {"timezone", u.Timezone != ""}, {"desk_pin", !u.DeskPIN.IsZero()}} {
		if f.set {
			es.Add(Invalidf(f.field, "cannot be set for a user of a reseller, who has no phone and no mailbox"))
		}
	}
	return es
}

func (u *User) checkSecondStep() *Error {
	switch {
	case u.SecondStep != SecondStepNone && u.SecondStep != SecondStepEmail:
		return Invalidf("second_step", "must be none or email")
	case u.SecondStep == SecondStepEmail && u.PersonalContact == "":
		return Invalidf("personal_contact", "is required while second_step is email: the codes are mailed there")
	}
	return nil
}

// CheckTimezone refuses what is not in the zone database.
func CheckTimezone(field, s string) *Error {
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
		return Invalidf(field, "%s is not in the time zone database: write a name such as Europe/Berlin", quote(s))
	}
	return nil
}

// CheckDeskPIN refuses what nobody could type on a phone or everybody could guess.
func CheckDeskPIN(field, pin string) *Error {
	if len(pin) < 4 || len(pin) > 10 || strings.Trim(pin, "0123456789") != "" {
		return Invalidf(field, "must be 4 to 10 digits")
	}
	return nil
}

// CheckPassword refuses a password that is too short to be safe or too long to be
// hashed at once.
func CheckPassword(field, s string) *Error {
	if n := len([]rune(s)); n < 10 || len(s) > 200 {
		return Invalidf(field, "must have at least 10 characters and take at most 200 bytes")
	}
	return nil
}
