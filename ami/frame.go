package ami

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// maxFrame is the largest frame accepted, in bytes. The biggest honest one is the output of a CLI command; ours stay
// below 10 kB.
const maxFrame = 4 << 20

// errFrameTooLarge ends a connection whose peer sends one frame of more than maxFrame bytes.
var errFrameTooLarge = errors.New("frame larger than 4 MiB")

// Frame is one AMI message: lines "Name: value" up to an empty line. It is immutable.
type Frame struct {
	fields []Field
	size   int // bytes of its lines, for the bounds of queues
}

// Field is one line of a frame. Names repeat (Variable, ChanVariable, Output), so a frame is a list and not a map.
type Field struct {
	Name  string
	Value string
}

// ParseFrame reads the lines of one frame; it stops at the first empty line. A line ends with CRLF and nothing else: a
// single CR or LF belongs to the value. Exactly one blank after the colon belongs to the syntax, all else to the value,
// colons too. Lines without a colon are ignored.
func ParseFrame(text string) Frame {
	f := Frame{fields: make([]Field, 0, 16)}
	rest := text
	for rest != "" {
		line, tail, _ := strings.Cut(rest, "\r\n")
		if line == "" {
			break
		}
		rest = tail
		if name, value, ok := strings.Cut(line, ":"); ok {
			f.fields = append(f.fields, Field{Name: name, Value: strings.TrimPrefix(value, " ")})
		}
	}
	f.size = len(text) - len(rest)
	if f.Name() == "" { // Asterisk ends some messages of answers with a newline of their own
		for i, field := range f.fields {
			f.fields[i].Value = strings.TrimSuffix(field.Value, "\n")
		}
	}
	return f
}

// Name is the frame's event name, "" for a frame that does not begin with one, such as the answer to an action.
func (f Frame) Name() string {
	if len(f.fields) == 0 || f.fields[0].Name != "Event" {
		return ""
	}
	return f.fields[0].Value
}

// Get returns the first value of a name, "" when it is absent. Case does not matter: Asterisk writes URI in one event
// and Uri in the next.
func (f Frame) Get(name string) string {
	for _, field := range f.fields {
		if strings.EqualFold(field.Name, name) {
			return field.Value
		}
	}
	return ""
}

// All returns every value of a name, in the order of the lines.
func (f Frame) All(name string) []string {
	var values []string
	for _, field := range f.fields {
		if strings.EqualFold(field.Name, name) {
			values = append(values, field.Value)
		}
	}
	return values
}

// Fields returns a copy of all fields in the order of the lines.
func (f Frame) Fields() []Field { return append([]Field(nil), f.fields...) }

// readFrame reads the next frame. Empty lines before it are skipped: what follows a forged end of a frame begins with
// one.
func readFrame(r *bufio.Reader) (Frame, error) {
	var buf []byte
	lineStart := 0
	for {
		part, err := r.ReadSlice('\n')
		if len(buf)+len(part) > maxFrame {
			return Frame{}, errFrameTooLarge
		}
		buf = append(buf, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return Frame{}, fmt.Errorf("reading a frame: %w", err)
		}
		if line := buf[lineStart:]; !bytes.Equal(line, crlf) {
			if bytes.HasSuffix(line, crlf) {
				lineStart = len(buf)
			}
			continue
		}
		if lineStart > 0 {
			return ParseFrame(string(buf[:lineStart])), nil
		}
		buf = buf[:0]
	}
}

var crlf = []byte("\r\n")
