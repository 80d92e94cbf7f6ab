package ami

import (
	"context"
	"fmt"

	goami "github.com/heltonmarx/goami/ami"
)

// request sends an action of ours and returns the one frame that answers it.
func (s *Session) request(ctx context.Context, action string, headers ...Field) (Frame, error) {
	ctx, cancel := deadline(ctx, s.opts.ActionTimeout)
	defer cancel()
	a := s.conn.begin()
	defer a.end()
	if err := a.send(action, headers); err != nil {
		return Frame{}, err
	}
	frame, err := a.next(ctx)
	if err != nil {
		return Frame{}, fmt.Errorf("AMI action %s: %w", action, err)
	}
	return frame, answerError(action, frame.Get("Response"), frame.Get("Message"))
}

func (a *pendingAction) send(action string, headers []Field) error {
	message, err := encodeAction(action, a.id, headers)
	if err == nil {
		err = a.Send(message)
	}
	if err != nil {
		return fmt.Errorf("AMI action %s: %w", action, err)
	}
	return nil
}

// answerError turns "Response: Error", which goami hands on as a success, into an error.
func answerError(action, response, message string) error {
	switch response {
	case "Success":
		return nil
	case "Error":
		return &ResponseError{Action: action, Message: message}
	}
	return fmt.Errorf("AMI action %s: response %q: %w", action, response, ErrBadAnswer)
}

// typed runs one of goami's actions that answer with a single frame. goami writes the values as they are, so they are
// checked here, before it composes anything.
func (s *Session) typed(ctx context.Context, action string, values []string,
	call func(ctx context.Context, client goami.Client, id string) (goami.Response, error)) (goami.Response, error) {
	if err := checkValues(values...); err != nil {
		return nil, fmt.Errorf("AMI action %s: %w", action, err)
	}
	ctx, cancel := deadline(ctx, s.opts.ActionTimeout)
	defer cancel()
	a := s.conn.begin()
	defer a.end()
	answer, err := call(ctx, a, a.id)
	if err != nil {
		return nil, fmt.Errorf("AMI action %s: %w", action, err)
	}
	return answer, answerError(action, answer.Get("Response"), answer.Get("Message"))
}

// listSpec describes an action that answers with a list of events.
type listSpec struct {
	action   string
	headers  []Field
	item     string // the event of one item; "" takes all
	complete string // the event that ends the list
	empty    string // the message, error or not, that means an empty list without an end event; "" where Asterisk ends an empty list properly
}

// list runs a list action. goami's lists take any error for the end of the list: a user without permission sees an
// office without phones. Here only the message that says so means empty. Its items are signs of life, so that an
// Asterisk that hangs meanwhile is found as at any other time.
func (s *Session) list(ctx context.Context, spec listSpec) ([]Frame, error) {
	ctx, cancel := deadline(ctx, s.opts.SlowTimeout)
	defer cancel()
	a := s.conn.begin()
	defer a.end()
	if err := a.send(spec.action, spec.headers); err != nil {
		return nil, err
	}
	var items []Frame
	for {
		frame, err := a.next(ctx)
		if err != nil {
			return nil, fmt.Errorf("AMI action %s after %d items: %w", spec.action, len(items), err)
		}
		switch name := frame.Name(); {
		case name == spec.complete:
			return items, spec.checkComplete(frame)
		case name == "":
			if spec.empty != "" && frame.Get("Message") == spec.empty {
				return nil, nil
			}
			if err := answerError(spec.action, frame.Get("Response"), frame.Get("Message")); err != nil {
				return nil, err
			}
		case spec.item == "" || name == spec.item:
			items = append(items, frame)
		}
	}
}

// checkComplete refuses a list Asterisk broke off (EventList: cancelled).
func (spec listSpec) checkComplete(frame Frame) error {
	if state := frame.Get("EventList"); state != "" && state != "Complete" {
		return fmt.Errorf("AMI action %s: list %s: %w", spec.action, state, ErrBadAnswer)
	}
	return nil
}
