package provisioner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// quietSIP silences the one logger that sipgo has for the whole program. It warns there of
// connections that it closed itself; faults are in the errors.
var quietSIP = sync.OnceFunc(func() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) })

// unregisterWithin bounds the sign-off of one device. Asterisk is next door, but may be busy.
const unregisterWithin = 10 * time.Second

// Unregister drops every registration of a device. Asterisk's manager interface
// has no action for that, and deleting rows of its database leaves the contact in
// its memory; so Dialtone says what the phone itself would say to sign off all its
// contacts, with the device's own password: REGISTER, Contact: *, Expires: 0
// (RFC 3261, 10.2.2). The phone is back when it registers the next time.
func (c *Controller) Unregister(ctx context.Context, d *pbx.Device) error {
	ctx, cancel := context.WithTimeout(ctx, unregisterWithin)
	defer cancel()
	if err := signOff(ctx, c.site, d); err != nil {
		return &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk did not drop the registrations of device " + d.Name,
			Cause: err}
	}
	return nil
}

// UnregisterUser drops the registrations of all devices of a user's extension and
// returns their names.
func (c *Controller) UnregisterUser(ctx context.Context, tenant, username string) ([]string, error) {
	u, err := c.Users.Get(ctx, tenant, username)
	if err != nil {
		return nil, err
	}
	names := []string{}
	if u.Extension == "" {
		return names, nil
	}
	s := c.Snapshot()
	for _, d := range s.DevicesOf(tenant, u.Extension) {
		if !d.Kind.SIP() || s.Forbidden(d) {
			continue // it never registers, registers in another way, or Asterisk does not know it
		}
		if err := c.Unregister(ctx, d); err != nil {
			return nil, err
		}
		names = append(names, d.Name)
	}
	return names, nil
}

// signOff removes all contacts of a device's address of record.
func signOff(ctx context.Context, site phoneconf.Site, d *pbx.Device) (err error) {
	quiet := slog.New(slog.DiscardHandler) // faults are in the error
	ua, err := sipgo.NewUA(sipgo.WithUserAgent("Dialtone"),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ua.Close()) }()
	client, err := sipgo.NewClient(ua, sipgo.WithClientNAT(), sipgo.WithClientLogger(quiet))
	if err != nil {
		return err
	}
	req := signOffRequest(site, d.Endpoint)
	res, err := client.Do(ctx, req, sipgo.ClientRequestRegisterBuild)
	if err == nil && res.StatusCode == sip.StatusUnauthorized {
		res, err = client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: d.Endpoint, Password: d.Secret.Reveal()})
	}
	if err != nil {
		return fmt.Errorf("signing off %s: %w", d.Endpoint, err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("signing off %s: SIP status %d %s", d.Endpoint, res.StatusCode, res.Reason)
	}
	return nil
}

func signOffRequest(site phoneconf.Site, endpoint string) *sip.Request {
	registrar := sip.Uri{Scheme: "sip", Host: site.SIPServer, Port: site.SIPPort}
	record := sip.Uri{Scheme: "sip", User: endpoint, Host: site.SIPServer}
	req := sip.NewRequest(sip.REGISTER, registrar)
	req.SetTransport("UDP") // Asterisk is next door, and has that beside TLS for older phones
	if site.Transport == "tcp" {
		req.SetTransport("TCP")
	}
	from := &sip.FromHeader{Address: record}
	from.Params.Add("tag", sip.GenerateTagN(16))
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: record})
	req.AppendHeader(sip.NewHeader("Contact", "*"))
	req.AppendHeader(sip.NewHeader("Expires", "0"))
	return req
}
