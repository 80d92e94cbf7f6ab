package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/voicemail"
)

// Message is a voicemail message.
type Message struct {
	ID           string    `json:"id" doc:"Asterisk's msg_id; it stays when the message is moved, and a forwarded copy has the same"`
	Folder       string    `json:"folder" enum:"new,urgent,old,work,family,friends,cust1,cust2,cust3,cust4,cust5,deleted"`
	Heard        bool      `json:"heard" doc:"Whether it is in another folder than new and urgent, and lights no lamp"`
	CallerNumber string    `json:"caller_number,omitempty"`
	CallerName   string    `json:"caller_name,omitempty"`
	Time         time.Time `json:"time" doc:"When it was left, in the time zone of the mailbox"`
	Seconds      float64   `json:"seconds" doc:"How long it plays"`
	Bytes        int64     `json:"bytes" doc:"Size of its WAV file; 0 when Asterisk keeps none"`
}

const messagesPath = "/v1/tenants/{tenant}/mailboxes/{number}/messages"

// MessageBox names a mailbox in a path.
type MessageBox struct {
	Tenant string `path:"tenant"`
	Number string `path:"number"`
}

func (b MessageBox) box() voicemail.Box { return voicemail.Box{Tenant: b.Tenant, Number: b.Number} }

// OneMessage names a message in a path.
type OneMessage struct {
	MessageBox
	ID string `path:"id" maxLength:"40"`
}

type messagesInput struct {
	MessageBox
	Folder string `query:"folder" enum:"new,urgent,old,work,family,friends,cust1,cust2,cust3,cust4,cust5,deleted" doc:"Only those in this folder"`
	After  string `query:"after" maxLength:"40" doc:"List what comes after the message with this id"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
}

type messageChange struct {
	OneMessage
	Body struct {
		Heard  *bool   `json:"heard,omitempty" doc:"true moves it to old, false to new; one that counts so already stays where it is"`
		Folder *string `json:"folder,omitempty" enum:"new,urgent,old,work,family,friends,cust1,cust2,cust3,cust4,cust5" doc:"Where to move it"`
	}
}

type messageForward struct {
	OneMessage
	Body struct {
		Mailbox string `json:"mailbox" doc:"Number of another mailbox of the tenant, whose folder new gets a copy"`
	}
}

type messageAnswer struct{ Body Message }

// noMessage is the answer to a delete.
type noMessage struct {
	Body struct {
		Deleted string `json:"deleted" doc:"Id of the message that is gone"`
	}
}

// registerMessages declares what is done with messages. They are private: only admins
// and the users of the mailbox may know of them.
func (a *api) registerMessages() {
	who := tenantAdmins.and(ownMessages)
	declare(a, who, messageOperation("GET", "", "list-messages", "List voicemail messages, oldest first"), a.listMessages)
	declare(a, who, messageOperation("GET", "/{id}", "get-message", "Read what is known of a voicemail message"),
		func(ctx context.Context, in *OneMessage) (*messageAnswer, error) {
			m, err := a.ctl.Messages.Get(ctx, in.box(), in.ID)
			return a.messageAnswer(in.MessageBox, m, err)
		})
	audio := messageOperation("GET", "/{id}/audio", "get-message-audio",
		"Fetch the WAV file of a voicemail message, or a part of it")
	audio.Responses = soundResponses()
	declare(a, who, audio, func(ctx context.Context, in *OneMessage) (*huma.StreamResponse, error) {
		m, file, err := a.ctl.Messages.Open(ctx, in.box(), in.ID)
		if err != nil {
			return nil, a.problem(err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { sendSound(ctx, "message-"+m.ID, file) }}, nil
	})
	declare(a, who, changingMessage("PATCH", "/{id}", "patch-message",
		"Mark a voicemail message as heard or not, or move it"), a.patchMessage)
	declare(a, who, changingMessage("DELETE", "/{id}", "delete-message", "Delete a voicemail message"),
		func(ctx context.Context, in *OneMessage) (*noMessage, error) {
			if err := a.ctl.Messages.Delete(ctx, author(ctx), in.box(), in.ID); err != nil {
				return nil, a.later(err)
			}
			out := &noMessage{}
			out.Body.Deleted = in.ID
			return out, nil
		})
	forward := changingMessage("POST", "/{id}/forward", "forward-message", "Copy a voicemail message to another mailbox")
	forward.DefaultStatus = http.StatusOK
	declare(a, who, forward, func(ctx context.Context, in *messageForward) (*messageAnswer, error) {
		err := a.ctl.Messages.Forward(ctx, author(ctx), in.box(), in.ID, in.Body.Mailbox)
		if err != nil {
			return nil, a.later(err)
		}
		to := MessageBox{in.Tenant, in.Body.Mailbox}
		m, err := a.ctl.Messages.Get(ctx, to.box(), in.ID)
		return a.messageAnswer(to, m, err)
	})
}

func messageOperation(method, below, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: messagesPath + below, OperationID: id, Summary: summary,
		Tags: []string{"messages"}, Errors: []int{401, 404, 422, 503}}
}

// changingMessage is an operation that Asterisk carries out.
func changingMessage(method, below, id, summary string) huma.Operation {
	op := messageOperation(method, below, id, summary)
	op.Description = "Refused with 409 and Retry-After while the mailbox is open at a phone. Needs Asterisk 18.20, 20.5 or newer, " +
		"and the class user of the AMI user (write = system,call,reporting,user)."
	op.Errors = append(op.Errors, http.StatusConflict, http.StatusNotImplemented)
	return op
}

func (a *api) listMessages(ctx context.Context, in *messagesInput) (*page[Message], error) {
	var folders []pbx.Folder
	if in.Folder != "" {
		folders = append(folders, pbx.Folder(in.Folder))
	}
	all, err := a.ctl.Messages.List(ctx, in.box(), folders...)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[Message]{}
	out.Body.Items = []Message{}
	for _, m := range pbx.MessagesAfter(all, in.After) {
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = out.Body.Items[in.Limit-1].ID
			break
		}
		out.Body.Items = append(out.Body.Items, a.messageView(in.MessageBox, m))
	}
	return out, nil
}

func (a *api) patchMessage(ctx context.Context, in *messageChange) (*messageAnswer, error) {
	var m *pbx.Message
	var err error
	switch {
	case in.Body.Heard != nil && in.Body.Folder != nil:
		err = pbx.Invalidf("folder", "cannot be given together with heard, which moves the message too")
	case in.Body.Heard != nil:
		m, err = a.ctl.Messages.Mark(ctx, author(ctx), in.box(), in.ID, *in.Body.Heard)
	case in.Body.Folder != nil:
		m, err = a.ctl.Messages.Move(ctx, author(ctx), in.box(), in.ID, pbx.Folder(*in.Body.Folder))
	default:
		err = pbx.Invalidf("heard", "is required, or folder")
	}
	return a.messageAnswer(in.MessageBox, m, err)
}

func (a *api) messageAnswer(b MessageBox, m *pbx.Message, err error) (*messageAnswer, error) {
	if err != nil {
		return nil, a.later(err)
	}
	return &messageAnswer{a.messageView(b, m)}, nil
}

func (a *api) messageView(b MessageBox, m *pbx.Message) Message {
	return Message{ID: m.ID, Folder: string(m.Folder), Heard: m.Folder.Heard(), CallerNumber: m.CallerNumber,
		CallerName: m.CallerName, Time: m.Time.In(a.ctl.Snapshot().ZoneOfMailbox(b.Tenant, b.Number)),
		Seconds: m.Seconds, Bytes: m.Bytes}
}

// mailboxAgain is when to try again what a call holds up.
const mailboxAgain = 30 * time.Second

// later is problem, with how long to wait for what ends by itself.
func (a *api) later(err error) error {
	if pbx.KindOf(err) != pbx.Busy {
		return a.problem(err)
	}
	return huma.ErrorWithHeaders(a.problem(err), http.Header{"Retry-After": {strconv.Itoa(int(mailboxAgain.Seconds()))}})
}
