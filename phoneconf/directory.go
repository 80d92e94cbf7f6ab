package phoneconf

import (
	"crypto/sha256"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// How many people a phone's directory shows. No source names a limit for remote
// phonebooks; 500 contacts is what guides say of newer Polycoms and 99 of old
// ones [K].
const (
	phonebookEntries  = 5000
	directoryEntries  = 500
	oldDirectoryItems = 99
)

// The ends of directory files' names.
const (
	yealinkPhonebook = "-phonebook.xml"
	polycomDirectory = "-directory.xml"
)

// contact is one person of a directory.
type contact struct {
	Name, Number xmlAttr
	More         []xmlAttr // other numbers, where an entry can have several
	SpeedDial    int       // 0 for none
}

// IsDirectory reports whether a file shows the tenant's people. Such a file also
// depends on DirectoryFingerprint. It is not part of Fingerprint: phones fetch it
// when they look somebody up, or at their next poll, and a new colleague must not
// make ten thousand phones fetch everything at once.
func IsDirectory(name FileName) bool {
	return strings.HasSuffix(string(name), yealinkPhonebook) || strings.HasSuffix(string(name), polycomDirectory)
}

// OwnDirectory reports whether a phone's directory has anything of its own: its
// speed dials. Without, it is the same for all phones of the model in the tenant.
func OwnDirectory(s *pbx.Snapshot, p *pbx.Phone) bool {
	if p.Vendor != pbx.Polycom {
		return false
	}
	in := gather(s, p, Site{})
	return in.problem != "" || len(in.speedDials()) > 0
}

// DirectoryFingerprint identifies what a tenant's directory shows.
func DirectoryFingerprint(s *pbx.Snapshot, tenant string) [sha256.Size]byte {
	h := sha256.New()
	var b []byte
	for _, e := range s.PhonebookOf(tenant) {
		b = appendTexts(b[:0], e.Name, strings.Join(e.Numbers, " "))
		h.Write(b)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// people lists up to n people of a tenant whose number is not taken: its extensions by
// number, then its contacts by name. Hidden people are left out. Where an entry has one number
// alone, each number of a contact has an entry of its own.
func people(w *attrWriter, s *pbx.Snapshot, tenant string, taken map[string]bool, n, maxBytes int, several bool) []contact {
	var out []contact
	add := func(name string, numbers []string) {
		var free []xmlAttr
		for _, number := range numbers {
			if !taken[number] {
				free = append(free, w.attr("number", number))
			}
		}
		for len(free) > 0 && len(out) < n {
			c := contact{Name: w.attr("name", readable(name, numbers[0], maxBytes)), Number: free[0]}
			taken[free[0].text] = !several
			if free = free[1:]; several {
				c.More, free = free, nil
			}
			out = append(out, c)
		}
	}
	for _, e := range s.PhonebookOf(tenant) {
		add(e.Name, e.Numbers)
	}
	return out
}

// renderPhonebook renders a Yealink's remote phonebook.
func renderPhonebook(e *Engine, s *pbx.Snapshot, tenant string) ([]byte, error) {
	var w attrWriter
	view := struct{ People []contact }{people(&w, s, tenant, map[string]bool{}, phonebookEntries, yealinkTextBytes, true)}
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("yealink/phonebook.xml", view)
}

// renderDirectory renders a Polycom's directory: the phone's speed dials, in the
// order in which its keys name them, and then the tenant's people. A number
// stands there once.
func renderDirectory(e *Engine, s *pbx.Snapshot, tenant string, in *input, m Model) ([]byte, error) {
	var w attrWriter
	var view struct{ People []contact }
	taken := map[string]bool{}
	for i, b := range in.speedDials() {
		taken[b.Value] = true
		view.People = append(view.People, contact{Name: w.attr("label", readable(b.Label, b.Value, polycomLabelBytes)),
			Number: w.attr("number", b.Value), SpeedDial: i + 1})
	}
	most := directoryMost(m.Vendor, m.Name)
	view.People = append(view.People, people(&w, s, tenant, taken, max(0, most-len(view.People)), polycomLabelBytes,
		false)...)
	if w.err != nil {
		return nil, w.err
	}
	return e.Render("polycom/directory.xml", view)
}

// speedDials lists the speed dials of a phone, each number once.
func (in *input) speedDials() []pbx.Button {
	var out []pbx.Button
	seen := map[string]bool{}
	for _, b := range in.buttons {
		if b.Kind == pbx.SpeedDialButton && !seen[b.Value] {
			seen[b.Value] = true
			out = append(out, b)
		}
	}
	return out
}
