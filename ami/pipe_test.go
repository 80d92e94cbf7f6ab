package ami

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// bannerPipe dials a peer that says one thing and hangs up.
func bannerPipe(banner string) dialFunc {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			io.WriteString(theirs, banner)
			theirs.Close()
		}()
		return ours, nil
	}
}

// pipeServer answers over pipes, so that synctest's clock runs: logins and pings, and what answer adds.
type pipeServer struct {
	dials  []time.Time
	answer func(w io.Writer, action Frame) (handled bool)
	// buffered reads on while answer works, as the kernel does for a socket; a pipe has no buffer.
	buffered bool
}

func (p *pipeServer) dial(context.Context, string, string) (net.Conn, error) {
	p.dials = append(p.dials, time.Now())
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		io.WriteString(theirs, "Asterisk Call Manager/9.0.0\r\n")
		for action := range p.actions(theirs) {
			if p.answer != nil && p.answer(theirs, action) {
				continue
			}
			io.WriteString(theirs, amitest.Text("Response", "Success", "ActionID", action.Get("ActionID"), "Ping", "Pong"))
			if action.Get("Action") == "Login" {
				io.WriteString(theirs, amitest.Event("FullyBooted"))
			}
		}
	}()
	return ours, nil
}

// silentDial dials a peer that accepts and says nothing.
func silentDial(t *testing.T) dialFunc {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { theirs.Close() })
		return ours, nil
	}
}

// actions yields what is read until the pipe is closed.
func (p *pipeServer) actions(r io.Reader) <-chan Frame {
	out := make(chan Frame)
	if p.buffered {
		out = make(chan Frame, 100)
	}
	reader := bufio.NewReader(r)
	go func() {
		defer close(out)
		for {
			action, err := readFrame(reader)
			if err != nil {
				return
			}
			out <- action
		}
	}()
	return out
}
