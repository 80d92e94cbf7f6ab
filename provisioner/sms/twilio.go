package sms

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs by it
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// twilioURL is where Twilio's API is (Twilio, Messages resource).
const twilioURL = "https://api.twilio.com"

func twilioRequest(ctx context.Context, c *pbx.Carrier, m *pbx.TextMessage, callback string) (*http.Request, error) {
	form := url.Values{"To": {m.Peer}, "From": {m.Number}, "Body": {m.Text}}
	if callback != "" {
		form.Set("StatusCallback", callback)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost,
		urlOr(c, twilioURL)+"/2010-04-01/Accounts/"+c.Account+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("the address of the carrier cannot be read")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", pbx.BasicAuth(c.Account, c.Secret))
	return req, nil
}

func twilioAnswer(_ int, body []byte) (id, reason string) {
	var a struct {
		SID     string `json:"sid"`
		Message string `json:"message"`
		Code    int    `json:"code"`
	}
	if json.Unmarshal(body, &a) != nil {
		return "", ""
	}
	if a.Code != 0 {
		a.Message = fmt.Sprintf("%s (error %d)", a.Message, a.Code)
	}
	return a.SID, a.Message
}

// twilioSigned checks X-Twilio-Signature: HMAC-SHA1, by the account's token, of the address as
// Twilio was told it and the parameters in the order of their names (Twilio, Webhooks Security).
func twilioSigned(c *pbx.Carrier, r Callback) bool {
	form, err := url.ParseQuery(string(r.Body))
	given, wrong := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || wrong != nil || c.Secret.IsZero() {
		return false
	}
	address := c.PublicURL + c.CallbackPath()
	if r.Query != "" {
		address += "?" + r.Query
	}
	return hmac.Equal(given, twilioSignature(c.Secret, address, form))
}

func twilioSignature(token pbx.Secret, address string, form url.Values) []byte {
	mac := hmac.New(sha1.New, []byte(token.Reveal()))
	_, _ = io.WriteString(mac, address)
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			_, _ = io.WriteString(mac, name+v)
		}
	}
	return mac.Sum(nil)
}

// twilioStates are the states that mean something here (Twilio, Message status values).
var twilioStates = map[string]pbx.TextState{"sent": pbx.TextSent, "delivered": pbx.TextDelivered,
	"read": pbx.TextDelivered, "undelivered": pbx.TextFailed, "failed": pbx.TextFailed, "canceled": pbx.TextFailed}

func twilioRead(r Callback) ([]pbx.TextNote, error) {
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(r.Query)
	if err != nil {
		return nil, err
	}
	n := pbx.TextNote{CarrierID: form.Get("MessageSid"), Reference: query.Get("ref")}
	if status := form.Get("MessageStatus"); status != "" {
		n.State = twilioStates[status]
		if n.State == "" {
			return nil, nil // accepted, queued and sending say less than our own state
		}
		if code := form.Get("ErrorCode"); code != "" {
			n.Reason = "the carrier says error " + pbx.PlainText(code, 40)
		} else if n.State == pbx.TextFailed {
			n.Reason = "the carrier says " + status
		}
		return []pbx.TextNote{n}, nil
	}
	n.State, n.From, n.To, n.Text = pbx.TextReceived, form.Get("From"), form.Get("To"), form.Get("Body")
	n.Media, _ = strconv.Atoi(form.Get("NumMedia")) // absent where there are none
	return []pbx.TextNote{n}, nil
}
