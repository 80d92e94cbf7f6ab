package ami

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// VoicemailFullName returns the full name that app_voicemail has loaded for a mailbox such as "101@default"; one it has
// not loaded is ErrNotFound.
func (s *Session) VoicemailFullName(ctx context.Context, mailbox string) (string, error) {
	number, vmContext, _ := strings.Cut(mailbox, "@")
	frames, err := s.list(ctx, listSpec{
		action: "VoicemailUserStatus", headers: []Field{{"Context", vmContext}, {"Mailbox", number}},
		complete: "VoicemailUserDetailComplete", empty: "There is no voicemail user of the given info.",
	})
	if err != nil {
		return "", err
	}
	for _, f := range frames {
		if f.Name() == "VoicemailUserDetail" {
			return f.Get("Fullname"), nil
		}
	}
	return "", fmt.Errorf("mailbox %s: %w", mailbox, ErrNotFound)
}

// MailboxCount returns how many new and old messages a mailbox such as "101@default" has. Urgent ones are new. A
// mailbox that Asterisk does not have is empty.
func (s *Session) MailboxCount(ctx context.Context, mailbox string) (fresh, old int, err error) {
	f, err := s.request(ctx, "MailboxCount", Field{"Mailbox", mailbox})
	if err != nil {
		return 0, 0, err
	}
	var counts [3]int
	for i, name := range []string{"UrgMessages", "NewMessages", "OldMessages"} {
		text := f.Get(name)
		if text == "" {
			continue // an Asterisk that counts no urgent ones
		}
		if counts[i], err = strconv.Atoi(text); err != nil {
			return 0, 0, fmt.Errorf("AMI action MailboxCount: %s of %s: %w", name, mailbox, err)
		}
	}
	return counts[0] + counts[1], counts[2], nil
}

// MessagePlace is a folder of a mailbox, by Asterisk's names: "INBOX", "101", "default".
type MessagePlace struct{ Context, Mailbox, Folder string }

// VoicemailMove moves a message to another folder of its mailbox. Like the two after it, it is an action of Asterisk
// 18.20, 20.5 and newer, which need write class user; on an older one it is ErrNotFound. What Asterisk did not do,
// although it answers with a success, is ErrNotDone.
func (s *Session) VoicemailMove(ctx context.Context, from MessagePlace, id, folder string) error {
	return s.message(ctx, "VoicemailMove", "Message move successful", from, id, Field{"ToFolder", folder})
}

// VoicemailRemove deletes a message; errors are those of VoicemailMove.
func (s *Session) VoicemailRemove(ctx context.Context, from MessagePlace, id string) error {
	return s.message(ctx, "VoicemailRemove", "Message remove successful", from, id)
}

// VoicemailForward copies a message, which keeps its id, to another mailbox; errors are those of VoicemailMove.
func (s *Session) VoicemailForward(ctx context.Context, from MessagePlace, id string, to MessagePlace) error {
	return s.message(ctx, "VoicemailForward", "Message forward successful", from, id, Field{"ToContext", to.Context},
		Field{"ToMailbox", to.Mailbox}, Field{"ToFolder", to.Folder})
}

// message acts on a message. Asterisk answers "Response: Success" in any case; its words tell (app_voicemail.c,
// manager_voicemail_move and its neighbours).
func (s *Session) message(ctx context.Context, action, done string, from MessagePlace, id string, more ...Field) error {
	headers := append([]Field{{"Context", from.Context}, {"Mailbox", from.Mailbox}, {"Folder", from.Folder}, {"ID", id}},
		more...)
	f, err := s.request(ctx, action, headers...)
	if err == nil && f.Get("Message") != done {
		err = fmt.Errorf("AMI action %s: %s: %w", action, f.Get("Message"), ErrNotDone)
	}
	return err
}
