package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/sms"
)

// TextMessage is a text message between a number of a tenant and a peer outside.
type TextMessage struct {
	ID          int64      `json:"id"`
	Extension   string     `json:"extension,omitempty" doc:"That has it in its inbox; absent where the number led to no extension"`
	Direction   string     `json:"direction" enum:"in,out"`
	Number      string     `json:"number" doc:"Of the tenant"`
	Peer        string     `json:"peer" doc:"The other side; some carriers send names and short codes"`
	Text        string     `json:"text"`
	Encoding    string     `json:"encoding" enum:"GSM-7,UCS-2"`
	Segments    int        `json:"segments" doc:"That the text takes on the air, and carriers charge for"`
	Media       int        `json:"media,omitempty" doc:"Attachments; they stay with the carrier"`
	State       string     `json:"state" enum:"received,queued,sent,delivered,failed" doc:"sent: the carrier has it; delivered: the carrier says that the peer has it"`
	Reason      string     `json:"reason,omitempty" doc:"Why it failed, or was not sent by the last attempt"`
	Read        bool       `json:"read" doc:"Of one that came in"`
	SentBy      string     `json:"sent_by,omitempty" doc:"As the list of changes names an author"`
	At          time.Time  `json:"at" doc:"When it came in, or was ordered"`
	SentAt      *time.Time `json:"sent_at,omitempty" doc:"When the carrier took it"`
	EndedAt     *time.Time `json:"ended_at,omitempty" doc:"When it was delivered, or failed"`
	NextAttempt *time.Time `json:"next_attempt,omitempty" doc:"While it is queued"`
	Carrier     string     `json:"carrier" doc:"Profile that it came or goes by"`
	CarrierID   string     `json:"carrier_id,omitempty" doc:"The carrier's id for it"`
}

// TextOrder is a message to be sent.
type TextOrder struct {
	To   string `json:"to" doc:"A number in E.164, such as +493012345678, or a short code"`
	Text string `json:"text" doc:"At most 10 segments"`
	From string `json:"from,omitempty" doc:"A number of the extension with SMS and a carrier profile; its only one, or the one that it shows, if left out"`
}

func textView(m *pbx.TextMessage) TextMessage {
	v := TextMessage{ID: m.ID, Extension: m.Extension, Direction: "out", Number: m.Number, Peer: m.Peer, Text: m.Text,
		Encoding: string(m.Encoding), Segments: m.Segments, Media: m.Media, State: string(m.State), Reason: m.Reason,
		Read: m.Read, SentBy: m.By, At: m.At.UTC(), SentAt: timeOrNone(m.SentAt), EndedAt: timeOrNone(m.EndedAt),
		Carrier: m.Profile, CarrierID: m.CarrierID}
	if m.Incoming {
		v.Direction = "in"
	}
	if m.State == pbx.TextQueued {
		v.NextAttempt = timeOrNone(m.Due)
	}
	return v
}

// TextBox names an extension in a path.
type TextBox struct {
	Tenant string `path:"tenant"`
	Number string `path:"number"`
}

// OneText names a text message in a path.
type OneText struct {
	TextBox
	ID string `path:"id" maxLength:"20"`
}

// id is the id of the path. What is no number is the id of no message.
func (in OneText) id() int64 {
	id, _ := strconv.ParseInt(in.ID, 10, 64)
	return id
}

// TextFilter chooses messages of a list.
type TextFilter struct {
	Peer   string `query:"peer" maxLength:"64" doc:"Only those with this number"`
	Unread bool   `query:"unread" doc:"Only those that came in and are not read"`
	After  int64  `query:"after" minimum:"0" doc:"List what is older than the message with this id"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
}

type textsInput struct {
	TextBox
	TextFilter
}

type textAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Path of the message"`
	Body     TextMessage
}

const textsPath = "/v1/tenants/{tenant}/extensions/{number}/text-messages"

// registerTextMessages declares text messages. They are private: only admins and the user of the
// extension may know of them.
func (a *api) registerTextMessages() {
	op := func(method, path, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"text-messages"},
			Errors: []int{401, 404, 422}, DefaultStatus: http.StatusOK}
	}
	who := tenantAdmins.and(ownExtension)
	declare(a, tenantAdmins, op("GET", "/v1/tenants/{tenant}/text-messages", "list-all-text-messages",
		"List text messages of all extensions, and of numbers that lead to none, newest first"),
		func(ctx context.Context, in *struct {
			Tenant string `path:"tenant"`
			TextFilter
		}) (*page[TextMessage], error) {
			return a.listTexts(ctx, TextBox{Tenant: in.Tenant}, in.TextFilter)
		})
	declare(a, who, op("GET", textsPath, "list-text-messages", "List text messages of an extension, newest first"),
		func(ctx context.Context, in *textsInput) (*page[TextMessage], error) {
			return a.listTexts(ctx, in.TextBox, in.TextFilter)
		})
	send := op("POST", textsPath, "send-text-message", "Send a text message from a number of the extension")
	send.Description = "It is queued, and sent by the carrier profile of the number. Each segment counts for max_texts of " +
		"the tenant."
	send.DefaultStatus = http.StatusCreated
	send.Errors = append(send.Errors, http.StatusConflict, http.StatusTooManyRequests)
	declare(a, who, send, a.sendText)
	declare(a, who, op("GET", textsPath+"/{id}", "get-text-message", "Read a text message"),
		func(ctx context.Context, in *OneText) (*textAnswer, error) {
			return a.textAnswer(a.ctl.TextMessage(ctx, in.Tenant, in.Number, in.id()))
		})
	read := op("PATCH", textsPath+"/{id}", "patch-text-message", "Mark a text message that came in as read, or not")
	read.Errors = append(read.Errors, http.StatusConflict)
	declare(a, who, read, func(ctx context.Context, in *struct {
		OneText
		Body struct {
			Read bool `json:"read"`
		}
	}) (*textAnswer, error) {
		return a.textAnswer(a.ctl.ReadText(ctx, in.Tenant, in.Number, in.id(), in.Body.Read))
	})
	declare(a, who, op("DELETE", textsPath+"/{id}", "delete-text-message",
		"Delete a text message; one that is queued is not sent"), func(ctx context.Context, in *OneText) (*noMessage, error) {
		if err := a.ctl.DeleteText(ctx, in.Tenant, in.Number, in.id()); err != nil {
			return nil, a.problem(err)
		}
		out := &noMessage{}
		out.Body.Deleted = in.ID
		return out, nil
	})
	a.registerCallbacks(op)
}

func (a *api) listTexts(ctx context.Context, box TextBox, f TextFilter) (*page[TextMessage], error) {
	ms, err := a.ctl.TextMessages(ctx, box.Tenant, db.TextFilter{Extension: box.Number, Peer: f.Peer, Unread: f.Unread,
		Before: f.After, Limit: f.Limit + 1})
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(ms, f.Limit, func(m *pbx.TextMessage) string { return fmt.Sprint(m.ID) }, textView), nil
}

func (a *api) sendText(ctx context.Context, in *struct {
	TextBox
	Body TextOrder
}) (*textAnswer, error) {
	m := &pbx.TextMessage{Tenant: in.Tenant, Extension: in.Number, Number: pbx.PlainNumber(in.Body.From),
		Peer: pbx.PlainNumber(in.Body.To), Text: in.Body.Text, By: author(ctx).Actor}
	if err := a.ctl.Texts.Send(ctx, m); err != nil {
		return nil, a.problem(err)
	}
	return &textAnswer{http.StatusCreated, fmt.Sprintf("/v1/tenants/%s/extensions/%s/text-messages/%d", m.Tenant, m.Extension,
		m.ID), textView(m)}, nil
}

func (a *api) textAnswer(m *pbx.TextMessage, err error) (*textAnswer, error) {
	if err != nil {
		return nil, a.problem(err)
	}
	return &textAnswer{Status: http.StatusOK, Body: textView(m)}, nil
}

// maxCallback is the longest callback, in bytes.
const maxCallback = 64 << 10

// CallbackBody is what a carrier sends, in a form of its own.
type CallbackBody struct {
	Ref     string `query:"ref" maxLength:"40" doc:"Our reference of a message, where the carrier tells how far it is"`
	RawBody []byte `contentType:"application/octet-stream"`

	query  string
	header http.Header
}

// Resolve implements huma.Resolver: carriers sign headers and the query as they stand.
func (in *CallbackBody) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	in.query, in.header = u.RawQuery, http.Header{}
	ctx.EachHeader(func(name, value string) { in.header.Add(name, value) })
	return nil
}

// registerCallbacks declares where carriers send what comes. They have no token: each request is
// signed as its carrier does it.
func (a *api) registerCallbacks(op func(method, path, id, summary string) huma.Operation) {
	describe := func(path, id string) huma.Operation {
		o := op("POST", path, id,
			"For the carrier of an SMS carrier profile: what comes in, and how far messages are")
		o.Description = "Answered with 204 after it is stored. The carrier signs it in its own way, see the adapter."
		o.DefaultStatus, o.Errors = http.StatusNoContent, []int{401, 404, 413, 422}
		o.MaxBodyBytes, o.BodyReadTimeout = maxCallback, bodyWithin
		return o
	}
	declare(a, strangers, describe("/v1/carriers/{name}/callback", "take-callback"), func(ctx context.Context, in *struct {
		Name string `path:"name"`
		CallbackBody
	}) (*struct{}, error) {
		return a.takeCallback(ctx, "", in.Name, in.CallbackBody)
	})
	declare(a, strangers, describe("/v1/resellers/{reseller}/carriers/{name}/callback", "reseller-take-callback"),
		func(ctx context.Context, in *struct {
			Reseller string `path:"reseller"`
			Name     string `path:"name"`
			CallbackBody
		}) (*struct{}, error) {
			return a.takeCallback(ctx, in.Reseller, in.Name, in.CallbackBody)
		})
}

func (a *api) takeCallback(ctx context.Context, reseller, name string, in CallbackBody) (*struct{}, error) {
	err := a.ctl.Texts.Take(ctx, reseller, name, sms.Callback{Query: in.query, Header: in.header, Body: in.RawBody})
	switch {
	case pbx.KindOf(err) == pbx.Unauthorized:
		// Bandwidth asks first without a password (RFC 7235).
		return nil, huma.ErrorWithHeaders(a.problem(err), http.Header{"WWW-Authenticate": {`Basic realm="dialtone"`}})
	case err != nil:
		return nil, a.problem(err)
	}
	return nil, nil //nolint:nilnil // the answer has no body
}
