package pbx

import (
	"net/mail"
	"strings"
)

// Mailbox is a voicemail box.
type Mailbox struct {
	Tenant string
	Number string // key within the tenant; 1–20 letters and digits
	Name   string // spoken and mailed name of its owner, 1–60 characters
	PIN    Secret // 4–10 digits
	// EmailNotification mails a note about each new message to Email, which it needs.
	EmailNotification bool
	Email             string
	AttachRecording   bool // put the recording into the mail; needs Email
	DeleteAfterMail   bool // keep no copy once mailed; needs AttachRecording
	// Timezone and Language are those in which the mailbox speaks and is written to; "" is the
	// user's, then the tenant's.
	Timezone, Language string
	// MaxMessages is how many messages a folder takes, 1–9999; MaxSeconds how long one may be, 5–3600;
	// MinSeconds how long one must be to be kept, 1–60. 0 is what Asterisk's voicemail.conf says.
	MaxMessages, MaxSeconds, MinSeconds int
	// Greeting is the announcement that callers hear before the beep; "" is what its owner has
	// recorded on the phone, or what Asterisk says.
	Greeting string
	Version  int64
	Revision int64
}

// app_voicemail keeps a full name in 80 bytes. A comma separates fields in its
// file and is written as the look-alike U+201A, which takes three bytes.
const maxMailboxNameBytes = 79

// Validate returns all broken rules.
func (m *Mailbox) Validate() error {
	var es Errors
	es.Add(CheckNumber("number", m.Number))
	es.Add(CheckText("name", m.Name, 1, 60, maxMailboxNameBytes-2*strings.Count(m.Name, ",")))
	if pin := m.PIN.Reveal(); len(pin) < 4 || len(pin) > 10 || strings.Trim(pin, "0123456789") != "" {
		es.Add(Invalidf("pin", "must be 4 to 10 digits"))
	}
	if m.Email != "" {
		es.Add(CheckEmail("email", m.Email))
	}
	m.checkSettings(&es)
	if m.EmailNotification && m.Email == "" {
		es.Add(Invalidf("email", "is required while email_notification is on"))
	}
	if m.AttachRecording && m.Email == "" {
		es.Add(Invalidf("attach_recording", "needs an email address to send the recording to"))
	}
	if m.DeleteAfterMail && !m.AttachRecording {
		es.Add(Invalidf("delete_after_mail", "needs attach_recording, or messages would be lost"))
	}
	return es.Err()
}

// checkSettings refuses bounds that app_voicemail does not take (MAXMSGLIMIT is 9999).
func (m *Mailbox) checkSettings(es *Errors) {
	if m.Timezone != "" {
		es.Add(CheckTimezone("timezone", m.Timezone))
	}
	es.Add(checkLanguage("language", m.Language))
	if m.Greeting != "" {
		es.Add(CheckName("greeting", m.Greeting))
	}
	for _, b := range []struct {
		field           string
		is, least, most int
		unit            string
	}{{"max_messages", m.MaxMessages, 1, 9999, "messages"}, {"max_seconds", m.MaxSeconds, 5, 3600, "seconds"},
		{"min_seconds", m.MinSeconds, 1, 60, "seconds"}} {
		if b.is != 0 {
			es.Add(CheckRange(b.field, b.is, b.least, b.most, b.unit))
		}
	}
	if m.MaxSeconds != 0 && m.MinSeconds > m.MaxSeconds {
		es.Add(Invalidf("min_seconds", "must not be above max_seconds"))
	}
}

// CheckEmail refuses what is not one bare address (RFC 5322 addr-spec) of at
// most 254 characters (RFC 5321, 4.5.3.1.3), or one that voicemail.conf cannot
// carry: its mailbox lines are separated by commas and '|'.
func CheckEmail(field, s string) *Error {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || strings.ContainsAny(s, ",|;\"\\ ") {
		return Invalidf(field, "%s is not an e-mail address", quote(s))
	}
	return CheckText(field, s, 3, 254, 254)
}
