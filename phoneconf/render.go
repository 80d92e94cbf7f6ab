package phoneconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// Engine renders the templates; the name here lets provisioner/phonehttp hold one
// without importing templates.
type Engine = templates.Engine

// FileName is the name of a phone's file, in lower case.
type FileName string

// ContentType is what the Content-Type header of a file says.
type ContentType string

// The content types of the two makes (Yealink: plain text works in every source;
// Polycom: files are XML).
const (
	YealinkType ContentType = "text/plain; charset=utf-8"
	PolycomType ContentType = "text/xml; charset=utf-8"
)

// ErrNoFile means that the phone has no file of that name: answer 404.
var ErrNoFile = errors.New("no such file of this phone")

// Files returns the files that the phone's own URL serves. A Yealink asks for
// <mac>.boot first, then for y000000000000.boot, its model's common file and
// <mac>.cfg, of which the last wins; a boot file that is there ends that, so ours
// names <mac>.cfg, which holds everything. Firmware up to V73 knows no boot file.
// A Polycom gets a master file that names those of its registrations and of its
// site, of which the first wins, and a directory.
func Files(_ *pbx.Snapshot, p *pbx.Phone) []FileName {
	mac := FileName(p.MAC)
	switch p.Vendor {
	case pbx.Yealink:
		if m, ok := Lookup(p.Vendor, p.Model); ok && m.Era == YealinkV70 {
			return []FileName{mac + ".cfg", mac + yealinkPhonebook}
		}
		return []FileName{mac + ".boot", mac + ".cfg", mac + yealinkPhonebook}
	case pbx.Polycom:
		return []FileName{mac + ".cfg", mac + polycomReg, mac + polycomSite, mac + polycomDirectory}
	}
	return nil
}

// EnrolFiles returns the files that the generic URL serves in the enrolment window.
func EnrolFiles(p *pbx.Phone) []FileName {
	switch p.Vendor {
	case pbx.Yealink:
		return []FileName{FileName(p.MAC) + ".cfg"}
	case pbx.Polycom:
		return []FileName{FileName(p.MAC) + ".cfg", FileName(p.MAC) + polycomEnrol}
	}
	return nil
}

// Render returns a file of the phone's own URL: complete, with its passwords.
// site.Year must be set. The error is ErrNoFile when Files does not list name;
// any other says what in the snapshot cannot be rendered.
func Render(e *Engine, s *pbx.Snapshot, p *pbx.Phone, site Site, name FileName) ([]byte, ContentType, error) {
	if !slices.Contains(Files(s, p), name) {
		return nil, "", ErrNoFile
	}
	in := gather(s, p, site)
	b, err := in.render(e.For(PlaceOf(p)), s, p.Tenant, name)
	if err != nil {
		return nil, "", fmt.Errorf("rendering %s: %w", name, err)
	}
	return b, contentType(p.Vendor, name), nil
}

// RenderEnrol returns a file of the generic URL: the address of the phone's own
// URL and the switches that keep a phone there, no account and no password.
func RenderEnrol(e *Engine, p *pbx.Phone, site Site, name FileName) ([]byte, ContentType, error) {
	if !slices.Contains(EnrolFiles(p), name) {
		return nil, "", ErrNoFile
	}
	b, err := renderEnrol(e.For(PlaceOf(p)), p, site, name)
	if err != nil {
		return nil, "", fmt.Errorf("rendering %s for enrolment: %w", name, err)
	}
	return b, contentType(p.Vendor, name), nil
}

func (in *input) render(e *Engine, s *pbx.Snapshot, tenant string, name FileName) ([]byte, error) {
	if in.problem != "" {
		return nil, errors.New(in.problem)
	}
	m, ok := Lookup(in.vendor, in.model)
	if !ok {
		return nil, fmt.Errorf("model %q of %s is not known", in.model, in.vendor)
	}
	switch ending := strings.TrimPrefix(string(name), string(in.mac)); {
	case ending == ".boot":
		return renderBoot(e, in.mac)
	case ending == yealinkPhonebook:
		return renderPhonebook(e, s, tenant)
	case ending == polycomDirectory:
		return renderDirectory(e, s, tenant, in, m)
	case ending == polycomReg:
		return renderPolycomReg(e, in, m)
	case ending == ".cfg" && in.vendor == pbx.Polycom:
		return renderMaster(e, in.mac, in.site.firmwareURL(in.settings.FirmwareOf(m.Name)), polycomReg, polycomSite)
	}
	clk, err := clockOf(in.zone, in.site.Year)
	if err != nil {
		return nil, err
	}
	if in.vendor == pbx.Polycom {
		return renderPolycomSite(e, in, m, clk)
	}
	return renderYealink(e, in, m, clk)
}

func renderEnrol(e *Engine, p *pbx.Phone, site Site, name FileName) ([]byte, error) {
	switch {
	case p.Vendor == pbx.Yealink:
		return renderYealinkEnrol(e, p, site)
	case name == FileName(p.MAC)+".cfg":
		return renderMaster(e, p.MAC, "", polycomEnrol)
	default:
		return renderPolycomEnrol(e, p, site)
	}
}

func contentType(v pbx.Vendor, name FileName) ContentType {
	if v == pbx.Polycom || strings.HasSuffix(string(name), ".xml") {
		return PolycomType
	}
	return YealinkType
}

// lineLabel is what stands beside a line key: the number people dial, as short as
// it gets. A device that rings for nobody shows its tenant's title.
func (in *input) lineLabel(l *lineInput, maxBytes int) string {
	if l.number != "" {
		return l.number
	}
	return readable(in.title, readable(l.name, fmt.Sprintf("Line %d", l.registration), maxBytes), maxBytes)
}
