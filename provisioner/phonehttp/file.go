package phonehttp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// fileKey names a file that a phone gets on its own URL, or for enrolment.
type fileKey struct {
	mac   pbx.MAC
	name  phoneconf.FileName
	enrol bool
}

// text is the key of the cache. The name of a file begins with its phone's MAC.
func (k fileKey) text() string {
	if k.enrol {
		return "enrol " + string(k.name)
	}
	return string(k.name)
}

// file is a rendered file, or the memory that rendering failed, or both. If both, it is the
// last good file with the reason why it is not newer. It is never changed. There are tens
// of thousands.
type file struct {
	key   string            // in the cache
	owner [sha256.Size]byte // hash of the URL secret it was rendered for
	print [sha256.Size]byte // fingerprint it was rendered from
	body  *packed           // nil if there is no file
	etag  string            // with its quotes: the SHA-256 of the body
	size  int               // bytes of the body
	ctype phoneconf.ContentType
	fault *fault // nil when print is the latest wanted fingerprint
}

// fault is why a file is not newer.
type fault struct {
	print [sha256.Size]byte // fingerprint that could not be rendered
	plain bool              // the shipped templates made the body: the site's own failed without a good file
	err   error
}

// hash is the SHA-256 of the body in hexadecimal digits.
func (f *file) hash() string { return f.etag[1 : len(f.etag)-1] }

// good reports whether there is a body that an owner may have.
func (f *file) good(owner [sha256.Size]byte) bool {
	return f != nil && f.owner == owner && f.body != nil
}

// overhead is what a file costs beside its body, about.
const overhead = 450

func (f *file) cost() int64 {
	if f.body == nil {
		return overhead
	}
	return f.body.cost() + overhead
}

// file returns a file of a phone from the cache, or renders it. Nil without an
// error means that the phone has no such file.
func (fs *Files) file(ix *index, e *entry, name phoneconf.FileName, enrol bool, now time.Time) (*file, error) {
	site := fs.o.Site
	site.Year = now.UTC().Year()
	key := fileKey{e.phone.MAC, name, enrol}
	print := phoneconf.PrintOf(fs.o.Engine, e.phone, e.fingerprint(ix.snapshot, site))
	if phoneconf.IsDirectory(key.name) {
		print = ix.directory(e, print)
	}
	if f := fs.cache.get(key.text()); f != nil {
		if g, err, ok := f.answer(print); ok {
			return g, err
		}
	}
	// Rendering happens outside of every lock, and once for all requests of a file. A boot
	// storm after a change that touches all phones renders each file one time and stops no
	// phone.
	flight := fmt.Sprintf("%s %s %t %x", key.mac, key.name, enrol, print)
	v, _, _ := fs.flight.Do(flight, func() (any, error) { return fs.render(ix.snapshot, e, site, key, print), nil })
	f := v.(*file)
	if f == nil {
		return nil, nil
	}
	g, err, _ := f.answer(print)
	return g, err
}

// answer says what f means for a phone with the fingerprint print. It is not ok when the
// file has to be rendered. The fingerprint covers the URL secret.
func (f *file) answer(print [sha256.Size]byte) (g *file, err error, ok bool) {
	switch {
	case f.fault == nil && f.print == print:
		return f, nil, true
	case f.fault == nil || f.fault.print != print:
		return nil, nil, false
	case f.body != nil:
		return f, nil, true
	}
	return nil, f.fault.err, true
}

// render renders a file and puts it into the cache. Rendering is a pure function. A file
// that failed is not tried again before the fingerprint changes, so it is logged once. Nil
// means that the phone has no such file.
func (fs *Files) render(s *pbx.Snapshot, e *entry, site phoneconf.Site, key fileKey, print [sha256.Size]byte) *file {
	last := fs.cache.get(key.text())
	if last != nil {
		if _, _, ok := last.answer(print); ok {
			return last // rendered since this request looked
		}
	}
	fs.rendering <- struct{}{}
	// Requests that waited here yield to fetches of files that are rendered already. A
	// storm of new files is no pause for the other phones.
	runtime.Gosched()
	body, ctype, err := fs.apart(s, e.phone, site, key)
	<-fs.rendering
	if errors.Is(err, phoneconf.ErrNoFile) {
		return nil
	}
	fs.renders.Add(1)
	var f *file
	if bad, ok := phoneconf.SiteFault(err); ok && (!last.good(e.secret) || last.fault != nil && last.fault.plain) {
		f = fs.shipped(s, e, site, key, print, bad)
	} else if err == nil {
		f = newFile(key, e.secret, print, body, ctype)
		f.body = fs.packer.pack(kindOf(e.phone, key), body)
	} else {
		fs.o.Logger.Log(context.Background(), failLevel(err), "a phone's file cannot be rendered", "mac", key.mac, "file",
			key.name, "last_good", last.good(e.secret), "error", err)
		f = &file{key: key.text(), owner: e.secret} // another owner's last good file is not for this one
		if last.good(e.secret) {
			*f = *last
		}
		f.fault = &fault{print: print, err: err}
	}
	fs.cache.put(f)
	return f
}

// apart renders in a goroutine of its own. Rendering takes a stack of 32 kB, which the
// goroutine of a connection would keep: 25 MB with a thousand of them.
func (fs *Files) apart(s *pbx.Snapshot, p *pbx.Phone, site phoneconf.Site, key fileKey) (body []byte,
	ctype phoneconf.ContentType, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if broken := unbroken(func() { body, ctype, err = fs.bytes(s, p, site, key) }); broken != nil {
			err = broken
		}
	}()
	<-done
	return body, ctype, err
}

// bytes renders a file.
func (fs *Files) bytes(s *pbx.Snapshot, p *pbx.Phone, site phoneconf.Site,
	key fileKey) ([]byte, phoneconf.ContentType, error) {
	if key.enrol {
		return phoneconf.RenderEnrol(fs.o.Engine, p, site, key.name)
	}
	ix := fs.index.Load()
	if ix == nil || ix.snapshot != s || !phoneconf.IsDirectory(key.name) || phoneconf.OwnDirectory(s, p) {
		return phoneconf.Render(fs.o.Engine, s, p, site, key.name)
	}
	// Thousands of phones show the same people.
	all, _ := ix.directories.LoadOrStore(directoryKey{p.Tenant, p.Vendor, p.Model,
		fs.o.Engine.SitePrint(phoneconf.PlaceOf(p))}, sync.OnceValue(func() (d directory) {
		d.body, d.ctype, d.err = phoneconf.Render(fs.o.Engine, s, p, site, key.name)
		return d
	}))
	d := all.(func() directory)()
	return d.body, d.ctype, d.err
}

// kindOf names the files that have most of their text in common.
func kindOf(p *pbx.Phone, key fileKey) string {
	kind := string(p.Vendor) + " " + p.Model + " " + strings.TrimPrefix(string(key.name), string(p.MAC))
	if key.enrol {
		kind += " enrol"
	}
	return kind
}

// newFile has no body yet. Its key is a copy: the request's is a part of a longer text.
func newFile(key fileKey, owner, print [sha256.Size]byte, body []byte, ctype phoneconf.ContentType) *file {
	sum := sha256.Sum256(body)
	return &file{key: strings.Clone(key.text()), owner: owner, print: print, etag: `"` + hex.EncodeToString(sum[:]) + `"`,
		size: len(body), ctype: ctype}
}
