package voicemail

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// changeWithin bounds each change.
const changeWithin = 10 * time.Second

// Move puts a message into another folder of its mailbox. The error is Busy while
// somebody is in the mailbox by phone, AsteriskTooOld where Asterisk has no such action.
func (m *Messages) Move(ctx context.Context, by pbx.Author, b Box, id string, to pbx.Folder) (*pbx.Message, error) {
	switch {
	case to.Spool() == "":
		return nil, pbx.Invalidf("folder", "is no folder of a mailbox")
	case to == pbx.FolderDeleted:
		return nil, pbx.Invalidf("folder", "is not one that a message is moved to: delete the message")
	}
	move := func(ctx context.Context, s *ami.Session, msg *pbx.Message) error {
		if msg.Folder == to {
			return nil
		}
		return s.VoicemailMove(ctx, b.place(msg.Folder), id, to.Spool())
	}
	if err := m.change(ctx, by, b, id, "moved to "+string(to), move); err != nil {
		return nil, err
	}
	return m.Get(ctx, b, id)
}

// Mark makes a message count as heard, in folder old, or as not heard, in folder new. One that
// counts so already stays where it is. Errors are those of Move.
func (m *Messages) Mark(ctx context.Context, by pbx.Author, b Box, id string, heard bool) (*pbx.Message, error) {
	msg, err := m.Get(ctx, b, id)
	if err != nil || msg.Folder.Heard() == heard {
		return msg, err
	}
	to := pbx.FolderNew
	if heard {
		to = pbx.FolderOld
	}
	return m.Move(ctx, by, b, id, to)
}

// Delete removes a message. Errors are those of Move.
func (m *Messages) Delete(ctx context.Context, by pbx.Author, b Box, id string) error {
	return m.change(ctx, by, b, id, "deleted", func(ctx context.Context, s *ami.Session, msg *pbx.Message) error {
		return s.VoicemailRemove(ctx, b.place(msg.Folder), id)
	})
}

// Forward copies a message into folder new of another mailbox of the tenant, where it has the
// same id. Errors are those of Move, for both mailboxes.
func (m *Messages) Forward(ctx context.Context, by pbx.Author, b Box, id, to string) error {
	other := Box{b.Tenant, to}
	if err := pbx.CheckNumber("mailbox", to); err != nil {
		return err
	}
	if _, err := m.o.Mailbox(ctx, b.Tenant, to); err != nil {
		if pbx.KindOf(err) == pbx.NotFound {
			return pbx.Refusedf("mailbox", "mailbox %s does not exist in tenant %s", to, b.Tenant)
		}
		return err
	}
	// A second copy could not be told from the first.
	if _, err := m.o.Spool.Message(ctx, b.Tenant, to, id); err == nil {
		return pbx.Conflictf("mailbox", "mailbox %s has message %s already", to, id)
	}
	return m.change(ctx, by, b, id, "forwarded to "+to, func(ctx context.Context, s *ami.Session, msg *pbx.Message) error {
		if err := m.nobodyIn(ctx, s, other); err != nil {
			return err
		}
		if err := s.VoicemailForward(ctx, b.place(msg.Folder), id, other.place(pbx.FolderNew)); err != nil {
			return err
		}
		// A copy is mailed whatever its age, which is that of the original.
		added, err := m.o.DB.AddVoicemailCopy(ctx, other.Tenant, other.Number, msg)
		if added > 0 {
			m.o.Queued()
		}
		return err
	})
}

// place is a folder of the mailbox by Asterisk's names.
func (b Box) place(f pbx.Folder) ami.MessagePlace {
	return ami.MessagePlace{Context: b.Tenant, Mailbox: b.Number, Folder: f.Spool()}
}

// change finds a message and acts on it, while nobody is in the mailbox by phone.
func (m *Messages) change(ctx context.Context, by pbx.Author, b Box, id, done string,
	act func(context.Context, *ami.Session, *pbx.Message) error) error {
	msg, err := m.Get(ctx, b, id)
	if err != nil {
		return err
	}
	if msg.Folder == pbx.FolderDeleted {
		// Asterisk 22 moves messages into this folder under wrong names, and hangs when one is moved out.
		return pbx.Conflictf("", "message %s is deleted: Asterisk only keeps it for a while", id)
	}
	s, err := m.o.Session()
	if err != nil {
		return &pbx.Error{Kind: pbx.Unavailable, Message: "there is no connection to Asterisk that messages are changed by"}
	}
	ctx, cancel := context.WithTimeout(ctx, changeWithin)
	defer cancel()
	if err = m.nobodyIn(ctx, s, b); err == nil {
		err = m.refused(ctx, b, msg, act(ctx, s, msg))
	}
	if err == nil {
		m.o.Log.Info("voicemail message "+done, "mailbox", pbx.MailboxName(b.Tenant, b.Number), "message", id,
			"actor", by.Actor, "address", by.Address)
	}
	return err
}

// nobodyIn returns a Busy error while a channel is in the mailbox. VoiceMailMain remembers what to
// delete by positions in a folder: a change beside it would make it delete another message.
// Between this look and the change nobody can get in, because the PIN has to be dialled first.
func (m *Messages) nobodyIn(ctx context.Context, s *ami.Session, b Box) error {
	channels, err := s.CoreShowChannels(ctx)
	if err != nil {
		return &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk does not say who is in the mailbox", Cause: err}
	}
	for _, c := range channels {
		if strings.EqualFold(c.Application, "VoiceMailMain") && b.opened(c.ApplicationData) {
			return &pbx.Error{Kind: pbx.Busy,
				Message: "mailbox " + b.Number + " is open at a phone: its messages change when that call has ended"}
		}
	}
	return nil
}

// opened reports whether VoiceMailMain with these arguments may be in the mailbox. Without one
// it asks for the number of any.
func (b Box) opened(arguments string) bool {
	name, _, _ := strings.Cut(arguments, ",")
	number, context, found := strings.Cut(name, "@")
	if !found {
		context = "default"
	}
	return number == "" || number == b.Number && context == b.Tenant
}

// refused says what an error of Asterisk means. A pbx error stays as it is, nil too.
func (m *Messages) refused(ctx context.Context, b Box, msg *pbx.Message, err error) error {
	switch {
	case err == nil || errors.As(err, new(*pbx.Error)):
		return err
	case errors.Is(err, ami.ErrNotFound):
		return &pbx.Error{Kind: pbx.AsteriskTooOld, Cause: err,
			Message: "this Asterisk cannot change messages: that needs Asterisk 18.20, 20.5 or newer"}
	case errors.Is(err, ami.ErrPermission):
		return &pbx.Error{Kind: pbx.Unavailable, Cause: err, Message: "Asterisk's AMI user lacks the class user: " +
			"manager.conf must say write = system,call,reporting,user (see dialtone doctor)"}
	case errors.Is(err, ami.ErrNotDone):
		if _, gone := m.Get(ctx, b, msg.ID); gone != nil {
			return gone
		}
		return &pbx.Error{Kind: pbx.Conflict, Cause: err,
			Message: "Asterisk did not change message " + msg.ID +
				": the other folder may be full, or the message was just moved"}
	}
	return &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk did not change message " + msg.ID, Cause: err}
}
