package sms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// bandwidthURL is where Bandwidth's API is (Bandwidth, Messaging API, Create Message).
const bandwidthURL = "https://messaging.bandwidth.com"

type bandwidthMessage struct {
	Application string   `json:"applicationId"`
	From        string   `json:"from"`
	To          []string `json:"to"`
	Text        string   `json:"text"`
	// Tag comes back in each callback.
	Tag string `json:"tag"`
}

// bandwidthEvent is one callback of the list (Bandwidth, Messaging webhooks).
type bandwidthEvent struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	To          string `json:"to"`
	Code        int    `json:"errorCode"`
	Message     struct {
		ID    string            `json:"id"`
		Owner string            `json:"owner"`
		From  string            `json:"from"`
		Text  string            `json:"text"`
		Media []json.RawMessage `json:"media"`
		Tag   string            `json:"tag"`
	} `json:"message"`
}

// bandwidthRequest leaves the callback out: Bandwidth takes it from the application.
func bandwidthRequest(ctx context.Context, c *pbx.Carrier, m *pbx.TextMessage, _ string) (*http.Request, error) {
	account, application := c.AccountParts()
	req, err := jsonRequest(ctx, urlOr(c, bandwidthURL)+"/api/v2/users/"+account+"/messages",
		bandwidthMessage{Application: application, From: m.Number, To: []string{m.Peer}, Text: m.Text,
			Tag: pbx.TextReference(m.ID)})
	if err != nil {
		return nil, err
	}
	user, password := c.SecretParts()
	req.Header.Set("Authorization", pbx.BasicAuth(user, password))
	return req, nil
}

func bandwidthAnswer(_ int, body []byte) (id, reason string) {
	var a struct {
		ID          string `json:"id"`
		Description string `json:"description"`
		Fields      []struct {
			Name        string `json:"fieldName"`
			Description string `json:"description"`
		} `json:"fieldErrors"`
	}
	if json.Unmarshal(body, &a) != nil {
		return "", ""
	}
	reason = a.Description
	for _, f := range a.Fields {
		reason += "; " + f.Name + ": " + f.Description
	}
	return a.ID, reason
}

// basicSigned reports whether a callback brings the profile's callback_key as password. Any user
// name will do: it is no secret.
func basicSigned(c *pbx.Carrier, r Callback) bool {
	_, password, ok := (&http.Request{Header: r.Header}).BasicAuth()
	return ok && sameSecret(c.CallbackKey, password)
}

// bandwidthStates are the types of callbacks that mean something here.
var bandwidthStates = map[string]pbx.TextState{"message-received": pbx.TextReceived, "message-sending": pbx.TextSent,
	"message-delivered": pbx.TextDelivered, "message-read": pbx.TextDelivered, "message-failed": pbx.TextFailed}

func bandwidthRead(r Callback) (notes []pbx.TextNote, err error) {
	var list []bandwidthEvent
	if json.Unmarshal(r.Body, &list) != nil {
		return nil, errors.New("it is no JSON list of callbacks")
	}
	for _, e := range list {
		m := e.Message
		n := pbx.TextNote{CarrierID: m.ID, State: bandwidthStates[e.Type]}
		switch n.State {
		case "": // such as answers to suggestions of RCS
			continue
		case pbx.TextReceived:
			// Each receiver of a group message gets a copy, which its owner names.
			n.From, n.To, n.Text, n.Media = m.From, m.Owner, m.Text, len(m.Media)
			if n.To == "" {
				n.To = e.To
			}
		case pbx.TextFailed:
			n.Reason = said(withCode(e.Description, strconv.Itoa(e.Code)), e.Type)
			fallthrough
		default:
			n.Reference = m.Tag
		}
		notes = append(notes, n)
	}
	return notes, nil
}
