package pbx

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"
	"time"
)

// Webhook is an address of a tenant's program that is told of events, by Standard Webhooks
// (standardwebhooks.com, 1.0.0).
type Webhook struct {
	Tenant      string
	Name        string   // key within the tenant
	URL         string   // with scheme https, or http
	Events      []string // types of events that are sent; empty is all of the tenant's
	Description string   // for people, at most 100 characters; may be empty
	Email       string   // is told when the webhook is stopped; may be empty
	Secret      Secret   // signs, see CheckWebhookSecret
	Disabled    bool     // what happens meanwhile is not sent later
	Version     int64
	Revision    int64
}

// TestEvent is the type of the event that a test sends.
const TestEvent = "test"

// MostWebhooks is how many webhooks a tenant may have.
const MostWebhooks = 20

// webhookSecretPrefix begins each secret; 24 to 64 bytes in base64 follow it.
const webhookSecretPrefix = "whsec_"

// NewWebhookSecret returns a secret of 32 random bytes.
func NewWebhookSecret() Secret {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // crypto/rand.Read never returns an error (Go 1.24 and newer).
	return NewSecret(webhookSecretPrefix + base64.StdEncoding.EncodeToString(b))
}

// WebhookKey returns the bytes of a secret.
func WebhookKey(s Secret) ([]byte, error) {
	text, _ := strings.CutPrefix(s.Reveal(), webhookSecretPrefix)
	return base64.StdEncoding.DecodeString(text)
}

// CheckWebhookSecret refuses what is not whsec_ and 24 to 64 bytes in base64.
func CheckWebhookSecret(field string, s Secret) *Error {
	key, err := WebhookKey(s)
	if err != nil || !strings.HasPrefix(s.Reveal(), webhookSecretPrefix) || len(key) < 24 || len(key) > 64 {
		return Invalidf(field, "must be whsec_ and 24 to 64 random bytes in base64; leave it out for one of ours")
	}
	return nil
}

// Validate returns all broken rules, but for the types of events.
func (w *Webhook) Validate() error {
	var es Errors
	es.Add(CheckName("name", w.Name))
	es.Add(checkWebhookURL("url", w.URL))
	es.Add(CheckText("description", w.Description, 0, 100, 0))
	if w.Email != "" {
		es.Add(CheckEmail("email", w.Email))
	}
	es.Add(CheckWebhookSecret("secret", w.Secret))
	return es.Err()
}

func checkWebhookURL(field, s string) *Error {
	const most = 500
	if err := CheckText(field, s, 1, most, most); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "" {
		return Invalidf(field, "is not an address on the web, such as https://example.com/hooks")
	}
	if u.User != nil || u.Fragment != "" {
		return Invalidf(field, "has a password or a fragment in it: the signature tells who calls")
	}
	return nil
}

// Wants reports whether an event of that type is sent.
func (w *Webhook) Wants(event string) bool {
	if len(w.Events) == 0 {
		return true
	}
	for _, e := range w.Events {
		if e == event {
			return true
		}
	}
	return false
}

// WebhookState is what was observed of a webhook.
type WebhookState struct {
	FailingSince time.Time // of the first failure after the last success; zero while all is well
	Error        string    // of the last attempt, if that failed
	Stopped      time.Time // nothing is sent since; zero while something may be
	Waiting      int       // deliveries
	Lost         int64     // events that were not queued because too many waited
}

// DeliveryState is how far one delivery of an event has come.
type DeliveryState string

// The states.
const (
	DeliveryQueued    DeliveryState = "queued"    // waits for its first or next attempt
	DeliveryDelivered DeliveryState = "delivered" // the answer was 2xx
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID       int64
	Tenant   string
	Webhook  string
	Message  string // webhook-id: tells the receiver whether it has the event already
	Event    string // type
	At       time.Time
	Data     []byte // of the event, in JSON
	State    DeliveryState
	Attempts int
	Due      time.Time // of the next attempt
	Expires  time.Time // no attempt after this
	Last     time.Time // when the last attempt began; zero before the first
	Took     time.Duration
	Status   int    // of the last answer; 0 without one
	Answer   string // its first bytes
	Error    string // why the last attempt failed
}
