package phonehttp

import (
	"crypto/sha256"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// index finds the phones of one snapshot. It is built at the first request after
// a change: 10,000 phones take some milliseconds, which that request and those
// beside it wait for.
type index struct {
	snapshot *pbx.Snapshot
	bySecret map[[sha256.Size]byte]owner
	byMAC    map[pbx.MAC]*entry
	people   sync.Map // tenant → func() [sha256.Size]byte, its directory's fingerprint
	// directoryKey → func() directory
	directories sync.Map
}

// owner is the phone that a secret belongs to.
type owner struct {
	*entry
	enrolling bool // it is the phone's EnrolSecret
	former    bool // it is the phone's FormerSecret
}

// directoryKey is the key of a directory without speed dials.
type directoryKey struct {
	tenant string
	vendor pbx.Vendor
	model  string
	own    [sha256.Size]byte // fingerprint of the site's own templates for it
}

// directory is a rendered one.
type directory struct {
	body  []byte
	ctype phoneconf.ContentType
	err   error
}

// entry is a phone of a snapshot.
type entry struct {
	phone *pbx.Phone
	// heir is the phone that took the place of this one, which is in no row any more. It is
	// served until heir has used its own URL. nil for all others.
	heir     *pbx.Phone
	networks []netip.Prefix    // it may ask from these alone; an empty list means anywhere
	secret   [sha256.Size]byte // SHA-256 of its URL secret
	print    atomic.Pointer[yearPrint]
}

// yearPrint is the fingerprint of a phone's files in a year.
type yearPrint struct {
	year int
	sum  [sha256.Size]byte
}

// indexOf returns the index of a snapshot, the one at hand or a new one.
func (fs *Files) indexOf(s *pbx.Snapshot) *index {
	if ix := fs.index.Load(); ix != nil && ix.snapshot == s {
		return ix
	}
	fs.indexing.Lock()
	defer fs.indexing.Unlock()
	if ix := fs.index.Load(); ix != nil && ix.snapshot == s {
		return ix
	}
	ix := newIndex(s)
	fs.index.Store(ix)
	return ix
}

func newIndex(s *pbx.Snapshot) *index {
	n := len(s.Phones)
	ix := &index{snapshot: s, bySecret: make(map[[sha256.Size]byte]owner, 2*n), byMAC: make(map[pbx.MAC]*entry, n)}
	entries := make([]entry, n)
	networks := make(map[string][]netip.Prefix, len(s.Tenants))
	for _, t := range s.Tenants {
		networks[t.Name] = t.Networks()
	}
	for i, p := range s.Phones {
		e := &entries[i]
		e.phone, e.networks = p, networks[p.Tenant]
		ix.byMAC[p.MAC] = e
		if !p.URLSecret.IsZero() { // an empty one would be everybody's
			e.secret = sha256.Sum256([]byte(p.URLSecret.Reveal()))
			ix.bySecret[e.secret] = owner{entry: e}
			ix.bySecret[sha256.Sum256([]byte(p.EnrolSecret().Reveal()))] = owner{entry: e, enrolling: true}
		}
		if !p.FormerSecret.IsZero() && p.FormerMAC == "" {
			ix.bySecret[sha256.Sum256([]byte(p.FormerSecret.Reveal()))] = owner{entry: e, former: true}
		}
	}
	for i := range entries {
		ix.addReplaced(&entries[i])
	}
	return ix
}

// addReplaced adds the phone whose place that of e took. Its files are made as before, with
// its own URL.
func (ix *index) addReplaced(e *entry) {
	heir := e.phone
	m, known := phoneconf.LookupAny(heir.FormerModel)
	if heir.FormerMAC == "" || heir.FormerSecret.IsZero() || !known || ix.byMAC[heir.FormerMAC] != nil {
		return
	}
	p := *heir
	p.MAC, p.Vendor, p.Model, p.URLSecret = heir.FormerMAC, m.Vendor, m.Name, heir.FormerSecret
	p.FormerMAC, p.FormerModel, p.FormerSecret, p.EnrolUntil = "", "", pbx.Secret{}, time.Time{}
	p.Buttons, _ = phoneconf.Fitting(&p)
	old := &entry{phone: &p, heir: heir, networks: e.networks, secret: sha256.Sum256([]byte(p.URLSecret.Reveal()))}
	ix.byMAC[p.MAC] = old
	ix.bySecret[old.secret] = owner{entry: old}
}

// fingerprint is computed once; two requests at once compute the same.
func (e *entry) fingerprint(s *pbx.Snapshot, site phoneconf.Site) [sha256.Size]byte {
	if p := e.print.Load(); p != nil && p.year == site.Year {
		return p.sum
	}
	p := &yearPrint{site.Year, phoneconf.Fingerprint(s, e.phone, site)}
	e.print.Store(p)
	return p.sum
}

// directory is the fingerprint of a file that shows the people of e's tenant. own is the
// fingerprint of e's configuration files. A tenant's people are read once.
func (ix *index) directory(e *entry, own [sha256.Size]byte) [sha256.Size]byte {
	tenant := e.phone.Tenant
	once, _ := ix.people.LoadOrStore(tenant,
		sync.OnceValue(func() [sha256.Size]byte { return phoneconf.DirectoryFingerprint(ix.snapshot, tenant) }))
	people := once.(func() [sha256.Size]byte)()
	return sha256.Sum256(append(own[:], people[:]...))
}

// allows reports whether the phone may ask from an address. No phone, nil, may
// ask from everywhere: it gets nothing anyhow.
func (e *entry) allows(from netip.Addr) bool {
	return e == nil || len(e.networks) == 0 || slices.ContainsFunc(e.networks,
		func(n netip.Prefix) bool { return n.Contains(from) })
}
