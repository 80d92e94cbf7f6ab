package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// room is the office of one experiment.
type room struct {
	*office.Office
	client *office.Client
	dir    string
	log    *os.File
	bench  *bench
}

// openOffice seeds a database and opens an office in front of it. Its controller
// runs on the given processors, on all when none are given.
func (b *bench) openOffice(ctx context.Context, name string, p people, cpus ...int) (_ *room, err error) {
	r := &room{dir: filepath.Join(b.Dir, name), bench: b}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of %s: %w", name, err)
	}
	if p.count > 0 {
		b.say("seeding %d extensions", p.count)
		if err := seed(ctx, filepath.Join(r.dir, "dialtone.db"), p); err != nil {
			return nil, err
		}
	}
	if r.log, err = os.Create(filepath.Join(r.dir, "log")); err != nil {
		return nil, fmt.Errorf("log of %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.log.Close())
		}
	}()
	binary := b.Binary
	if len(cpus) > 0 {
		if binary, err = pinnedBinary(r.dir, binary, cpus); err != nil {
			return nil, err
		}
	}
	r.Office, err = office.Open(ctx, office.Options{Dir: r.dir, Binary: binary, Suite: b.Suite, Root: b.Root, Log: r.log})
	if err != nil {
		return nil, fmt.Errorf("%w; its log is %s", err, r.log.Name())
	}
	if r.client, err = office.NewClient(r.Places); err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

// shut closes the office and drops its folder; err is what became of the
// experiment, and keeps the folder when there is one.
func (r *room) shut(err *error) {
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	*err = errors.Join(*err, r.Close(ctx), r.log.Close())
	if *err == nil {
		r.bench.removeAll(r.dir)
		return
	}
	*err = fmt.Errorf("%w (the office is kept in %s)", *err, r.dir)
}

// dialAMI logs in as the controller does.
func (r *room) dialAMI(ctx context.Context) (*ami.Session, error) {
	secret, err := amiSecret(filepath.Join(r.dir, "asterisk", "etc", "manager.conf"))
	if err != nil {
		return nil, err
	}
	return ami.Dial(ctx, ami.Options{Address: r.AMI, Username: "dialtone", Secret: secret, Events: "off"}, nil)
}

// amiSecret reads the secret that the office made up from Asterisk's own file.
func amiSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("looking for the AMI secret: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if secret, ok := strings.CutPrefix(lines.Text(), "secret = "); ok {
			return secret, nil
		}
	}
	return "", fmt.Errorf("no secret in %s", path)
}

// waitUntil polls until ready says so, or ctx ends.
func waitUntil(ctx context.Context, every time.Duration, what string, ready func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		ok, err := ready()
		if ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
}

// waitApplied waits until Asterisk runs the newest revision.
func (r *room) waitApplied(ctx context.Context) error {
	return waitUntil(ctx, 10*time.Millisecond, "Asterisk to take the last change", func() (bool, error) {
		var h struct {
			Revision int64
			Apply    struct {
				Applied int64
				Error   string
			}
		}
		err := r.client.Do(ctx, "GET", "/v1/health", nil, &h)
		return h.Apply.Applied >= h.Revision, err
	})
}

// metrics returns what /metrics says.
func (r *room) metrics(ctx context.Context) (_ string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.API+"/metrics", nil)
	if err != nil {
		return "", err
	}
	token, err := r.Token()
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("metrics: %s", resp.Status)
	}
	return string(text), err
}
