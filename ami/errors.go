package ami

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrClosed says that the connection is gone; the wrapped text says why.
	ErrClosed = errors.New("AMI connection closed")
	// ErrDown says that there is no logged-in connection at the moment.
	ErrDown = errors.New("not connected to AMI")
	// ErrSilent says that the peer held the connection but answered nothing.
	ErrSilent = errors.New("AMI peer is silent")
	// ErrOverflow says that events came faster than OnEvent took them, and the connection was given up for a resync.
	ErrOverflow = errors.New("AMI event queue overflowed")
	// ErrLoginRefused says that Asterisk refused user and secret. It stays so until somebody changes a configuration.
	ErrLoginRefused = errors.New("AMI login refused")
	// ErrPermission says that the AMI user lacks the class the action needs (manager.conf, write=).
	ErrPermission = errors.New("AMI user may not do this")
	// ErrNotFound says that Asterisk does not know the endpoint, channel, module or action named.
	ErrNotFound = errors.New("not known to Asterisk")
	// ErrNotDone says that Asterisk did not do what was asked, for a reason that only its log tells.
	ErrNotDone = errors.New("not done by Asterisk")
	// ErrBadAnswer says that the answer was not what the action's documentation promises.
	ErrBadAnswer = errors.New("unexpected AMI answer")
)

// ResponseError is an answer with "Response: Error". errors.Is finds ErrPermission and ErrNotFound in it.
type ResponseError struct {
	Action  string // the action refused, such as "Reload"
	Message string // Asterisk's words
}

// Error names the action and gives Asterisk's words.
func (e *ResponseError) Error() string {
	return fmt.Sprintf("AMI action %s: %s", e.Action, e.Message)
}

// Unwrap classifies Asterisk's words. They are fixed texts in its sources (main/manager.c, res_pjsip) and not
// translated, so comparing them is safe; there is no code to compare instead.
func (e *ResponseError) Unwrap() error {
	switch {
	case e.Message == "Permission denied":
		return ErrPermission
	case e.Message == "No such channel", e.Message == "No such queue", e.Message == "No such module", e.Message == "Module not loaded",
		strings.Contains(e.Message, "hannel does not exist"),
		e.Message == "Redirect failed, channel not up.", e.Message == "Redirect failed, extra channel not up.",
		strings.HasPrefix(e.Message, "Invalid/unknown command"),
		strings.HasPrefix(e.Message, "Unable to retrieve endpoint"):
		return ErrNotFound
	}
	return nil
}
