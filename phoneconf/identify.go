package phoneconf

import (
	"regexp"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxUserAgent is longer than any phone's; longer ones are not looked at.
const maxUserAgent = 256

var (
	// Groups: model, firmware, MAC or an opaque token (some firmware puts the
	// hardware version there).
	yealinkAgent = regexp.MustCompile(`(?i)^(?:yealink[ -]+)?(?:SIP(?:[ -]VP)?[ -])?([A-Z]{1,2}\d{2,3}[A-Z]{0,2}(?:_E2)?)\s+(\d+(?:\.\d+){3})(?:\s+(\S+))?\s*$`)
	// Groups: model, firmware, MAC after '_', serial number (a MAC when it has 12
	// digits).
	polycomAgent = regexp.MustCompile(`^(?:Polycom/\S+\s+)?(?:FileTransport\s+)?Poly(?:com)?[A-Za-z]*-([A-Za-z]+_?[A-Za-z0-9]+)-UA/(\d+(?:\.\d+)*)(?:_([0-9a-fA-F]{12}))?(?:\s+\(SN:([^)]*)\))?(?:\s+Type/\w+)?\s*$`)
)

// Identify reads what a phone says of itself in a User-Agent, HTTP or SIP. All
// results are empty when it is no phone of a known make. A header is what its
// sender wrote: good for guessing a model, never for deciding what to serve. The
// firmware of a Polycom that is still booting is its boot loader's.
func Identify(userAgent string) (vendor pbx.Vendor, model, firmware string, mac pbx.MAC) {
	if len(userAgent) > maxUserAgent {
		return "", "", "", ""
	}
	if m := yealinkAgent.FindStringSubmatch(userAgent); m != nil {
		return pbx.Yealink, strings.ToUpper(m[1]), m[2], macOrNone(m[3])
	}
	if m := polycomAgent.FindStringSubmatch(userAgent); m != nil {
		return pbx.Polycom, strings.ReplaceAll(m[1], "_", ""), m[2], macOrNone(m[3] + m[4])
	}
	return "", "", "", ""
}

func macOrNone(s string) pbx.MAC {
	mac, err := pbx.ParseMAC("", s)
	if err != nil {
		return ""
	}
	return mac
}
