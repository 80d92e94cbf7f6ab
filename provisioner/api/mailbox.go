package api

import (
	"context"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// MailboxFields is what a client may write.
type MailboxFields struct {
	Number string  `json:"number,omitempty" doc:"1 to 20 digits or letters; usually the number of its extension; taken from the path in PUT and PATCH"`
	Name   string  `json:"name" doc:"Name of its owner: 1 to 60 characters of plain text"`
	PIN    *string `json:"pin,omitempty" writeOnly:"true" doc:"4 to 10 digits; required for a new mailbox, an existing one keeps its own when it is left out"`
	// EmailNotification is nil where it says no more than the address does.
	EmailNotification *bool  `json:"email_notification,omitempty" doc:"Mail a note about each new message to email, which is then required; left out: if there is an email" row:"EmailNotification,by hand"`
	Email             string `json:"email,omitempty" doc:"Where a note about each new message goes"`
	AttachRecording   bool   `json:"attach_recording,omitempty" doc:"Put the recording into the mail"`
	DeleteAfterMail   bool   `json:"delete_after_mail,omitempty" doc:"Keep no copy once it is mailed"`
	Timezone          string `json:"timezone,omitempty" doc:"Zone in which times are spoken and written, such as Europe/Berlin; that of the mailbox's user, else of the tenant, if left out"`
	Language          string `json:"language,omitempty" doc:"Language of its prompts and mails, as Asterisk names its sounds: de, en, pt_BR; that of the mailbox's user, else of the tenant, if left out"`
	MaxMessages       int    `json:"max_messages,omitempty" doc:"How many messages each of its folders takes, 1 to 9999; what Asterisk's voicemail.conf says if left out"`
	MaxSeconds        int    `json:"max_seconds,omitempty" doc:"How long a message may be, 5 to 3600 seconds; what Asterisk's voicemail.conf says if left out"`
	MinSeconds        int    `json:"min_seconds,omitempty" doc:"Shorter messages are not kept, 1 to 60 seconds; what Asterisk's voicemail.conf says if left out"`
	Greeting          string `json:"greeting,omitempty" doc:"Name of the announcement that callers hear before the beep. It stands before what was recorded on the phone, which is kept and heard again when greeting is left out"`
}

// Mailbox is what a client reads.
type Mailbox struct {
	Number            string     `json:"number"`
	Name              string     `json:"name"`
	EmailNotification bool       `json:"email_notification"`
	Email             string     `json:"email,omitempty"`
	AttachRecording   bool       `json:"attach_recording"`
	DeleteAfterMail   bool       `json:"delete_after_mail"`
	Timezone          string     `json:"timezone,omitempty"`
	Language          string     `json:"language,omitempty"`
	MaxMessages       int        `json:"max_messages,omitempty"`
	MaxSeconds        int        `json:"max_seconds,omitempty"`
	MinSeconds        int        `json:"min_seconds,omitempty"`
	Greeting          string     `json:"greeting,omitempty"`
	PINChanged        bool       `json:"pin_changed_on_phone" doc:"Its owner has chosen another PIN on the phone; another one that is set over the API takes its place"`
	Greetings         []string   `json:"greetings_on_phone" nullable:"false" doc:"What its owner has recorded on the phone: unavailable, busy, temporary, name"`
	GreetingHeard     string     `json:"greeting_heard" enum:"announcement,phone,standard" doc:"What callers hear before the beep: the announcement that greeting names, what was recorded on the phone, or what Asterisk says"`
	Apply             ApplyBlock `json:"apply"`
}

func registerMailboxes(a *api) {
	k := newKind(kind[pbx.Mailbox, MailboxFields, Mailbox]{
		name: "mailbox", plural: "mailboxes", path: "/v1/tenants/{tenant}/mailboxes", keyName: "number",
		rows: a.ctl.Mailboxes, who: ofTenant.readBy(ownMailbox),
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckNumber(field, s) },
		fresh:    func(tenant, number string) *pbx.Mailbox { return &pbx.Mailbox{Tenant: tenant, Number: number} },
		toRow: func(w MailboxFields, old, m *pbx.Mailbox) error {
			m.EmailNotification = w.Email != ""
			if w.EmailNotification != nil {
				m.EmailNotification = *w.EmailNotification
			}
			if w.PIN == nil && old == nil {
				return pbx.Invalidf("pin", "is required for a new mailbox: 4 to 10 digits")
			}
			return nil
		},
		toFields: func(m *pbx.Mailbox, w *MailboxFields) {
			if m.EmailNotification != (m.Email != "") {
				w.EmailNotification = &m.EmailNotification
			}
		},
		toView: func(_ context.Context, m *pbx.Mailbox, v *Mailbox) {
			v.PINChanged, v.Greetings = a.ctl.Spool.Chosen(m.Tenant, m.Number)
			v.GreetingHeard = greetingHeard(m, v.Greetings)
		},
		revision: func(m *pbx.Mailbox) int64 { return m.Revision },
		apply:    func(v *Mailbox) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerMailboxPIN(a, k)
}

// greetingHeard says what callers of a mailbox hear. A recorded name is part of what Asterisk says.
func greetingHeard(m *pbx.Mailbox, onPhone []string) string {
	switch {
	case m.Greeting != "":
		return "announcement"
	case slices.ContainsFunc(onPhone, func(g string) bool { return g != "name" }):
		return "phone"
	}
	return "standard"
}
