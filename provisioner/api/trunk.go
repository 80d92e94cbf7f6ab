package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TrunkFields is what a client may write.
type TrunkFields struct {
	Name            string   `json:"name,omitempty" doc:"What people call it: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Host            string   `json:"host" doc:"The carrier's server: a host name or an IP address"`
	Addresses       []string `json:"addresses,omitempty" nullable:"false" doc:"Further addresses and networks (192.0.2.0/24) that the carrier calls from; calls from there need no password"`
	Port            *int     `json:"port,omitempty" minimum:"1" maximum:"65535" doc:"1 to 65535; 5060 if left out, 5061 with transport tls"`
	Transport       string   `json:"transport,omitempty" doc:"udp, tcp or tls; udp if left out. With tls Asterisk checks the carrier's certificate for host by --sip-tls-roots, and dialtone serve needs --sip-tls-listen"`
	Username        string   `json:"username,omitempty" doc:"Answers the carrier's challenge; leave it out when the carrier knows us by our address"`
	Secret          *string  `json:"secret,omitempty" writeOnly:"true" doc:"Password of username: 1 to 64 printable ASCII characters without spaces; left out, an existing trunk keeps its own"`
	Register        bool     `json:"register,omitempty" doc:"Tell the carrier where we are; needs username"`
	CallerNumber    string   `row:",number" json:"caller_number,omitempty" doc:"Number shown to the carrier as the caller's, in every call; left out, it gets the caller's own"`
	DefaultNumber   string   `row:",number" json:"default_number,omitempty" doc:"One of the tenant's numbers: a call that the carrier brings to a number that no tenant has goes where this one leads. Left out, such a call gets 404; status.unknown_numbers lists them"`
	TrustIDInbound  *bool    `json:"trust_id_inbound,omitempty" doc:"Takes the carrier's word for the caller, P-Asserted-Identity or Remote-Party-ID; false takes From. True if left out"`
	MaxCalls        *int     `json:"max_calls,omitempty" minimum:"0" maximum:"10000" doc:"How many calls it carries at once in both directions, 60 if left out; 0 is without limit. A further one is refused (503), a call for help never"`
	QualifySeconds  *int     `json:"qualify_seconds,omitempty" minimum:"0" maximum:"3600" doc:"Pause between questions whether the carrier answers (OPTIONS), 0 to 3600; 30 if left out. While it does not, calls through the trunk are refused at once (503), a call for help is tried all the same. 0 never asks, for carriers that do not answer OPTIONS"`
	Teams           bool     `json:"teams,omitempty" doc:"Reaches the external numbers of type teams, and no others"`
	Priority        *int     `json:"priority,omitempty" minimum:"0" maximum:"100" doc:"When it is tried by a call outside, 0 to 100; 50 if left out. Lower ones come first, and by name where equal. The next trunk is tried at once where one is full, disabled or out of order, and where its carrier could not put the call through; never where somebody was busy or refused"`
	Disabled        bool     `json:"disabled,omitempty" doc:"Out of use: it does not register, and carries calls in neither direction; calls for help try it last"`
	Codecs          []string `json:"codecs,omitempty" nullable:"false" doc:"g722, pcma, pcmu, g729, opus: what calls are offered in, best first, but for the one that the caller talks in; at least one of the first three. Left out, the codecs of the tenant's phone settings, and pcmu, pcma and g722 behind them"`
	DTMF            string   `json:"dtmf,omitempty" enum:"auto,rfc4733,inband,info," doc:"How keys that are pressed go over the trunk; auto if left out: telephone-event (rfc4733) where the carrier offers it, else tones"`
	FromUser        string   `json:"from_user,omitempty" doc:"User of From in every call, for carriers that know the account by it; the caller is in identity_header then. Left out, From has the caller"`
	FromDomain      string   `json:"from_domain,omitempty" doc:"Domain of From; host if left out"`
	OutboundProxy   string   `json:"outbound_proxy,omitempty" doc:"Host, perhaps with a port (sbc.example.com:5080), by which registrations, calls and OPTIONS go, over the trunk's transport. Calls from there are the trunk's; those from host are only where addresses names it"`
	SRTP            string   `json:"srtp,omitempty" enum:"off,optional,required," doc:"Encryption of the voice; off if left out. The keys travel in SIP: without transport tls whoever sees that can decrypt"`
	CallerIDPrivacy string   `json:"caller_id_privacy,omitempty" enum:"asserted,anonymous," doc:"What the carrier learns of a caller that withholds its number. asserted, if left out: the number in identity_header, with Privacy: id, for the carrier alone. anonymous: nothing"`
	IdentityHeader  string   `json:"identity_header,omitempty" enum:"pai,rpid,off," doc:"Header that tells the caller beside From: P-Asserted-Identity (pai, if left out), Remote-Party-ID (rpid) or neither"`
}

// Trunk is what a client reads.
type Trunk struct {
	Name            string     `json:"name"`
	Host            string     `json:"host"`
	Addresses       []string   `json:"addresses,omitempty"`
	Port            int        `json:"port"`
	Transport       string     `json:"transport" enum:"udp,tcp,tls"`
	Username        string     `json:"username,omitempty"`
	Register        bool       `json:"register"`
	CallerNumber    string     `json:"caller_number,omitempty"`
	DefaultNumber   string     `json:"default_number,omitempty"`
	TrustIDInbound  bool       `json:"trust_id_inbound"`
	MaxCalls        int        `json:"max_calls" doc:"0 is without limit"`
	QualifySeconds  int        `json:"qualify_seconds" doc:"0 never asks"`
	Teams           bool       `json:"teams"`
	Priority        int        `json:"priority"`
	Disabled        bool       `json:"disabled"`
	Codecs          []string   `json:"codecs,omitempty"`
	DTMF            string     `json:"dtmf"`
	FromUser        string     `json:"from_user,omitempty"`
	FromDomain      string     `json:"from_domain,omitempty"`
	OutboundProxy   string     `json:"outbound_proxy,omitempty"`
	SRTP            string     `json:"srtp"`
	CallerIDPrivacy string     `json:"caller_id_privacy"`
	IdentityHeader  string     `json:"identity_header"`
	Endpoint        string     `json:"endpoint" doc:"Name of its endpoint in Asterisk"`
	Status          TrunkState `json:"status"`
	Apply           ApplyBlock `json:"apply"`
}

func registerTrunks(a *api) {
	registerKind(a, newKind(kind[pbx.Trunk, TrunkFields, Trunk]{
		name: "trunk", plural: "trunks", path: "/v1/tenants/{tenant}/trunks", keyName: "name", rows: a.ctl.Trunks,
		who:      ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(tenant, name string) *pbx.Trunk {
			return &pbx.Trunk{Tenant: tenant, Name: name, Port: pbx.DefaultTrunkPort, Transport: pbx.TransportUDP,
				MaxCalls: pbx.DefaultTrunkCalls, QualifySeconds: pbx.DefaultTrunkQualify, Endpoint: pbx.NewTrunkEndpoint(),
				Priority: pbx.DefaultTrunkPriority, TrustIDInbound: true, DTMF: pbx.DefaultDTMF, SRTP: pbx.SRTPOff,
				CallerIDPrivacy: pbx.PrivacyAsserted, IdentityHeader: pbx.IdentityPAI}
		},
		toRow: func(w TrunkFields, _, t *pbx.Trunk) error {
			t.Host, t.Addresses = pbx.CleanHost(w.Host), pbx.CleanNetworks(w.Addresses)
			t.FromDomain, t.OutboundProxy = pbx.CleanHost(w.FromDomain), pbx.CleanServer(w.OutboundProxy)
			if w.Port == nil && t.Transport == pbx.TransportTLS {
				t.Port = pbx.DefaultTrunkTLSPort
			}
			if w.Username == "" && w.Secret == nil { // without its user name a password is of no use
				t.Secret = pbx.Secret{}
			}
			return nil
		},
		toView:   func(_ context.Context, t *pbx.Trunk, v *Trunk) { v.Status = a.trunkState(t) },
		revision: func(t *pbx.Trunk) int64 { return t.Revision },
		apply:    func(v *Trunk) *ApplyBlock { return &v.Apply },
	}))
}
