package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

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
}

// Mailbox is what a client reads.
type Mailbox struct {
	Number            string     `json:"number"`
	Name              string     `json:"name"`
	EmailNotification bool       `json:"email_notification"`
	Email             string     `json:"email,omitempty"`
	AttachRecording   bool       `json:"attach_recording"`
	DeleteAfterMail   bool       `json:"delete_after_mail"`
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
		revision: func(m *pbx.Mailbox) int64 { return m.Revision },
		apply:    func(v *Mailbox) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerMailboxPIN(a, k)
}
