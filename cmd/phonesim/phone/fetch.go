package phone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/icholy/digest"
)

const (
	fileTimeout = 15 * time.Second
	maxFile     = 32 << 20 // a phone's flash is smaller
	maxHops     = 2
)

// ErrNoConfiguration says that the server had no file for this phone: all it answered was 404.
var ErrNoConfiguration = errors.New("server has no configuration for this phone")

// Fetched is one file request. A 401 answered with credentials makes two.
type Fetched struct {
	Hop      int    // 0, or how often a file had moved the phone before
	URL      string // full, without credentials
	Path     string // path part of it
	Status   int
	Size     int    // bytes of the body
	SHA256   string // of the body, hex; empty unless 200
	ETag     string
	Duration time.Duration
}

// memory is what a phone keeps between fetches: where to ask, as whom, and what it has.
type memory struct {
	url, user, password string
	files               map[string]remembered
	flash               map[string]string // a Yealink's parameters, whoever set them
	own                 map[string]string // what persons set at the phone
}

type remembered struct {
	etag string
	body []byte
}

// ProvisioningURL is where the phone asks now: what Options said, or where a file has moved it.
func (p *Phone) ProvisioningURL() string {
	p.fetching.Lock()
	defer p.fetching.Unlock()
	return p.memory.url
}

// Fetch asks for the files a phone of this make asks for, in that order, and reads them. A file that names another
// provisioning URL moves the phone, which asks there at once, at most twice. 404 means go on; any other refusal, and a
// file that cannot be read, is an error. The requests made so far are returned in any case.
func (p *Phone) Fetch(ctx context.Context) (*Config, []Fetched, error) {
	p.fetching.Lock()
	defer p.fetching.Unlock()
	ctx, cancel := p.crew.within(ctx)
	defer cancel()
	var log []Fetched
	values := p.start()
	for hop := 0; ; hop++ {
		f := &fetch{phone: p, hop: hop, done: &log}
		config, err := f.boot(ctx, values)
		if err != nil {
			return nil, log, err
		}
		if config == nil {
			return nil, log, ErrNoConfiguration
		}
		if p.model.Vendor == Yealink {
			p.memory.flash = maps.Clone(config.Values)
		}
		moved, err := p.follow(config)
		if err != nil {
			return config, log, err
		}
		if !moved {
			return config, log, nil
		}
		if hop == maxHops {
			return config, log, fmt.Errorf("moved more than %d times, now to %s", maxHops, p.memory.url)
		}
		values = kept(config)
	}
}

// kept is what survives a move: all of a Yealink's settings; of a Polycom's the flash parameters, the rest lives in the
// files.
func kept(c *Config) map[string]string {
	if c.Vendor == Yealink {
		return c.Values
	}
	return withPrefix(c.Values, "device.")
}

// follow takes over URL and credentials from what was read and tells whether the phone has to ask elsewhere.
func (p *Phone) follow(c *Config) (bool, error) {
	var to, user, password string
	if c.Vendor == Yealink {
		to, user, password = yealinkMove(c.Values, p.model)
	} else {
		to, user, password = polycomMove(c.Values, p.memory.url)
	}
	if user != "" {
		p.memory.user, p.memory.password = user, password
	}
	if to == "" || strings.TrimSuffix(to, "/") == strings.TrimSuffix(p.memory.url, "/") {
		return false, nil
	}
	if u, err := url.Parse(to); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false, fmt.Errorf("moving to %q: not an http or https URL", to)
	}
	p.memory.url = to
	return true, nil
}

// fetch is one pass over one provisioning URL.
type fetch struct {
	phone *Phone
	hop   int
	done  *[]Fetched
	found bool // some configuration file was there
}

func (f *fetch) boot(ctx context.Context, values map[string]string) (*Config, error) {
	if f.phone.model.Vendor == Yealink {
		return f.bootYealink(ctx, values)
	}
	return f.bootPolycom(ctx, values)
}

// get asks for one file, relative to base. A missing file is (nil, nil, its URL): a phone goes on then.
func (f *fetch) get(ctx context.Context, base, name string) ([]byte, error) {
	target, err := resolve(base, name)
	if err != nil {
		return nil, err
	}
	status, header, body, err := f.ask(ctx, target, "")
	if err == nil && status == http.StatusUnauthorized {
		auth, aerr := f.credentials(target, header)
		if aerr != nil {
			return nil, fmt.Errorf("getting %s: %w", target.Redacted(), aerr)
		}
		status, header, body, err = f.ask(ctx, target, auth)
	}
	if err != nil {
		return nil, fmt.Errorf("getting %s: %w", target.Redacted(), err)
	}
	memory := &f.phone.memory
	switch status {
	case http.StatusOK:
		if tag := header.Get("ETag"); f.phone.opts.Conditional && tag != "" {
			memory.files[target.String()] = remembered{tag, body}
		}
		return body, nil
	case http.StatusNotModified:
		return memory.files[target.String()].body, nil
	case http.StatusNotFound:
		return nil, nil
	}
	return nil, fmt.Errorf("getting %s: status %d", target.Redacted(), status)
}

// ask makes one request and notes it.
func (f *fetch) ask(ctx context.Context, target *url.URL, auth string) (int, http.Header, []byte, error) {
	plain := *target
	plain.User = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, plain.String(), nil)
	if err != nil {
		return 0, nil, nil, err
	}
	p := f.phone
	req.Header.Set("User-Agent", p.model.httpAgent(p.mac, p.opts.SerialInUA))
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	if old, ok := p.memory.files[target.String()]; ok && p.opts.Conditional {
		req.Header.Set("If-None-Match", old.etag)
	}
	start := time.Now()
	res, err := p.http.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxFile))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, nil, nil, err
	}
	note := Fetched{Hop: f.hop, URL: plain.String(), Path: plain.Path, Status: res.StatusCode, Size: len(body),
		ETag: res.Header.Get("ETag"), Duration: time.Since(start)}
	if res.StatusCode == http.StatusOK {
		sum := sha256.Sum256(body)
		note.SHA256 = hex.EncodeToString(sum[:])
	}
	*f.done = append(*f.done, note)
	p.log.Debug("fetched", "path", note.Path, "status", note.Status, "bytes", note.Size)
	return res.StatusCode, res.Header, body, nil
}

// credentials answers a 401 by Digest or Basic, with what the URL carries or the phone was given.
func (f *fetch) credentials(target *url.URL, h http.Header) (string, error) {
	user, password := f.phone.memory.user, f.phone.memory.password
	if target.User != nil {
		user = target.User.Username()
		password, _ = target.User.Password()
	}
	if user == "" {
		return "", errors.New("server wants credentials, the phone has none")
	}
	if chal, err := digest.FindChallenge(h); err == nil {
		cred, err := digest.Digest(chal, digest.Options{Method: http.MethodGet, URI: target.RequestURI(), Username: user,
			Password: password, Count: 1})
		if err != nil {
			return "", fmt.Errorf("answering the digest challenge: %w", err)
		}
		return cred.String(), nil
	}
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization"), nil
}

// resolve gives the URL of a file beside base, which is a folder whether it ends in / or not.
func resolve(base, name string) (*url.URL, error) {
	b, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("reading provisioning URL: %w", err)
	}
	if b.Host == "" {
		return nil, fmt.Errorf("provisioning URL %q has no host", b.Redacted())
	}
	if !strings.HasSuffix(b.Path, "/") {
		b.Path += "/"
	}
	ref, err := url.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("reading file name %q: %w", name, err)
	}
	u := b.ResolveReference(ref)
	if u.User == nil && u.Host == b.Host {
		u.User = b.User
	}
	return u, nil
}
