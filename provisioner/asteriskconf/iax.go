package asteriskconf

import (
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// iaxFile configures chan_iax2.
const iaxFile = "dialtone/iax.conf"

// iaxView is what iax.conf's template sees.
type iaxView struct {
	Codecs  string // formats
	Devices []iaxDevice
}

// iaxDevice becomes one section, both for calls from the device and for calls to it.
type iaxDevice struct {
	Party
	Endpoint endpointName
	Tenant   contextName
	Entry    contextName
	Secret   confValue
	Qualify  int // seconds; 0 never
}

// iaxLate is how soon a device that did not answer is asked again, in seconds.
const iaxLate = 10

// Again is when a device that did not answer is asked again, in seconds.
func (d iaxDevice) Again() int { return min(d.Qualify, iaxLate) }

func iaxOf(s *pbx.Snapshot, _ Options) (any, error) {
	v := iaxView{Codecs: strings.Join(plainFormats, ",")}
	for _, d := range s.Devices {
		if d.Kind != pbx.DeviceIAX2 || s.Forbidden(d) {
			continue
		}
		view, err := iaxDeviceOf(s, d)
		if err != nil {
			return nil, fmt.Errorf("device %s of tenant %s: %w", d.Name, d.Tenant, err)
		}
		v.Devices = append(v.Devices, view)
	}
	return v, nil
}

func iaxDeviceOf(s *pbx.Snapshot, d *pbx.Device) (v iaxDevice, err error) {
	if s.Tenant(d.Tenant) == nil {
		return v, fmt.Errorf("no such tenant")
	}
	var es pbx.Errors
	into(&es, &v.Endpoint)(newEndpointName("endpoint", d.Endpoint))
	into(&es, &v.Tenant)(newContextName("tenant", d.Tenant, plainName))
	into(&es, &v.Entry)(newContextName("tenant", d.Tenant, pbx.EntryContext))
	into(&es, &v.Secret)(newConfValue("secret", d.Secret.Reveal()))
	if d.Secret.IsZero() { // chan_iax2 lets in everybody that knows the name
		es.Add(pbx.Invalidf("secret", "is required"))
	}
	es.Add(pbx.CheckRange("qualify_seconds", d.QualifySeconds, 0, 3600, "seconds"))
	v.Qualify = d.QualifySeconds
	if v.Party, err = partyOf(&es, s, d); err != nil {
		return v, err
	}
	return v, es.Err()
}
