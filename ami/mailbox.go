package ami

import (
	"context"
	"fmt"
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
