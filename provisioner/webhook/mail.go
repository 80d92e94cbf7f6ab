package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/mail"
)

// mailWithin is how long a mail about a stopped webhook is tried.
const mailWithin = 72 * time.Hour

// NextMail is the source of mails about webhooks that were stopped.
func (s *Sender) NextMail(ctx context.Context) (mail.Letter, bool, error) {
	m, err := s.o.DB.NextWebhookMail(ctx)
	if err != nil || m == nil {
		return mail.Letter{}, false, err
	}
	return mail.Letter{
		Name: fmt.Sprintf("webhook %s of %s", m.Name, m.Tenant), To: m.Email, Due: m.Next, Attempts: m.Attempts,
		ID:      fmt.Sprintf("webhook.%s.%s.%d", m.Tenant, m.Name, m.Stopped.Unix()),
		Subject: fmt.Sprintf("Webhook %s was stopped", m.Name), Expires: m.Stopped.Add(mailWithin),
		Text: func(context.Context) (string, error) {
			return fmt.Sprintf("Hello,\n\nthe webhook %s of tenant %s does not take its events:\n\n  %s\n\n"+
				"So nothing is sent there any more. What happened since %s can be read from the stream of events.\n\n"+
				"Once the receiver works again, a test starts the webhook again:\n\n"+
				"  POST /v1/tenants/%s/webhooks/%s/test\n", m.Name, m.Tenant, m.Error,
				m.Stopped.UTC().Format(time.RFC1123), m.Tenant, m.Name), nil
		},
		Done: func(ctx context.Context, r mail.Result) error {
			m.State, m.Attempts, m.MailError, m.Next = r.State, r.Attempts, r.Error, r.Due
			return s.o.DB.PutWebhookMail(ctx, m)
		},
	}, true, nil
}
