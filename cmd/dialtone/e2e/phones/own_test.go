package phones

import (
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// leftBehind is what another system left in a phone: a proxy that is dead, rules for dialling, a
// forward, a code for pickup.
var leftBehind = map[string]map[string]string{
	"yealink": {"account.1.outbound_proxy_enable": "1", "account.1.outbound_proxy.1.address": "127.0.0.1", "account.1.outbound_proxy.1.port": "9",
		"dialplan.dialnow.rule.3": "15", "dialplan.area_code.code": "0", "account.1.dialplan.digitmap.enable": "1", "features.hotline_number": "9",
		"forward.always.enable": "1", "forward.always.target": "999", "account.1.direct_pickup_code": "*16", "features.dnd.enable": "1"},
	"polycom": {"reg.1.outboundProxy.address": "127.0.0.1", "reg.1.outboundProxy.port": "9", "dialplan.digitmap": "xx", "dialplan.1.digitmap": "xx",
		"divert.fwd.1.enabled": "1", "divert.fwd.1.contact": "999", "feature.forward.enable": "1", "call.directedCallPickupString": "*16"},
}

// box is what the phone does with a configuration.
func (d *deskLife) box(c *phone.Config) *factory.Settings {
	m := d.phone.Model()
	return factory.New(factory.EraOf(m.Vendor, m.Name, m.Firmware), c)
}

// asServed fails unless the phone dials, takes calls and forwards as its files have it.
func (d *deskLife) asServed(when string, c *phone.Config) {
	d.t.Helper()
	s := d.box(c)
	if sent := s.OffHook("152", time.Second); sent.Number != "152" || s.Forwarded() != "" ||
		!s.ForwardKey("1").Missing || s.RingingLamp("152") != "**152" {
		d.t.Errorf("%s: 152 leaves as %+v, forwarded to %q, key to forward %+v, a lamp takes %q", when, sent, s.Forwarded(), s.ForwardKey("1"),
			s.RingingLamp("152"))
	}
}

// ownSettings: what was set at the phone counts before its files where the make or the tenant
// has it so; then it is a drift by its name, and a delete takes it back.
func (d *deskLife) ownSettings() {
	d.t.Helper()
	name, file := "divert.fwd.1.enabled", "-phone.cfg"
	if d.vendor == "yealink" {
		name, file = "features.fwd.allow", "-local.cfg"
	}
	set := func() *phone.Config {
		d.t.Helper()
		for _, parameter := range []string{name, "feature.forward.enable"} {
			if err := d.phone.Set(Within(d.t, 10*time.Second), parameter, "1"); err != nil {
				d.t.Fatal(err)
			}
		}
		c, _, err := d.phone.Fetch(Within(d.t, 15*time.Second))
		if err != nil {
			d.t.Fatal(err)
		}
		return c
	}
	drift := func() string { return d.Get(d.t, Tenant+"/drift?kind=overrides") }
	if d.vendor == "yealink" {
		d.asServed("set at the phone, and not protected", set())
		d.Do(d.t, "PATCH", Tenant+"/phone-settings", Object{"uploads": []string{"changes"}}, nil)
		d.sync()
	}
	if d.box(set()).ForwardKey("1").Missing || !strings.Contains(drift(), name) {
		d.t.Errorf("set at the phone: the key to forward is gone, or no drift: %s", drift())
	}
	d.Do(d.t, "DELETE", Tenant+"/phones/"+d.mac+"/files/"+d.mac+file, nil, nil)
	if d.vendor == "yealink" { // its settings are protected no more
		d.Do(d.t, "PATCH", Tenant+"/phone-settings", Object{"uploads": []string{}}, nil)
		d.sync()
	}
	c, _, err := d.phone.Fetch(Within(d.t, 15*time.Second))
	if err != nil {
		d.t.Fatal(err)
	}
	d.asServed("taken back", c)
	if strings.Contains(drift(), name) {
		d.t.Errorf("taken back: %s", drift())
	}
}
