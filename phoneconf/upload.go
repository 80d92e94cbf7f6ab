package phoneconf

import (
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Upload is a file that phones of a make send.
type Upload struct {
	suffix string // after the MAC
	// Back says that the phone asks for it again: its own overrides, which it
	// would otherwise lose at a restart.
	Back bool
	// MaxBytes bounds it.
	MaxBytes int64
}

// uploads are all files that phones may send (phones/polycom.md, 1; phones/yealink.md,
// 1.2 and 1.4; the names of Yealink's logs are uncertain there). Names are compared
// in lower case: a T54W asks for its contacts in upper case.
var uploads = map[pbx.Vendor][]Upload{
	pbx.Polycom: {
		{suffix: "-app.log", MaxBytes: 1 << 20},
		{suffix: "-boot.log", MaxBytes: 1 << 20},
		{suffix: "-calls.xml", MaxBytes: 256 << 10, Back: true},
		{suffix: "-directory.xml", MaxBytes: 256 << 10, Back: true},
		{suffix: "-phone.cfg", MaxBytes: 256 << 10, Back: true},
		{suffix: "-web.cfg", MaxBytes: 256 << 10, Back: true},
	},
	pbx.Yealink: {
		{suffix: "-boot.log", MaxBytes: 1 << 20},
		{suffix: "-calllog.xml", MaxBytes: 256 << 10, Back: true},
		{suffix: "-contact.xml", MaxBytes: 256 << 10, Back: true},
		{suffix: "-local.cfg", MaxBytes: 256 << 10, Back: true},
		{suffix: "-sys.log", MaxBytes: 1 << 20},
	},
}

// OfUser reports whether a file, named without the MAC, is of a phone's user: contacts and
// call lists, and not what the phone says of itself.
func OfUser(suffix string) bool {
	return slices.Contains([]string{"-calls.xml", "-directory.xml", "-calllog.xml", "-contact.xml"}, suffix)
}

// UploadOf returns the rules for a file that a phone sends under its own URL; not
// ok when phones of its make send no such file.
func UploadOf(p *pbx.Phone, name FileName) (Upload, bool) {
	mac := string(p.MAC)
	if len(name) <= len(mac) || string(name[:len(mac)]) != mac {
		return Upload{}, false
	}
	i := slices.IndexFunc(uploads[p.Vendor], func(u Upload) bool { return u.suffix == string(name[len(mac):]) })
	if i < 0 {
		return Upload{}, false
	}
	return uploads[p.Vendor][i], true
}
