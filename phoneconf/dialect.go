package phoneconf

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// yealinkValue is the text after "name = " in a Yealink file. Nothing quotes it
// there, so the constructor refuses what would not arrive as written, and an
// empty value is written as %NULL%, which clears what the phone had before.
type yealinkValue struct{ text string }

// newYealinkValue refuses:
//   - control characters, line and paragraph separators (a new line is a new
//     parameter) and text that is not UTF-8;
//   - blanks at either end, which phones trim [K];
//   - a '#' at the start, whose meaning no source settles (elsewhere in a value it
//     is plain text);
//   - the words %NULL% and %EMPTY%, which are commands.
func newYealinkValue(s string) (yealinkValue, error) {
	if isPlain(s) { // nearly all are, and a phone has hundreds
		return yealinkValue{s}, nil
	}
	if !utf8.ValidString(s) {
		return yealinkValue{}, errors.New("is not valid UTF-8")
	}
	for _, r := range s {
		if !plainRune(r) {
			return yealinkValue{}, fmt.Errorf("contains U+%04X", r)
		}
	}
	switch upper := strings.ToUpper(s); {
	case strings.TrimSpace(s) != s:
		return yealinkValue{}, errors.New("starts or ends with a blank")
	case strings.HasPrefix(s, "#"):
		return yealinkValue{}, errors.New("starts with '#'")
	case upper == "%NULL%" || upper == "%EMPTY%":
		return yealinkValue{}, fmt.Errorf("is the command %s", upper)
	}
	return yealinkValue{s}, nil
}

// Any reports whether there is a text.
func (v yealinkValue) Any() bool { return v.text != "" }

// String returns the text as it stands in the file.
func (v yealinkValue) String() string {
	if v.text == "" {
		return "%NULL%"
	}
	return v.text
}

// Hole makes it a templates.Opaque.
func (v yealinkValue) Hole(mark string) any { return yealinkValue{mark} }

// xmlAttr is an attribute value between double quotes in a Polycom file.
type xmlAttr struct{ text string }

// newXMLAttr refuses what XML 1.0 cannot carry in any spelling (section 2.2,
// production Char): most control characters, U+FFFE, U+FFFF, invalid UTF-8.
func newXMLAttr(s string) (xmlAttr, error) {
	if isPlain(s) {
		return xmlAttr{s}, nil
	}
	if !utf8.ValidString(s) {
		return xmlAttr{}, errors.New("is not valid UTF-8")
	}
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return xmlAttr{}, fmt.Errorf("contains U+%04X", r)
		}
	}
	return xmlAttr{s}, nil
}

// A parser turns a raw tab or newline in an attribute into a blank (XML 1.0,
// 3.3.3); written as references they survive.
var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "\t",
	"&#9;", "\n", "&#10;", "\r", "&#13;")

// String returns the text escaped.
func (a xmlAttr) String() string { return xmlEscaper.Replace(a.text) }

// Any reports whether there is a text.
func (a xmlAttr) Any() bool { return a.text != "" }

// Hole makes it a templates.Opaque.
func (a xmlAttr) Hole(mark string) any { return xmlAttr{mark} }

// plainRune reports whether r is neither a control character nor a separator of
// lines, nor a noncharacter.
func plainRune(r rune) bool {
	return !unicode.IsControl(r) && r != '\u2028' && r != '\u2029' && r != '\ufeff' && r != 0xfffe && r != 0xffff
}

// readable makes a text for people safe for both dialects, at most maxBytes long
// in UTF-8: a strange name must not cost a phone its whole file. What cannot be
// carried is dropped; fallback stands in when nothing is left. Names that obey
// pbx.CheckText change only when they are too long, start with '#', or are a
// Yealink command.
func readable(s, fallback string, maxBytes int) string {
	out := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !plainRune(r) {
			return -1
		}
		return r
	}, s)
	out = strings.TrimLeftFunc(out, func(r rune) bool { return r == '#' || unicode.IsSpace(r) })
	if len(out) > maxBytes {
		out = strings.ToValidUTF8(out[:maxBytes], "") // a cut rune goes as a whole
	}
	out = strings.TrimSpace(out)
	if _, err := newYealinkValue(out); err != nil || out == "" {
		return fallback
	}
	return out
}
