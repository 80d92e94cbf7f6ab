package application

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// twimlDepth is of Response, a verb, and what stands in it.
	twimlDepth = 3
	// twimlRecordSeconds and twimlSilence are the defaults of Record, as TwiML has them.
	twimlRecordSeconds, twimlSilence = 3600, 5
	// twimlDigits stands for a Gather without numDigits, which has no bound in TwiML.
	twimlDigits = 32
)

// isTwiML reports that an answer is to be read as TwiML: its type is XML, or it begins with <. Many
// frameworks send a text as text/html.
func isTwiML(contentType string, answer []byte) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return kind == "text/xml" || kind == "application/xml" ||
		bytes.HasPrefix(bytes.TrimSpace(withoutBOM(answer)), []byte("<"))
}

// withoutBOM cuts the byte order mark off, which some editors write first.
func withoutBOM(answer []byte) []byte { return bytes.TrimPrefix(answer, []byte("\ufeff")) }

// element is an element of a document, not yet understood. Understanding it takes its attributes, text
// and elements away: what is left was not understood.
type element struct {
	name     string
	line     int
	attrs    map[string]string
	text     string
	elements []*element
	err      error // the first
}

// twiml is an answer being read, for a call of a tenant.
type twiml struct {
	s      *pbx.Snapshot
	tenant string
	at     *url.URL // that answers
}

// twimlVerbs are the elements that can be carried out.
var twimlVerbs = map[string]func(*twiml, *element) pbx.Verb{
	"Play": (*twiml).play, "Gather": (*twiml).gather, "Dial": (*twiml).dial, "Record": (*twiml).record,
	"Redirect": (*twiml).redirect, "Pause": (*twiml).pause, "Reject": (*twiml).reject, "Hangup": (*twiml).hangup,
}

// endsDocument are the verbs after which nothing of a document is carried out.
var endsDocument = map[pbx.VerbKind]bool{pbx.VerbRecord: true, pbx.VerbRedirect: true, pbx.VerbReject: true,
	pbx.VerbHangup: true}

// parseTwiML reads an answer in TwiML of the program at an address. The call ends with the document, as
// TwiML has it. Errors are about what the application has written.
func parseTwiML(s *pbx.Snapshot, tenant string, at *url.URL, answer []byte) ([]pbx.Verb, error) {
	root, err := readXML(answer)
	if err != nil {
		return nil, fmt.Errorf("the answer is no TwiML: %w", err)
	}
	if root.name != "Response" {
		return nil, fmt.Errorf("the answer is no TwiML: it begins with <%s>, not with <Response>", short(root.name))
	}
	if n := len(root.elements); n > pbx.MostVerbs {
		return nil, fmt.Errorf("the answer has %d verbs, at most %d are allowed", n, pbx.MostVerbs)
	}
	t := &twiml{s, tenant, at}
	var verbs []pbx.Verb
	for _, e := range root.elements {
		read := twimlVerbs[e.name]
		if read == nil {
			return nil, fmt.Errorf("line %d: <%s> cannot be carried out: use Play, Gather, Dial, Record, Redirect, "+
				"Pause, Reject or Hangup", e.line, short(e.name))
		}
		verbs = append(verbs, read(t, e))
		if err := e.rest(); err != nil {
			return nil, err
		}
	}
	root.elements = nil
	if err := root.rest(); err != nil {
		return nil, err
	}
	if n := len(verbs); n == 0 || !endsDocument[verbs[n-1].Verb] {
		verbs = append(verbs, pbx.Verb{Verb: pbx.VerbHangup})
	}
	if text, err := json.Marshal(verbs); err != nil || len(text) > pbx.MostVerbBytes {
		return nil, fmt.Errorf("the verbs are longer than %d bytes", pbx.MostVerbBytes)
	}
	return verbs, nil
}

// document is what was read of a document so far.
type document struct {
	root *element
	open []*element // the innermost last
}

// readXML reads the elements of a document. It takes no document type, so there are the five entities of
// XML alone.
func readXML(answer []byte) (*element, error) {
	if len(answer) > pbx.MostVerbBytes {
		return nil, fmt.Errorf("it is longer than %d bytes", pbx.MostVerbBytes)
	}
	d, read := xml.NewDecoder(bytes.NewReader(withoutBOM(answer))), document{}
	for {
		token, err := d.Token()
		switch {
		case err == io.EOF && read.root != nil:
			return read.root, nil
		case err == io.EOF:
			return nil, errors.New("it has no element")
		case err != nil:
			return nil, errors.New(pbx.PlainText(err.Error(), 200))
		}
		line, _ := d.InputPos()
		if err := read.add(token, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (d *document) add(token xml.Token, line int) error {
	switch token := token.(type) {
	case xml.Directive:
		return errors.New("a document type is not allowed")
	case xml.StartElement:
		e, err := newElement(token, line)
		switch {
		case err != nil:
			return err
		case len(d.open) == twimlDepth:
			return fmt.Errorf("<%s> stands too deep", short(e.name))
		case len(d.open) > 0:
			parent := d.open[len(d.open)-1]
			parent.elements = append(parent.elements, e)
		case d.root != nil:
			return fmt.Errorf("<%s> follows the document", short(e.name))
		default:
			d.root = e
		}
		d.open = append(d.open, e)
	case xml.EndElement:
		d.open = d.open[:len(d.open)-1]
	case xml.CharData:
		if len(d.open) > 0 {
			d.open[len(d.open)-1].text += string(token)
		} else if len(bytes.TrimSpace(token)) > 0 {
			return errors.New("a text stands outside of the document")
		}
	}
	return nil
}

// newElement refuses names of other namespaces, and an attribute that stands twice, which the decoder takes.
func newElement(token xml.StartElement, line int) (*element, error) {
	e := &element{name: token.Name.Local, line: line, attrs: map[string]string{}}
	if token.Name.Space != "" {
		return nil, fmt.Errorf("<%s> is of another namespace", short(e.name))
	}
	for _, a := range token.Attr {
		name := a.Name.Local
		if a.Name.Space != "" {
			name = a.Name.Space + ":" + name
		}
		if _, twice := e.attrs[name]; twice {
			return nil, fmt.Errorf("%s of <%s> stands twice", short(name), short(e.name))
		}
		e.attrs[name] = a.Value
	}
	return e, nil
}

// short is a text of the document in a sentence.
func short(s string) string { return pbx.PlainText(s, 80) }

func (e *element) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf("line %d: <%s> "+format, append([]any{e.line, short(e.name)}, args...)...)
	}
}

// rest refuses what was not understood. The method of a request is passed over: all are POST.
func (e *element) rest() error {
	delete(e.attrs, "method")
	switch {
	case e.err != nil:
	case len(e.attrs) > 0:
		e.fail("has an attribute that cannot be carried out: %s", short(slices.Min(slices.Collect(maps.Keys(e.attrs)))))
	case len(e.elements) > 0:
		e.fail("takes no <%s> here", short(e.elements[0].name))
	case strings.TrimSpace(e.text) != "":
		e.fail("takes no text: %s", short(e.text))
	}
	return e.err
}

// take returns an attribute, and whether it is there.
func (e *element) take(name string) (string, bool) {
	value, there := e.attrs[name]
	delete(e.attrs, name)
	return value, there
}

// number is an attribute that is a number of at least 1: 0 has another meaning in a verb.
func (e *element) number(name string, otherwise int) int {
	value, there := e.take(name)
	if !there {
		return otherwise
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		e.fail("has %s %q: it is a number from 1", name, short(value))
	}
	return n
}

// word is an attribute that may have some values alone, or be absent. The first is what it then means.
func (e *element) word(name string, may ...string) string {
	value, there := e.take(name)
	if !there {
		return may[0]
	}
	if !slices.Contains(may, value) {
		e.fail("has %s %q: use %s", name, short(value), strings.Join(may, " or "))
	}
	return value
}

func (e *element) takeText() string {
	text := strings.TrimSpace(e.text)
	e.text = ""
	return text
}

// action is the path of the next request.
func (t *twiml) action(e *element) string {
	value, _ := e.take("action")
	return t.path(e, value)
}

// path is where an address leads at the application's host; of an empty one where it was asked.
func (t *twiml) path(e *element, address string) string {
	to, err := t.at.Parse(strings.TrimSpace(address))
	switch {
	case err != nil:
		e.fail("has an address that cannot be read: %s", short(address))
		return ""
	case to.Scheme != "http" && to.Scheme != "https" || !strings.EqualFold(to.Host, t.at.Host):
		e.fail("leads to another host: %s", short(address))
		return ""
	}
	return to.RequestURI()
}
