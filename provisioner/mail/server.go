package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Server is the mail server that takes Dialtone's mails. The zero value sends nothing.
type Server struct {
	Address  string // host:port; "" sends nothing
	Username string // "" signs in nowhere
	Password pbx.Secret
	From     string // address of the sender
	TLS      TLS
}

// TLS says how the connection to the mail server is kept secret.
type TLS string

// The ways. Plain is for a server on the same machine.
const (
	StartTLS TLS = "starttls" // RFC 3207, and nothing without it
	Secure   TLS = "tls"      // from the first byte, RFC 8314
	Plain    TLS = "none"
)

// sendWithin bounds one attempt.
const sendWithin = 30 * time.Second

// Validate returns all broken rules.
func (s Server) Validate() error {
	if s.Address == "" {
		return nil
	}
	var es pbx.Errors
	_, port, err := net.SplitHostPort(s.Address)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		es.Add(pbx.Invalidf("smtp_address", "is not a host and a port"))
	}
	es.Add(pbx.CheckEmail("smtp_from", s.From))
	if s.TLS != StartTLS && s.TLS != Secure && s.TLS != Plain {
		es.Add(pbx.Invalidf("smtp_tls", "must be starttls, tls or none"))
	}
	return es.Err()
}

// send delivers one mail of plain text. permanent reports that another attempt is
// of no use.
func (s Server) send(ctx context.Context, m message) (permanent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	msg, err := s.compose(m)
	if err != nil {
		return true, err
	}
	client, err := s.client()
	if err != nil {
		return true, fmt.Errorf("setting up the mail: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() { // else QUIT alone went wrong
		var refused *smtp.SendError
		permanent = errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500
		return permanent, fmt.Errorf("mailing over %s: %w", s.Address, err)
	}
	return false, nil
}

// compose writes the mail. Subject and text may hold what a caller has written.
func (s Server) compose(m message) (*smtp.Msg, error) {
	msg := smtp.NewMsg()
	if err := errors.Join(msg.From(s.From), msg.To(m.to)); err != nil {
		return nil, fmt.Errorf("addressing the mail: %w", err)
	}
	// What looks like an encoded word (RFC 2047) would be shown as something else.
	msg.Subject(strings.ReplaceAll(pbx.PlainText(m.subject, mostOfSubject), "=?", "= ?"))
	msg.SetDate()
	if m.id == "" {
		msg.SetMessageID()
	} else {
		_, domain, _ := strings.Cut(s.From, "@")
		msg.SetMessageIDWithValue(m.id + "@" + domain)
	}
	msg.SetBodyString(smtp.TypeTextPlain, m.text)
	if m.file != nil {
		msg.AttachReadSeeker(m.file.Name, m.file.Content, smtp.WithFileContentType(smtp.ContentType(m.file.Type)))
	}
	return msg, nil
}

// mostOfSubject bounds a subject, in characters.
const mostOfSubject = 200

func (s Server) client() (*smtp.Client, error) {
	host, portText, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	options := []smtp.Option{smtp.WithPort(port), smtp.WithTimeout(sendWithin)}
	switch s.TLS {
	case Secure:
		options = append(options, smtp.WithSSL())
	case Plain:
		options = append(options, smtp.WithTLSPolicy(smtp.NoTLS))
	default:
		options = append(options, smtp.WithTLSPolicy(smtp.TLSMandatory))
	}
	if s.Username != "" {
		options = append(options, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover),
			smtp.WithUsername(s.Username), smtp.WithPassword(s.Password.Reveal()))
	}
	return smtp.NewClient(host, options...)
}
