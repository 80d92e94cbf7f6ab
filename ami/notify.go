package ami

import (
	"context"
	"fmt"
	"strings"
)

// Variable is one line of a SIP NOTIFY: a SIP header such as Event, or Content for a line of the body. Several Content
// variables are joined with CRLF by res_pjsip_notify, in their order.
type Variable struct {
	Name  string
	Value string
}

// PJSIPNotify sends a SIP NOTIFY to every contact of an endpoint, or, where the target starts with sip: or sips:, to
// that URI. Event must be among the variables (RFC 6665, 8.2.1). It returns when Asterisk has queued the request; an
// endpoint Asterisk does not know is ErrNotFound, one without contacts is no error.
func (s *Session) PJSIPNotify(ctx context.Context, target string, vars []Variable) error {
	headers := []Field{{"Endpoint", target}}
	if strings.HasPrefix(target, "sip:") || strings.HasPrefix(target, "sips:") {
		headers[0].Name = "URI"
	}
	for _, v := range vars {
		if v.Name == "" || strings.ContainsFunc(v.Name, notHeaderRune) {
			return fmt.Errorf("AMI action PJSIPNotify: variable name %q: %w", v.Name, ErrBadValue)
		}
		headers = append(headers, Field{"Variable", v.Name + "=" + variableEscaper.Replace(v.Value)})
	}
	_, err := s.request(ctx, "PJSIPNotify", headers...)
	return err
}

// variableEscaper protects a value from the splitting at commas that Asterisk applies to every Variable header
// (man_do_variable_value in main/manager.c, which takes quotes and backslashes away like a dialplan application).
var variableEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `,`, `\,`)

// NotifyMessages tells the phones of an endpoint how many messages its mailbox has, as Asterisk's own unsolicited
// NOTIFY does (RFC 3842, 5.2). An endpoint that Asterisk does not know is ErrNotFound, one without contacts is no
// error.
func (s *Session) NotifyMessages(ctx context.Context, endpoint string, fresh, old int) error {
	waiting := "no"
	if fresh > 0 {
		waiting = "yes"
	}
	return s.PJSIPNotify(ctx, endpoint, []Variable{
		{"Event", "message-summary"}, {"Subscription-State", "active"},
		{"Content-type", "application/simple-message-summary"},
		{"Content", "Messages-Waiting: " + waiting},
		{"Content", fmt.Sprintf("Voice-Message: %d/%d (0/0)", fresh, old)},
		{"Content", ""},
	})
}
