package sms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// genericMessage is what a generic carrier gets and sends; the manual's page messages tells its
// fields.
type genericMessage struct {
	ID        string `json:"id,omitempty"`
	Reference string `json:"reference,omitempty"`
	State     string `json:"state,omitempty"`
	From      string `json:"from,omitempty"`
	To        string `json:"to,omitempty"`
	Text      string `json:"text,omitempty"`
	Media     int    `json:"media,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Callback  string `json:"callback,omitempty"`
}

func genericRequest(ctx context.Context, c *pbx.Carrier, m *pbx.TextMessage, callback string) (*http.Request, error) {
	reference := pbx.TextReference(m.ID)
	req, err := jsonRequest(ctx, c.URL, genericMessage{Reference: reference, From: m.Number, To: m.Peer, Text: m.Text,
		Callback: callback})
	if err != nil {
		return nil, err
	}
	req.Header.Set("Idempotency-Key", reference)
	switch {
	case c.Account != "":
		req.Header.Set("Authorization", pbx.BasicAuth(c.Account, c.Secret))
	case !c.Secret.IsZero():
		req.Header.Set("Authorization", "Bearer "+c.Secret.Reveal())
	}
	return req, nil
}

func genericAnswer(_ int, body []byte) (id, reason string) {
	var a genericMessage
	if json.Unmarshal(body, &a) != nil {
		return "", ""
	}
	return a.ID, a.Reason
}

// genericRead reads one message, or a list of them.
func genericRead(r Callback) (notes []pbx.TextNote, err error) {
	var list []genericMessage
	text := bytes.TrimSpace(r.Body)
	if !bytes.HasPrefix(text, []byte("[")) {
		text = append(append([]byte("["), text...), ']')
	}
	if json.Unmarshal(text, &list) != nil {
		return nil, errors.New("it is no JSON of messages")
	}
	for _, m := range list {
		n := pbx.TextNote{CarrierID: m.ID, Reference: m.Reference, State: pbx.TextState(m.State), From: m.From, To: m.To,
			Text: m.Text, Media: m.Media, Reason: pbx.PlainText(m.Reason, 200)}
		switch n.State {
		case pbx.TextReceived, pbx.TextSent, pbx.TextDelivered, pbx.TextFailed:
		default:
			return nil, errors.New("state is one of received, sent, delivered and failed")
		}
		notes = append(notes, n)
	}
	return notes, nil
}
