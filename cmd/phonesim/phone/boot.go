package phone

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// bootYealink: <mac>.boot, else y000000000000.boot; a boot file's includes and nothing else, or without one the model's
// common file and then <mac>.cfg. Firmware up to V73 knows no boot file. Of equal parameters the last read wins
// (vendor guide V84, page 74).
func (f *fetch) bootYealink(ctx context.Context, values map[string]string) (*Config, error) {
	p := f.phone
	base := p.memory.url
	files := []string{p.model.Common + ".cfg", p.mac + ".cfg"}
	boots := []string{p.mac + ".boot", "y000000000000.boot"}
	if p.model.old() {
		boots = nil
	}
	for _, name := range boots {
		text, err := f.get(ctx, base, name)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		if files, err = readYealinkBoot(text, p.model.Name); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		break
	}
	named := map[string]bool{}
	for _, name := range files {
		text, err := f.get(ctx, base, name)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		f.found = true
		params, err := readYealink(text)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		apply(values, params)
		for _, kv := range params {
			named[kv.name] = true
		}
	}
	if !f.found {
		return nil, nil
	}
	if err := f.applyOwn(ctx, values, named); err != nil {
		return nil, err
	}
	c := yealinkConfig(values, p.model)
	if at := values["static.trusted_certificates.url"]; at != "" && at != "%NULL%" {
		root, err := f.get(ctx, base, at)
		if err != nil {
			return nil, err
		}
		c.trust(string(root))
	}
	return c, nil
}

// yealinkMove is where static.auto_provision.server.url sends the phone; up to V73 its name is shorter.
func yealinkMove(v map[string]string, m Model) (to, user, password string) {
	static := "static."
	if m.old() {
		static = ""
	}
	get := func(name string) string {
		if s := v[static+"auto_provision.server."+name]; s != "%NULL%" {
			return s
		}
		return ""
	}
	return get("url"), get("username"), get("password")
}

// bootPolycom: the master file, then its CONFIG_FILES from left to right, the phone's own overrides, licence and
// directory. Of equal parameters the first wins; overrides win over all (the phone's own changes).
func (f *fetch) bootPolycom(ctx context.Context, values map[string]string) (*Config, error) {
	p := f.phone
	base, m, found, err := f.master(ctx)
	if err != nil || !found {
		return nil, err
	}
	if m.app != "" { // the software itself: whatever comes, the phone stays with what it runs
		if _, err := f.get(ctx, base, m.app); err != nil {
			p.log.Debug("asking for software", "err", err)
		}
	}
	var layers [][]parameter
	for _, name := range m.configs {
		params, err := f.polycomFile(ctx, base, name)
		if err != nil {
			return nil, err
		}
		layers = append(layers, params)
	}
	var own [][]parameter
	params, err := f.overrides(ctx, base, m.overrides+p.mac+"-phone.cfg")
	if err != nil {
		return nil, err
	}
	own = append(own, params)
	if params, err = f.polycomFile(ctx, base, m.overrides+p.mac+"-web.cfg"); err != nil {
		return nil, err
	}
	own = append(own, params)
	for _, name := range []string{m.licenseDir + p.mac + "-license.cfg", m.contacts + p.mac + "-directory.xml"} {
		text, err := f.get(ctx, base, name)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		if _, _, err := readPolycomXML(text); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	var all []parameter
	for _, params := range append(own, layers...) {
		all = append(all, params...)
	}
	for name, value := range firstWins(all) {
		values[name] = value
	}
	c := polycomConfig(values, p.model)
	if values["device.sec.TLS.customCaCert1.set"] == "1" && values["device.sec.TLS.profile.caCertList1"] == "All" &&
		values["sec.TLS.profileSelection.SIP"] == "PlatformProfile1" {
		c.trust(values["device.sec.TLS.customCaCert1"])
	}
	return c, nil
}

// master finds the master file: the one the URL names, <mac>.cfg, 000000000000.cfg.
func (f *fetch) master(ctx context.Context) (base string, m master, found bool, err error) {
	p := f.phone
	base = p.memory.url
	names := []string{p.mac + ".cfg", "000000000000.cfg"}
	if u, err := url.Parse(base); err == nil && strings.HasSuffix(u.Path, ".cfg") {
		named := path.Base(u.Path)
		u.Path = strings.TrimSuffix(u.Path, named)
		base = u.String()
		if named != names[0] && named != names[1] {
			names = append([]string{named}, names...)
		} else if named == names[1] {
			names = names[1:]
		}
	}
	for _, name := range names {
		text, err := f.get(ctx, base, name)
		if err != nil {
			return "", master{}, false, err
		}
		if text == nil {
			continue
		}
		if m, err = p.model.readMaster(text, p.mac); err != nil {
			return "", master{}, false, fmt.Errorf("reading %s: %w", name, err)
		}
		return base, m, true, nil
	}
	return base, master{}, false, nil
}

func (f *fetch) polycomFile(ctx context.Context, base, name string) ([]parameter, error) {
	text, err := f.get(ctx, base, name)
	if err != nil || text == nil {
		return nil, err
	}
	params, err := readPolycom(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return params, nil
}

// polycomMove is where device.prov.* sends the phone. A device parameter counts only with device.set=1 and its own
// .set=1.
func polycomMove(v map[string]string, current string) (to, user, password string) {
	get := func(name string) string {
		if v["device.set"] != "1" || v["device.prov."+name+".set"] != "1" {
			return ""
		}
		return v["device.prov."+name]
	}
	to, user, password = get("serverName"), get("user"), get("password")
	if to == "" || strings.Contains(to, "://") {
		return to, user, password
	}
	scheme, _, _ := strings.Cut(current, "://")
	switch strings.ToUpper(get("serverType")) {
	case "":
	case "HTTP", "2":
		scheme = "http"
	case "HTTPS", "3":
		scheme = "https"
	default: // FTP, TFTP, FTPS: follow refuses the URL and says so
		scheme = strings.ToLower(get("serverType"))
	}
	return scheme + "://" + to, user, password
}
