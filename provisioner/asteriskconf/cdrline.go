package asteriskconf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxCDRLine is more than Asterisk ever writes: all values are cut by it, to 2 KB
// together where every character is a quote.
const maxCDRLine = 8 << 10

// CDRLines reads lines of the file that cdrFile has Asterisk write, in bounded memory.
// A full disk cuts lines in half, and what a caller calls himself may hold anything, line
// ends too: what is no line is passed over up to the next one. Every value is quoted and
// every quote in it doubled, so no value can be taken for a line: its ids would be empty.
type CDRLines struct {
	in      *bufio.Reader
	skipped int
	bad     bool // what was read last was no line
}

// NewCDRLines reads from r.
func NewCDRLines(r io.Reader) *CDRLines {
	return &CDRLines{in: bufio.NewReaderSize(r, maxCDRLine)}
}

// Skipped is how many stretches were no lines.
func (l *CDRLines) Skipped() int { return l.skipped }

// Next returns the next line, or io.EOF.
func (l *CDRLines) Next() (pbx.CDRLine, error) {
	for {
		text, err := l.in.Peek(maxCDRLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return pbx.CDRLine{}, fmt.Errorf("reading Asterisk's lines of calls: %w", err)
		}
		if len(text) == 0 {
			return pbx.CDRLine{}, io.EOF
		}
		if text[0] == '\n' {
			l.discard(1)
			continue
		}
		values, n := quoted(text, len(cdrFields))
		if line, ok := newCDRLine(values); ok {
			l.discard(n)
			l.bad = false
			return line, nil
		}
		if !l.bad {
			l.bad = true
			l.skipped++
		}
		l.discard(1)
		if next := bytes.IndexByte(text[1:], '"'); next >= 0 {
			l.discard(next)
		} else {
			l.discard(len(text) - 1)
		}
	}
}

func (l *CDRLines) discard(n int) {
	_, _ = l.in.Discard(n) // it was peeked at
}

// quoted reads so many quoted values up to the end of a line, and returns how long they
// are with it; nil if there is something else.
func quoted(text []byte, values int) (out []string, n int) {
	for len(out) < values {
		if n == len(text) || text[n] != '"' {
			return nil, 0
		}
		var value []byte
		for n++; ; n++ {
			end := bytes.IndexByte(text[n:], '"')
			if end < 0 {
				return nil, 0
			}
			value = append(value, text[n:n+end]...)
			if n += end + 1; n == len(text) || text[n] != '"' {
				break
			}
			value = append(value, '"')
		}
		out = append(out, string(value))
		after := byte('\n') // which the last line may lack
		if n < len(text) {
			after = text[n]
		}
		want := byte(',')
		if len(out) == values {
			want = '\n'
		}
		if after != want {
			return nil, 0
		}
		n++
	}
	return out, min(n, len(text))
}

// newCDRLine refuses what Asterisk would not write.
func newCDRLine(v []string) (line pbx.CDRLine, ok bool) {
	if len(v) != len(cdrFields) || !isUniqueID(v[0]) || !isUniqueID(v[1]) {
		return line, false
	}
	sequence, err := strconv.ParseInt(v[2], 10, 64)
	start, started := unixTime(v[13])
	answer, answered := unixTime(v[14])
	end, ended := unixTime(v[15])
	if err != nil || !started || !answered || !ended || start.IsZero() || end.IsZero() {
		return line, false
	}
	return pbx.CDRLine{Call: v[0], Channel: v[1], Sequence: sequence, Name: plain(v[3]), Peer: plain(v[4]),
		Context: plain(v[5]), Exten: plain(v[6]),
		From: pbx.CallParty{Number: plain(v[7]), Name: callerName(v[8])}, Dialled: plain(v[9]), App: plain(v[10]),
		AppData: plain(v[11]), Disposition: plain(v[12]),
		Start: start, Answer: answer, End: end}, true
}

// isUniqueID accepts what Asterisk, or ARI on our behalf, names channels.
func isUniqueID(s string) bool {
	return s != "" && len(s) <= 150 && strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' ||
			r == ','
	}) < 0
}

// unixTime reads seconds with six decimals; 0 is never.
func unixTime(s string) (time.Time, bool) {
	whole, micros, found := strings.Cut(s, ".")
	seconds, err := strconv.ParseInt(whole, 10, 40)
	if err != nil || !found || seconds < 0 || len(micros) != 6 {
		return time.Time{}, false
	}
	n, err := strconv.ParseUint(micros, 10, 20)
	if err != nil {
		return time.Time{}, false
	}
	if seconds == 0 {
		return time.Time{}, true
	}
	return time.Unix(seconds, int64(n)*1000).UTC(), true
}

// callerName reads the name in "name" <number>, in which quotes and backslashes have
// a backslash; what Asterisk cut off is missing.
func callerName(clid string) string {
	if !strings.HasPrefix(clid, `"`) {
		return ""
	}
	var name strings.Builder
	for i := 1; i < len(clid) && clid[i] != '"'; i++ {
		if clid[i] == '\\' && i+1 < len(clid) {
			i++
		}
		name.WriteByte(clid[i])
	}
	return plain(name.String())
}

// plain is a value as people may see it: whole characters, none that controls.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
}
