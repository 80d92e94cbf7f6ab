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
