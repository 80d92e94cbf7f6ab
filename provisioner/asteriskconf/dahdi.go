package asteriskconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dahdiFile configures chan_dahdi.
const dahdiFile = "dialtone/chan_dahdi.conf"

// dahdiView is what chan_dahdi.conf's template sees.
type dahdiView struct{ Channels []dahdiChannel }

// dahdiChannel becomes one section.
type dahdiChannel struct {
	Party
	Channel int
	Tenant  contextName
	Entry   contextName
}

func dahdiOf(s *pbx.Snapshot, _ Options) (any, error) {
	var v dahdiView
	for _, d := range s.Devices {
		if d.Kind != pbx.DeviceDAHDI {
			continue
		}
		view, err := dahdiChannelOf(s, d)
		if err != nil {
			return nil, fmt.Errorf("device %s of tenant %s: %w", d.Name, d.Tenant, err)
		}
		v.Channels = append(v.Channels, view)
	}
	return v, nil
}

func dahdiChannelOf(s *pbx.Snapshot, d *pbx.Device) (v dahdiChannel, err error) {
	if s.Tenant(d.Tenant) == nil {
		return v, fmt.Errorf("no such tenant")
	}
	if err := d.Validate(); err != nil { // the channel's number stands in the file as it is
		return v, err
	}
	var es pbx.Errors
	v.Channel = d.DAHDIChannel
	into(&es, &v.Tenant)(newContextName("tenant", d.Tenant, plainName))
	into(&es, &v.Entry)(newContextName("tenant", d.Tenant, pbx.EntryContext))
	if v.Party, err = partyOf(&es, s, d); err != nil {
		return v, err
	}
	return v, es.Err()
}
