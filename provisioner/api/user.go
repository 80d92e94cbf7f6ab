package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// UserFields is what a client may write.
type UserFields struct {
	Username        string  `json:"username,omitempty" doc:"1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	FullName        string  `json:"full_name" doc:"1 to 100 characters of plain text"`
	Email           string  `json:"email,omitempty" doc:"E-mail address; invitations go there"`
	PersonalContact string  `json:"personal_contact,omitempty" doc:"E-mail address outside the tenant; codes of the second step go there, and invitations while there is no email; required while second_step is email"`
	Language        string  `json:"language,omitempty" doc:"Language of prompts on the user's devices and in the mailbox, as Asterisk names its sounds: de, en, pt_BR; Asterisk's default if left out"`
	Timezone        string  `json:"timezone,omitempty" doc:"IANA name for the clocks of the user's phones and the times in the mailbox; the tenant's if left out"`
	Extension       string  `json:"extension,omitempty" doc:"Number of the main extension, no two users can have the same; auto makes one for the user, with the next free number of the tenant (see first_extension there), and leaves a user the one that there is. Without one a user can sign in, and nothing rings: no calls, no desk, no voicemail"`
	Role            string  `json:"role" enum:"tenant-admin,operator,user,reseller-admin" doc:"What the user may do: tenant-admin everything within the tenant; operator reads, resyncs and reboots phones; user sees the own extension, and chooses the own device and voicemail PIN. A user of a reseller is reseller-admin, and does everything within its branch"`
	Login           *bool   `json:"login,omitempty" doc:"Whether the user may sign in, here and on shared devices; true if left out. Switching it off ends the user's sessions"`
	SecondStep      string  `json:"second_step,omitempty" enum:"none,email" doc:"What signing in asks for after the password; email: a one-time code that is mailed to personal_contact; none if left out"`
	DeskPIN         *string `row:"DeskPIN,by hand" json:"desk_pin,omitempty" writeOnly:"true" doc:"4 to 10 digits to sign in by phone; left out, an existing one stays, and without one only the API signs in. Stored as argon2id hash"`
}

// User is what a client reads.
type User struct {
	Username        string     `json:"username"`
	Reseller        string     `json:"reseller,omitempty" doc:"Whose user it is; absent: the tenant's"`
	FullName        string     `json:"full_name"`
	Email           string     `json:"email,omitempty"`
	PersonalContact string     `json:"personal_contact,omitempty"`
	Language        string     `json:"language,omitempty"`
	Timezone        string     `json:"timezone,omitempty"`
	Extension       string     `json:"extension,omitempty"`
	Role            string     `json:"role"`
	Login           bool       `json:"login"`
	SecondStep      string     `json:"second_step"`
	HasDeskPIN      bool       `row:"DeskPIN,by hand" json:"has_desk_pin"`
	HasPhoto        bool       `row:"Photo,by hand" json:"has_photo"`
	MustChange      bool       `json:"must_change_password" doc:"The password is a one-time one"`
	Desk            string     `json:"desk,omitempty" doc:"The shared device that the user is signed in on"`
	Password        string     `json:"password,omitempty" doc:"One-time password; shown once, by the reset that made it"`
	Apply           ApplyBlock `json:"apply"`
}

type kindOfUser = kind[pbx.User, UserFields, User]

func registerUsers(a *api) {
	k := newKind(kindOfUser{
		name: "user", plural: "users", path: "/v1/tenants/{tenant}/users", keyName: "username", rows: a.ctl.Users,
		who:      ofTenant.readBy(ownUser),
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    pbx.NewUser,
		toRow:    a.completeUser,
		toView: func(_ context.Context, u *pbx.User, v *User) {
			v.HasDeskPIN, v.HasPhoto = !u.DeskPIN.IsZero(), u.Photo != ""
			if d := a.ctl.Snapshot().DeskOf(u); d != nil {
				v.Desk = d.Name
			}
		},
		revision: func(u *pbx.User) int64 { return u.Revision },
		apply:    func(v *User) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerUserActions(a, k, tenantAdmins, tenantAdmins.and(ownUser))
	registerUnregister(a, k)
	registerDesk(a, k)
	registerOwn(a, k)
	registerPhoto(a, k)

	k.name, k.plural, k.path, k.who = "reseller-user", "reseller-users", "/v1/resellers/{reseller}/users", ofBranch
	k.rows, k.fresh = a.ctl.ResellerUsers, pbx.NewResellerUser
	registerKind(a, k)
	registerUserActions(a, k, branchAdmins, branchAdmins.knowing(ownUser))
}

// userPath is the path of a user.
func userPath(u *pbx.User) string {
	if u.Reseller != "" {
		return "/v1/resellers/" + u.Reseller + "/users/" + u.Username
	}
	return "/v1/tenants/" + u.Tenant + "/users/" + u.Username
}

func (a *api) completeUser(w UserFields, old, u *pbx.User) error {
	before := pbx.SecondStep("")
	if old != nil {
		before, u.DeskPIN = old.SecondStep, old.DeskPIN
	}
	if u.SecondStep == pbx.SecondStepEmail && before != u.SecondStep && !a.ctl.Mail.Sends() {
		return pbx.Invalidf("second_step",
			"cannot be email: no mail server is configured, start Dialtone with --smtp-address")
	}
	if w.DeskPIN == nil {
		return nil
	}
	hash, err := signin.HashPIN(u.DeskPIN, *w.DeskPIN)
	if err != nil {
		return err
	}
	u.DeskPIN = hash
	return nil
}
