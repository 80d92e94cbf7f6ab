package ami

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	goami "github.com/heltonmarx/goami/ami"
)

// maxAnswer bounds what may wait for one action, in bytes. 10,000 contacts take 6 MB.
const maxAnswer = 64 << 20

var errAnswerTooLarge = errors.New("answer larger than 64 MiB")

// pendingAction is one action on its way: the frames that answer it, in order. It is a goami client as well, so that
// goami's typed actions run over the shared connection; each sees only its own answer.
type pendingAction struct {
	conn *conn
	id   string

	mu       sync.Mutex
	frames   []Frame
	size     int
	tooLarge bool
	wake     chan struct{} // capacity 1
}

var _ goami.Client = (*pendingAction)(nil)

// begin registers a new action; the caller must call end.
func (c *conn) begin() *pendingAction {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	a := &pendingAction{conn: c, id: c.idPrefix + strconv.FormatUint(c.lastID, 10), wake: make(chan struct{}, 1)}
	c.pending[a.id] = a
	return a
}

func (a *pendingAction) end() {
	a.conn.mu.Lock()
	defer a.conn.mu.Unlock()
	delete(a.conn.pending, a.id)
}

func (a *pendingAction) push(frame Frame) {
	a.mu.Lock()
	if a.size += frame.size; a.size > maxAnswer {
		a.tooLarge, a.frames = true, nil
	} else {
		a.frames = append(a.frames, frame)
	}
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// pop takes the next frame that has arrived.
func (a *pendingAction) pop() (Frame, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tooLarge {
		return Frame{}, false, errAnswerTooLarge
	}
	if len(a.frames) == 0 {
		return Frame{}, false, nil
	}
	frame := a.frames[0]
	a.frames[0] = Frame{}
	a.frames = a.frames[1:]
	a.size -= frame.size
	return frame, true, nil
}

// next waits for the next frame of the answer. What arrived before the connection ended is still returned.
func (a *pendingAction) next(ctx context.Context) (Frame, error) {
	for {
		if frame, ok, err := a.pop(); ok || err != nil {
			return frame, err
		}
		select {
		case <-a.wake:
		case <-ctx.Done():
			return Frame{}, fmt.Errorf("waiting for the answer: %w", ctx.Err())
		case <-a.conn.done:
			if frame, ok, err := a.pop(); ok || err != nil {
				return frame, err
			}
			return Frame{}, a.conn.closedError()
		}
	}
}

// Connected is part of goami's client.
func (a *pendingAction) Connected() bool {
	select {
	case <-a.conn.done:
		return false
	default:
		return true
	}
}

// Close is part of goami's client: it ends this action, not the connection.
func (a *pendingAction) Close(context.Context) error {
	a.end()
	return nil
}

// Send is part of goami's client. goami's own runs the message through Fprintf, which corrupts every %.
func (a *pendingAction) Send(message string) error {
	if err := checkMessage(message, a.id); err != nil {
		return err
	}
	return a.conn.write(message)
}

// Recv is part of goami's client. It returns a whole frame, written anew: goami waits for CRLF twice and would wait for
// ever after an error message that Asterisk ends with a newline of its own.
func (a *pendingAction) Recv(ctx context.Context) (string, error) {
	frame, err := a.next(ctx)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, f := range frame.fields {
		b.WriteString(f.Name + ": " + f.Value + "\r\n")
	}
	return b.String() + "\r\n", nil
}
