package phoneconf

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxOverrides bounds the names of one file that Overrides returns.
const maxOverrides = 500

// parameterName is how both makes write one. Anything else in a phone's file is not told.
var parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,99}$`)

// overriding are the files by which a phone keeps what was set at its menu or its web page.
// They count before what is rendered.
var overriding = map[pbx.Vendor][]string{pbx.Polycom: {"-phone.cfg", "-web.cfg"}, pbx.Yealink: {"-local.cfg"}}

// Overriding reports whether a file that a phone sent holds settings of the phone's own.
func Overriding(p *pbx.Phone, name FileName) bool {
	suffix, ok := strings.CutPrefix(string(name), string(p.MAC))
	return ok && slices.Contains(overriding[p.Vendor], suffix)
}

// noOverrides is what a Polycom that has sent none of its own settings gets for them.
const noOverrides = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PHONE_CONFIG>
<OVERRIDES/>
</PHONE_CONFIG>
`

// NoOverrides is what a phone gets in place of a file with its own settings that it has not sent,
// or that was deleted: a Polycom keeps what it has, such as another system's forward or patterns
// for dialling, until it gets an empty one. It is nil where there is no such file.
func NoOverrides(p *pbx.Phone, name FileName) []byte {
	if p.Vendor != pbx.Polycom || !Overriding(p, name) {
		return nil
	}
	return []byte(noOverrides)
}

// Overrides returns the names of the parameters that such a file sets, sorted, without their
// values, which may be passwords. Of a file that cannot be read it returns those before the
// fault.
func Overrides(vendor pbx.Vendor, body []byte) []string {
	names := yealinkNames(body)
	if vendor == pbx.Polycom {
		names = polycomNames(body)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxOverrides)]
}

// yealinkNames reads lines such as "phone_setting.ring_type = Ring1.wav".
func yealinkNames(body []byte) (out []string) {
	for line := range strings.Lines(string(body)) {
		name, _, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); ok && parameterName.MatchString(name) {
			out = append(out, name)
		}
	}
	return out
}

// polycomNames reads the attributes of all elements.
func polycomNames(body []byte) (out []string) {
	reader := xml.NewDecoder(strings.NewReader(string(body)))
	reader.Strict = false
	for {
		token, err := reader.RawToken()
		if err != nil {
			return out
		}
		if element, ok := token.(xml.StartElement); ok {
			for _, a := range element.Attr {
				if a.Name.Space == "" && parameterName.MatchString(a.Name.Local) {
					out = append(out, a.Name.Local)
				}
			}
		}
	}
}
