package asteriskconf

import (
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// pjsipView is what pjsip.conf's template sees.
type pjsipView struct {
	Nobody string // an endpoint that never registers
	// Redirected is the context that runs when a phone's channel ends.
	Redirected string
	TLS        *pjsipTLS
	Tenants    []pjsipTenant
	Devices    []pjsipDevice
	Trunks     []pjsipTrunk
}

// pjsipTenant becomes a template section that its devices inherit.
type pjsipTenant struct {
	Name           contextName
	Entry, HintCtx contextName
	Codecs         string // formats of its devices, best first
}

// pjsipDevice becomes one AOR, one auth and one endpoint of the same name.
type pjsipDevice struct {
	Party
	Endpoint endpointName
	Tenant   contextName
	Secret   confValue
	Qualify  int // seconds; 0 never
	WebRTC   bool
	// Subscribes lets the phone subscribe to its mailbox (RFC 3842); all are told without.
	// Not a shared one: Asterisk would go on telling it of the mailbox that it subscribed
	// to after somebody else has signed in, for as long as it subscribes.
	Subscribes bool
	// ByAccount tells the device by the account that it answers a challenge with, and not
	// by From: its name is one that a caller at a trunk may have.
	ByAccount bool
	// Encrypted offers SRTP, Optimistic also takes calls without.
	Encrypted, Optimistic bool
}

// noExtension is the caller number of a device that belongs to no extension. It
// must be something, or Asterisk takes what the phone claims in its From header;
// '_' keeps it from being anybody's extension.
const noExtension = "no_extension"

func pjsipOf(s *pbx.Snapshot, o Options) (any, error) {
	v := pjsipView{Nobody: nobodyEndpoint, Redirected: pbx.RedirectedContext,
		Devices: make([]pjsipDevice, 0, len(s.Devices))}
	var err error
	if v.TLS, err = pjsipTLSOf(o.TLS); err != nil {
		return nil, fmt.Errorf("transport for TLS: %w", err)
	}
	for _, t := range s.Tenants {
		view, err := pjsipTenantOf(t)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", t.Name, err)
		}
		view.Codecs = strings.Join(o.formatsOf(s.SettingsOf(t.Name)), ",")
		v.Tenants = append(v.Tenants, view)
	}
	srtp := srtpOf(s)
	for _, d := range s.Devices {
		if !d.Kind.SIP() || s.Forbidden(d) {
			continue
		}
		view, err := pjsipDeviceOf(s, d)
		if err != nil {
			return nil, fmt.Errorf("device %s of tenant %s: %w", d.Name, d.Tenant, err)
		}
		switch srtp[deviceName{d.Tenant, d.Name}] {
		case "optional":
			view.Encrypted, view.Optimistic = true, true
		case "required":
			view.Encrypted = true
		}
		v.Devices = append(v.Devices, view)
	}
	for _, t := range s.Trunks {
		view, err := pjsipTrunkOf(s, t, o)
		if err != nil {
			return nil, fmt.Errorf("trunk %s of tenant %s: %w", t.Name, t.Tenant, err)
		}
		v.Trunks = append(v.Trunks, view)
	}
	return v, nil
}

func pjsipTenantOf(t *pbx.Tenant) (v pjsipTenant, err error) {
	var es pbx.Errors
	into(&es, &v.Name)(newContextName("name", t.Name, plainName))
	into(&es, &v.Entry)(newContextName("name", t.Name, pbx.EntryContext))
	into(&es, &v.HintCtx)(newContextName("name", t.Name, pbx.HintContext))
	return v, es.Err()
}

func pjsipDeviceOf(s *pbx.Snapshot, d *pbx.Device) (v pjsipDevice, err error) {
	if s.Tenant(d.Tenant) == nil {
		return v, fmt.Errorf("no such tenant")
	}
	var es pbx.Errors
	into(&es, &v.Endpoint)(newEndpointName("endpoint", d.Endpoint))
	into(&es, &v.Tenant)(newContextName("tenant", d.Tenant, plainName))
	into(&es, &v.Secret)(newConfValue("secret", d.Secret.Reveal()))
	es.Add(pbx.CheckRange("qualify_seconds", d.QualifySeconds, 0, 3600, "seconds"))
	v.Qualify, v.WebRTC = d.QualifySeconds, d.Class == pbx.WebRTC
	v.ByAccount = pbx.IsCallerName(d.Endpoint)
	if d.Secret.IsZero() {
		es.Add(pbx.Invalidf("secret", "is required"))
	}
	if v.Party, err = partyOf(&es, s, d); err != nil {
		return v, err
	}
	v.Subscribes = v.HasMailbox && !d.Shared
	return v, es.Err()
}

// deviceName is the key of a device.
type deviceName struct{ tenant, name string }

// srtpOf says what the settings of the tenant, or the phone's own, want of the devices that
// are on a desk phone: its file says the same to the phone. Other devices are not asked.
func srtpOf(s *pbx.Snapshot) map[deviceName]string {
	out := map[deviceName]string{}
	for _, p := range s.Phones {
		for _, l := range p.Lines {
			if d := s.Device(p.Tenant, l.Device); d != nil && d.Class != pbx.WebRTC { // a browser encrypts in its own way
				out[deviceName{p.Tenant, l.Device}] = s.SettingsOfPhone(p).SRTP
			}
		}
	}
	return out
}

// plainName is the context function for the tenant's bare name.
func plainName(tenant string) string { return tenant }

// into keeps a constructor's value or collects its error, so that a view is
// built in one line a field and all broken fields are reported at once.
func into[T any](es *pbx.Errors, at *T) func(T, *pbx.Error) {
	return func(v T, err *pbx.Error) {
		es.Add(err)
		*at = v
	}
}
