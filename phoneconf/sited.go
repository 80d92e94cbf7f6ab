package phoneconf

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// PlaceOf says where a site's own templates for a phone are looked for.
func PlaceOf(p *pbx.Phone) templates.Place {
	return templates.Place{Tenant: p.Tenant, Vendor: string(p.Vendor), Model: p.Model, Phone: string(p.MAC),
		Check: checkMade, Settle: lastWins}
}

// Print identifies all that the configuration files of p depend on: the fingerprint of
// its data, mixed with that of the site's own templates for p where there are any. Equal
// prints mean equal bytes in this process.
func Print(e *Engine, s *pbx.Snapshot, p *pbx.Phone, site Site) [sha256.Size]byte {
	return PrintOf(e, p, Fingerprint(s, p, site))
}

// PrintOf is Print for a Fingerprint of p that is known already: it takes much longer
// to compute than the site's templates take to look up, and changes less often.
func PrintOf(e *Engine, p *pbx.Phone, data [sha256.Size]byte) [sha256.Size]byte {
	own := e.SitePrint(PlaceOf(p))
	if own == [sha256.Size]byte{} {
		return data
	}
	return sha256.Sum256(append(data[:], own[:]...))
}

// SiteError says what is wrong with a site's own template; the name here spares
// provisioner/phonehttp an import, as Engine does.
type SiteError = templates.SiteError

// SiteFault returns what is wrong with a site's own template when that is why a
// file could not be rendered.
func SiteFault(err error) (*SiteError, bool) {
	var bad *SiteError
	return bad, errors.As(err, &bad)
}

// attributeLine is one attribute as shipped templates of Polycom's files print it.
var attributeLine = regexp.MustCompile(`(?m)^([A-Za-z][A-Za-z0-9_.-]*)="[^"<\n]*"\n`)

// lastWins leaves of an attribute that stands on several lines the last one, as a Yealink
// does with parameters: so a site's own line replaces a shipped one.
func lastWins(template string, made []byte) []byte {
	if !strings.HasPrefix(template, "polycom/") {
		return made
	}
	found := attributeLine.FindAllSubmatchIndex(made, -1)
	last := make(map[string]int, len(found))
	for i, m := range found {
		last[string(made[m[2]:m[3]])] = i
	}
	if len(last) == len(found) {
		return made
	}
	var out []byte
	at := 0
	for i, m := range found {
		if last[string(made[m[2]:m[3]])] != i {
			out, at = append(out, made[at:m[0]]...), m[1]
		}
	}
	return append(out, made[at:]...)
}

// checkMade says what a phone would not take in a file that a site's template had
// a part in, without showing what the line holds: it may be a password.
func checkMade(template string, made []byte) (line int, why string) {
	if i := firstOdd(made); i >= 0 {
		return 1 + bytes.Count(made[:i], []byte("\n")), "has a character that no file may have"
	}
	switch {
	case strings.HasPrefix(template, "polycom/"), strings.HasSuffix(template, ".xml"):
		return checkXML(made)
	default:
		return checkLines(made)
	}
}

// firstOdd returns where the first byte is that is no text, or -1.
func firstOdd(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || r != '\n' && r != '\r' && r != '\t' && !plainRune(r) {
			return i
		}
		i += n
	}
	return -1
}

// checkXML wants one element, whole, and no attribute twice.
func checkXML(b []byte) (line int, why string) {
	if at := bytes.Index(b, []byte("<?xml")); at > 0 {
		return 1, "is not the one with <?xml: nothing may stand before that"
	}
	if at := firstUnspaced(b); at >= 0 {
		return 1 + bytes.Count(b[:at], []byte("\n")), "has two attributes without a blank between them"
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		line, _ := d.InputPos()
		if err == io.EOF {
			if roots != 1 {
				return line, "has no element, or more than one"
			}
			return 0, ""
		}
		if err != nil {
			return line, "is not well-formed XML"
		}
		switch v := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
			seen := map[xml.Name]bool{}
			for _, a := range v.Attr {
				if seen[a.Name] {
					return line, "ends an element with two attributes " + a.Name.Local
				}
				seen[a.Name] = true
			}
		case xml.EndElement:
			depth--
		}
	}
}

// firstUnspaced returns where a quoted value in a tag is followed by anything but
// a blank or the end, or -1: encoding/xml lets that pass, and with it a value that
// a template put between quotes twice.
func firstUnspaced(b []byte) int {
	quote := byte(0)
	inTag, closed := false, false
	for i, c := range b {
		if closed && !bytes.ContainsRune([]byte(" \t\r\n/>?"), rune(c)) {
			return i
		}
		closed = false
		switch {
		case quote != 0:
			if c == quote {
				quote, closed = 0, true
			}
		case inTag && (c == '"' || c == '\''):
			quote = c
		case c == '<' || c == '>':
			inTag = c == '<'
		}
	}
	return -1
}

// checkLines wants the header and then lines of a name, '=' and a value, comments,
// or the includes of a boot file.
func checkLines(b []byte) (line int, why string) {
	for text := range strings.Lines(string(b)) {
		line++
		text = strings.TrimRight(text, "\r\n")
		if line == 1 {
			if text != "#!version:1.0.0.1" {
				return 1, "is not #!version:1.0.0.1"
			}
			continue
		}
		if strings.TrimSpace(text) == "" || text[0] == '#' {
			continue
		}
		if _, file, ok := strings.Cut(text, "include:config "); ok && strings.Contains(file, ".cfg") {
			continue
		}
		name, _, ok := strings.Cut(text, "=")
		if name = strings.TrimSpace(name); !ok || name == "" || !isPlain(name) {
			return line, "is no parameter: a name, '=' and a value"
		}
	}
	if line == 0 {
		return 1, "is missing: the file is empty"
	}
	return 0, ""
}
