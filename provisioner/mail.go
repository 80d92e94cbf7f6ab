package provisioner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Mail is the mail server that takes what Dialtone sends.
type Mail struct {
	Address  string // host:port; "" sends nothing
	Username string // "" signs in nowhere
	Password pbx.Secret
	From     string // address of the sender
	TLS      MailTLS
	// RetryFirst is the pause before the second attempt, twice as long before each
	// one after that; 0 is 30 s.
	RetryFirst time.Duration
}

// MailTLS says how the connection to the mail server is kept secret.
type MailTLS string

// The ways. MailPlain is for a server on the same machine.
const (
	MailStartTLS MailTLS = "starttls"
	MailSecure   MailTLS = "tls" // from the first byte
	MailPlain    MailTLS = "none"
)

// mailWithin bounds one attempt.
const mailWithin = 30 * time.Second

// Validate returns all broken rules.
func (m Mail) Validate() error {
	if m.Address == "" {
		return nil
	}
	var es pbx.Errors
	_, port, err := net.SplitHostPort(m.Address)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		es.Add(pbx.Invalidf("smtp_address", "is not a host and a port"))
	}
	es.Add(pbx.CheckEmail("smtp_from", m.From))
	if m.TLS != MailStartTLS && m.TLS != MailSecure && m.TLS != MailPlain {
		es.Add(pbx.Invalidf("smtp_tls", "must be starttls, tls or none"))
	}
	return es.Err()
}

// send delivers one mail of plain text. permanent reports that another attempt is
// of no use.
func (m Mail) send(ctx context.Context, to, subject, text string) (permanent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, mailWithin)
	defer cancel()
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(m.From), msg.To(to)); err != nil {
		return true, fmt.Errorf("addressing the mail: %w", err)
	}
	msg.Subject(subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetBodyString(mail.TypeTextPlain, text)
	client, err := m.client()
	if err != nil {
		return true, fmt.Errorf("setting up the mail: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		var refused *mail.SendError
		return errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500, fmt.Errorf("mailing over %s: %w", m.Address, err)
	}
	return false, nil
}

func (m Mail) client() (*mail.Client, error) {
	host, portText, err := net.SplitHostPort(m.Address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTimeout(mailWithin)}
	switch m.TLS {
	case MailSecure:
		options = append(options, mail.WithSSL())
	case MailPlain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.Username), mail.WithPassword(m.Password.Reveal()))
	}
	return mail.NewClient(host, options...)
}
