package phonehttp

import (
	"crypto/sha256"
	"log/slog"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// failLevel is how loud a file is that cannot be rendered. Thousands may come from
// one template of the site's: whoever watches those says it once for all.
func failLevel(err error) slog.Level {
	if _, ok := phoneconf.SiteFault(err); ok {
		return slog.LevelDebug
	}
	return slog.LevelError
}

// shipped renders with the shipped templates a file whose own template failed and
// of which no good one is in memory.
func (fs *Files) shipped(s *pbx.Snapshot, e *entry, site phoneconf.Site, key fileKey, print [sha256.Size]byte,
	bad *phoneconf.SiteError) *file {
	fs.o.Logger.Debug("a site's template fails, the shipped one is used", "mac", key.mac, "file", key.name, "error", bad)
	f := &file{key: key.text(), owner: e.secret}
	engine := fs.o.Engine.Shipped()
	body, ctype, err := phoneconf.Render(engine, s, e.phone, site, key.name)
	if key.enrol {
		body, ctype, err = phoneconf.RenderEnrol(engine, e.phone, site, key.name)
	}
	if err == nil {
		f = newFile(key, e.secret, print, body, ctype)
		f.body = fs.packer.pack(kindOf(e.phone, key), body)
	}
	f.fault = &fault{print: print, plain: err == nil, err: bad}
	return f
}
