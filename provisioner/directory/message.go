package directory

import (
	"errors"
	"fmt"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The operations, by their tags (RFC 4511, appendix B).
const (
	opBind         ber.Tag = 0
	opBindDone     ber.Tag = 1
	opUnbind       ber.Tag = 2
	opSearch       ber.Tag = 3
	opEntry        ber.Tag = 4
	opSearchDone   ber.Tag = 5
	opAbandon      ber.Tag = 16
	opExtended     ber.Tag = 23
	opExtendedDone ber.Tag = 24
)

// resultCode says how an operation ended (RFC 4511, 4.1.9).
type resultCode int64

const (
	success            resultCode = 0
	sizeLimitExceeded  resultCode = 4
	noSuchObject       resultCode = 32
	invalidCredentials resultCode = 49
	noAccess           resultCode = 50
	busy               resultCode = 51
	unwilling          resultCode = 53
)

// request is what a phone asks, of a bind or a search.
type request struct {
	id             int64
	op             ber.Tag
	name, password string // of a bind
	base           string // of a search, as all below
	scope          int64  // 0 the base alone, 1 one level, 2 everything below
	sizeLimit      int64  // 0 for none
	filter         *ber.Packet
	attributes     []string // "" and "*" are all
	namesOnly      bool
}

// errForm is all that is said of a packet that is no request.
var errForm = errors.New("not in the form of LDAP")

// readRequest takes a message apart (RFC 4511, 4.1.1). Controls are left aside: all that is
// known may be ignored.
func readRequest(p *ber.Packet) (*request, error) {
	if len(p.Children) < 2 {
		return nil, errForm
	}
	id, ok := p.Children[0].Value.(int64)
	op := p.Children[1]
	if !ok || op.ClassType != ber.ClassApplication {
		return nil, errForm
	}
	r := &request{id: id, op: op.Tag}
	switch op.Tag {
	case opBind:
		return r, r.readBind(op)
	case opSearch:
		return r, r.readSearch(op)
	}
	return r, nil
}

func (r *request) readBind(op *ber.Packet) error {
	if len(op.Children) < 3 {
		return errForm
	}
	r.name = text(op.Children[1])
	if auth := op.Children[2]; auth.ClassType == ber.ClassContext && auth.Tag == 0 { // simple: the one that phones have
		r.password = text(auth)
	}
	return nil
}

func (r *request) readSearch(op *ber.Packet) error {
	if len(op.Children) < 8 {
		return errForm
	}
	var ok [3]bool
	r.base = text(op.Children[0])
	r.scope, ok[0] = op.Children[1].Value.(int64)
	r.sizeLimit, ok[1] = op.Children[3].Value.(int64)
	r.namesOnly, ok[2] = op.Children[5].Value.(bool)
	if ok != [3]bool{true, true, true} || r.scope < 0 || r.scope > 2 || r.sizeLimit < 0 {
		return errForm
	}
	r.filter = op.Children[6]
	for _, a := range op.Children[7].Children {
		r.attributes = append(r.attributes, text(a))
	}
	return nil
}

// text is the value of a string, of whichever class.
func text(p *ber.Packet) string {
	if len(p.Children) > 0 {
		return ""
	}
	return p.Data.String()
}

// uidOf reads the MAC in a name such as uid=001565aabbcc,dc=acme,dc=dialtone.
func uidOf(name string) pbx.MAC {
	first, _, _ := strings.Cut(name, ",")
	kind, value, _ := strings.Cut(first, "=")
	if !strings.EqualFold(strings.TrimSpace(kind), "uid") {
		return ""
	}
	mac, err := pbx.ParseMAC("uid", strings.TrimSpace(value))
	if err != nil {
		return ""
	}
	return mac
}

// result is the answer that ends an operation.
func result(id int64, op ber.Tag, code resultCode) *ber.Packet {
	done := ber.Encode(ber.ClassApplication, ber.TypeConstructed, op, nil, "result")
	done.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), "code"))
	done.AppendChild(octets("")) // matched name
	done.AppendChild(octets("")) // message
	return message(id, done)
}

// message wraps an operation.
func message(id int64, op *ber.Packet) *ber.Packet {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "message")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "id"))
	p.AppendChild(op)
	return p
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// String shows a request for a log, without its password.
func (r *request) String() string { return fmt.Sprintf("operation %d of base %q", r.op, r.base) }
