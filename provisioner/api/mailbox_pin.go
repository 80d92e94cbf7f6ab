package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

type mailboxPIN struct {
	Place
	WriteHeaders
	Body struct {
		PIN string `json:"pin" writeOnly:"true" doc:"4 to 10 digits"`
	}
}

// registerMailboxPIN declares the one setting of a mailbox that its owner has.
func registerMailboxPIN(a *api, k kind[pbx.Mailbox, MailboxFields, Mailbox]) {
	op := k.operation("PUT", k.path+"/{number}/pin", "put-mailbox-pin",
		"Set another PIN; one that was chosen on the phone gives way")
	declare(a, tenantAdmins.and(ownMailbox), op, func(ctx context.Context, in *mailboxPIN) (*answer[Mailbox], error) {
		return k.write(ctx, a, in.Place, in.WriteHeaders, func(old *pbx.Mailbox) (MailboxFields, error) {
			if old == nil {
				return MailboxFields{}, pbx.NotFoundf("mailbox %s does not exist in tenant %s", in.key, in.tenant)
			}
			w := k.fields(old)
			w.PIN = &in.Body.PIN
			return w, nil
		})
	})
}
