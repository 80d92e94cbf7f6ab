package phone

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// own is what was set at the phone itself, beside its files. A Yealink's flash has all parameters that a file or a person
// ever set; a Polycom's has those of persons.

// Set sets a parameter as a person does at the phone's menu or web page, and sends it to the provisioning server as the
// make does: a Polycom always, a Yealink when its files say so.
func (p *Phone) Set(ctx context.Context, name, value string) error {
	p.fetching.Lock()
	defer p.fetching.Unlock()
	m := &p.memory
	m.own[name] = value
	folder, file, body := m.url, p.mac+"-phone.cfg", polycomOverrides(m.own)
	if p.model.Vendor == Yealink {
		m.flash[name] = value
		if folder = m.flash[syncPath]; m.flash[customProtect] != "1" || folder == "" || folder == "%NULL%" {
			return nil
		}
		file, body = p.mac+"-local.cfg", yealinkLocal(m.own)
	}
	if err := p.put(ctx, folder, file, body); err != nil {
		return fmt.Errorf("sending what was set: %w", err)
	}
	return nil
}

// Parameters by which a Yealink's files say what becomes of settings of persons.
const (
	customProtect = "static.auto_provision.custom.protect"
	customSync    = "static.auto_provision.custom.sync"
	syncPath      = "static.auto_provision.custom.sync.path"
)

func polycomOverrides(own map[string]string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><PHONE_CONFIG><OVERRIDES`)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		fmt.Fprintf(&b, " %s=\"", name)
		_ = xml.EscapeText(&b, []byte(own[name])) // a Builder takes everything
		b.WriteString(`"`)
	}
	return b.String() + "/></PHONE_CONFIG>"
}

func yealinkLocal(own map[string]string) string {
	var b strings.Builder
	b.WriteString(yealinkHeader + "\n")
	for _, name := range slices.Sorted(maps.Keys(own)) {
		fmt.Fprintf(&b, "%s = %s\n", name, own[name])
	}
	return b.String()
}

func (p *Phone) put(ctx context.Context, folder, name, body string) error {
	base, err := url.Parse(folder)
	if err != nil {
		return err
	}
	if strings.HasSuffix(base.Path, ".cfg") {
		base.Path = base.Path[:strings.LastIndex(base.Path, "/")]
	}
	to, err := resolve(base.String(), name)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, to.String(), strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", p.model.httpAgent(p.mac, p.opts.SerialInUA))
	res, err := p.http.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, res.Body) // nothing is expected in it
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("putting %s: status %d", to.Redacted(), res.StatusCode)
	}
	return nil
}

// start is what a phone knows before it asks for files.
func (p *Phone) start() map[string]string {
	if p.model.Vendor == Yealink {
		return maps.Clone(p.memory.flash)
	}
	return map[string]string{}
}

// apply puts a Yealink's file into force. A parameter without a value stays as it was; a person's setting goes with it,
// unless the files protect that.
func apply(values map[string]string, params []parameter) {
	for _, kv := range params {
		if kv.value != "" {
			values[kv.name] = kv.value
		}
	}
}

// applyOwn lets a Yealink's persons win where its files say so, and forgets what the files have overwritten where not.
// What the server kept of them counts before the phone's own memory.
func (f *fetch) applyOwn(ctx context.Context, values map[string]string, named map[string]bool) error {
	p := f.phone
	if values[customProtect] != "1" {
		maps.DeleteFunc(p.memory.own, func(name, _ string) bool { return named[name] })
		return nil
	}
	if at := values[syncPath]; values[customSync] == "1" && at != "" && at != "%NULL%" {
		text, err := f.get(ctx, at, p.mac+"-local.cfg")
		if err != nil {
			return err
		}
		if text != nil {
			params, err := readYealink(text)
			if err != nil {
				return fmt.Errorf("reading what was set at the phone: %w", err)
			}
			for _, kv := range params {
				p.memory.own[kv.name] = kv.value
			}
		}
	}
	maps.Copy(values, p.memory.own)
	return nil
}

// overrides are a Polycom's own settings: the server's copy replaces the phone's, and without one the phone keeps its.
func (f *fetch) overrides(ctx context.Context, base, name string) ([]parameter, error) {
	text, err := f.get(ctx, base, name)
	if err != nil {
		return nil, err
	}
	m := &f.phone.memory
	if text != nil {
		params, err := readPolycom(text)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		m.own = firstWins(params)
	}
	var params []parameter
	for name, value := range m.own {
		params = append(params, parameter{name, value})
	}
	return params, nil
}
