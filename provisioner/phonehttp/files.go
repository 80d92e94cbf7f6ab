package phonehttp

import (
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DefaultCacheBytes holds the files of more than 10,000 desk phones: each is 8 kB
// and takes 2 kB, see packed.
const DefaultCacheBytes = 32 << 20

// FilesOptions are what Files need. Engine is required.
type FilesOptions struct {
	Engine     *phoneconf.Engine
	Site       phoneconf.Site   // Year is set here from Now
	Now        func() time.Time // nil is time.Now
	Logger     *slog.Logger     // nil logs nothing
	CacheBytes int64            // bound of the rendered files kept, 0 is DefaultCacheBytes
}

// Files are the rendered files of phones, each rendered once and kept while there is room.
// It is safe for concurrent use.
type Files struct {
	o        FilesOptions
	index    atomic.Pointer[index]
	indexing sync.Mutex
	cache    *cache
	packer   packer
	flight   singleflight.Group
	renders  atomic.Int64 // files rendered, or tried
	// rendering has a place for each file that is being rendered. More at once would take
	// no less time.
	rendering chan struct{}
}

// NewFiles returns Files that render at the first use.
func NewFiles(o FilesOptions) *Files {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	return &Files{o: o, cache: newCache(o.CacheBytes), rendering: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Renders returns how many files were rendered since the start: what the cache
// did not answer.
func (fs *Files) Renders() int64 { return fs.renders.Load() }

// Hash returns the SHA-256 (hexadecimal) of the file that a phone of a snapshot gets now
// by its own URL. An error says why the present file cannot be rendered. The phone then
// gets its last good file or none; SiteFault tells whether a template of the site failed.
func (fs *Files) Hash(s *pbx.Snapshot, p *pbx.Phone, name phoneconf.FileName) (string, error) {
	ix := fs.indexOf(s)
	f, err := fs.file(ix, ix.byMAC[p.MAC], name, false, fs.o.Now())
	switch {
	case err != nil:
		return "", err
	case f == nil:
		return "", phoneconf.ErrNoFile
	case f.fault != nil:
		return "", f.fault.err
	}
	return f.hash(), nil
}
