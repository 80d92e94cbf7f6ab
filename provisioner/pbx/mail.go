package pbx

// MailState is how far a queued mail has come.
type MailState string

// The states.
const (
	MailQueued MailState = "queued" // waits for its first or next attempt
	MailSent   MailState = "sent"   // a mail server took it
	MailFailed MailState = "failed" // given up
)
