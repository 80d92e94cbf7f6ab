package ami

import (
	"errors"
	"fmt"
	"strings"
)

const (
	// maxLine is the longest line we write, in bytes. Asterisk reads into 1,024 bytes (mansession inbuf, main/manager.c)
	// and throws a longer line away, together with the sense of the action.
	maxLine = 1000
	// maxHeaders is what Asterisk keeps of one action (AST_MAX_MANHEADERS); it ignores the rest without a word.
	maxHeaders = 128
)

// ErrBadValue says that a value cannot be carried by AMI: it holds a line break or a NUL, or its line would be longer
// than Asterisk reads. Nothing was written.
var ErrBadValue = errors.New("value cannot be sent over AMI")

// encodeAction writes one action. No value can add a line.
func encodeAction(action, id string, headers []Field) (string, error) {
	all := append([]Field{{"Action", action}, {"ActionID", id}}, headers...)
	var b strings.Builder
	for _, h := range all {
		if err := checkHeader(h); err != nil {
			return "", err
		}
		b.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String(), nil
}

func checkHeader(h Field) error {
	if h.Name == "" || strings.ContainsFunc(h.Name, notHeaderRune) {
		return fmt.Errorf("header name %q: %w", h.Name, ErrBadValue)
	}
	if err := checkValues(h.Value); err != nil {
		return fmt.Errorf("header %s: %w", h.Name, err)
	}
	return nil
}

func notHeaderRune(r rune) bool {
	return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// checkValues refuses what would break out of its line. It never quotes the value: it may be a password.
func checkValues(values ...string) error {
	for _, v := range values {
		if strings.ContainsAny(v, "\r\n\x00") {
			return fmt.Errorf("line break or NUL: %w", ErrBadValue)
		}
	}
	return nil
}

// checkMessage is the last gate before the socket, for our own actions and for those goami composed: one action, one
// ActionID, the empty line only at the end, nothing longer than Asterisk reads.
func checkMessage(message, id string) error {
	body, ok := strings.CutSuffix(message, "\r\n\r\n")
	if !ok {
		return fmt.Errorf("action without its closing empty line: %w", ErrBadValue)
	}
	lines := strings.Split(body, "\r\n")
	if len(lines) > maxHeaders {
		return fmt.Errorf("%d headers, Asterisk reads %d: %w", len(lines), maxHeaders, ErrBadValue)
	}
	seen := map[string]int{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ": ")
		if err := checkValues(line); err != nil || !ok {
			return fmt.Errorf("malformed header line: %w", ErrBadValue)
		}
		if len(line) > maxLine {
			return fmt.Errorf("header %s of %d bytes, Asterisk reads %d: %w", name, len(line), maxLine, ErrBadValue)
		}
		if strings.EqualFold(name, "ActionID") && value != id {
			return fmt.Errorf("foreign ActionID: %w", ErrBadValue)
		}
		seen[strings.ToLower(name)]++
	}
	if seen["action"] != 1 || seen["actionid"] != 1 {
		return fmt.Errorf("action and ActionID must stand once: %w", ErrBadValue)
	}
	return nil
}
