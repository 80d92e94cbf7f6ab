package phone

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// allowed is what this phone understands, for Allow headers.
const allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, INFO, UPDATE, PRACK"

// dialogKey finds a call or subscription for a request inside it: Call-ID and our own tag.
type dialogKey struct{ callID, localTag string }

func keyOf(req *sip.Request) (dialogKey, bool) {
	if req.CallID() == nil || req.To() == nil {
		return dialogKey{}, false
	}
	tag, ok := req.To().Params.Get("tag")
	return dialogKey{req.CallID().Value(), tag}, ok && tag != ""
}

// dialog is one end of a SIP dialog (RFC 3261 section 12). It is not locked; its owner does that.
type dialog struct {
	callID    string
	local     sip.FromHeader // From of our requests, with our tag
	remote    sip.ToHeader   // To of our requests, with their tag once known
	target    sip.Uri        // Request-URI: their Contact
	routes    []string       // Route headers, in order
	cseq      uint32
	contact   sip.Uri
	dest      string // host:port to send to, or empty to go by route and target
	userAgent string
}

// newDialog starts a dialog towards a URI.
func (p *Phone) newDialog(a *agent, account Account, to sip.Uri) dialog {
	host := firstOf(account.Server, a.host)
	from := sip.FromHeader{DisplayName: quoted.Replace(account.DisplayName),
		Address: sip.Uri{Scheme: "sip", User: p.user(account), Host: host}}
	from.Params.Add("tag", randomToken())
	party := to
	party.Port = 0
	party.UriParams = nil
	return dialog{
		callID: randomToken() + "@" + a.host, local: from, remote: sip.ToHeader{Address: party}, target: to, cseq: 1,
		contact: p.contact(a, account), dest: p.destination(account, to), userAgent: p.model.sipAgent(),
	}
}

// quoted escapes a display name for the quotes that sipgo puts around it (RFC 3261 section 25.1, quoted-pair).
var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// unquoted undoes it for a name as sipgo hands it out: without its quotes, but with the backslashes inside.
func unquoted(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) {
			i++
		}
		b.WriteByte(name[i])
	}
	return b.String()
}

// destination is where a request goes first: the phone's proxy, the account's, or by DNS of the URI (empty).
func (p *Phone) destination(account Account, to sip.Uri) string {
	proxy := firstOf(p.opts.OutboundProxy, account.OutboundProxy)
	if proxy == "" {
		return ""
	}
	if _, _, err := sip.ParseAddr(proxy); err != nil {
		proxy = fmt.Sprintf("%s:%d", proxy, sip.DefaultUdpPort)
	}
	return proxy
}

func (p *Phone) user(account Account) string { return firstOf(account.UserName, p.mac) }

func (p *Phone) contact(a *agent, account Account) sip.Uri {
	uri := sip.Uri{Scheme: "sip", User: p.user(account), Host: a.host, Port: a.port}
	if a.network != "UDP" {
		uri.UriParams = sip.NewParams()
		uri.UriParams.Add("transport", strings.ToLower(a.network))
	}
	return uri
}

func (d *dialog) key() dialogKey {
	tag, _ := d.local.Params.Get("tag")
	return dialogKey{d.callID, tag}
}

// request builds the next request of the dialog; ACK and CANCEL keep the number of what they belong to.
func (d *dialog) request(method sip.RequestMethod) *sip.Request {
	if method != sip.ACK && method != sip.CANCEL {
		d.cseq++
	}
	req := sip.NewRequest(method, *d.target.Clone())
	from, to := sip.HeaderClone(&d.local), sip.HeaderClone(&d.remote)
	id, hops := sip.CallIDHeader(d.callID), sip.MaxForwardsHeader(70)
	req.AppendHeader(from)
	req.AppendHeader(to)
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: d.cseq, MethodName: method})
	req.AppendHeader(&hops)
	req.AppendHeader(&sip.ContactHeader{Address: d.contact})
	req.AppendHeader(sip.NewHeader("User-Agent", d.userAgent))
	for _, r := range d.routes {
		req.AppendHeader(sip.NewHeader("Route", r))
	}
	if d.dest != "" {
		req.SetDestination(d.dest)
	}
	return req
}

// accept takes the peer's tag, contact and routes from the answer that made the dialog (RFC 3261 section 12.1.2).
func (d *dialog) accept(res *sip.Response) {
	if to := res.To(); to != nil {
		d.remote = *sip.HeaderClone(to).(*sip.ToHeader)
	}
	if c := res.Contact(); c != nil {
		d.target = *c.Address.Clone()
	}
	d.routes = nil
	for _, h := range res.GetHeaders("Record-Route") {
		d.routes = append([]string{h.Value()}, d.routes...)
	}
}

// reply builds a response that names us. Responses to requests inside a dialog carry its tags already.
func (p *Phone) reply(req *sip.Request, code int, reason string) *sip.Response {
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	res.AppendHeader(sip.NewHeader("User-Agent", p.model.sipAgent()))
	if code >= 200 {
		res.AppendHeader(sip.NewHeader("Allow", allowed))
	}
	return res
}

// respond sends a response and notes a failure: the peer repeats its request or gives up, there is nobody else to tell.
func (p *Phone) respond(tx sip.ServerTransaction, res *sip.Response) {
	if err := tx.Respond(res); err != nil {
		p.log.Debug("responding", "code", res.StatusCode, "err", err)
	}
}

func randomToken() string { return rand.Text()[:20] }

func expiresHeader(seconds int) sip.Header { return sip.NewHeader("Expires", strconv.Itoa(seconds)) }
