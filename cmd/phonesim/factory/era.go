package factory

import (
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Era is a make and the generations of its software that share their ways.
type Era string

// The eras. Polycom's UC Software 6 has the parameters and defaults of 5.
const (
	YealinkV70  Era = "v70"  // V70 to V73: T2xP, T3xG, first years of the T4x
	YealinkV80  Era = "v80"  // V80 to V86
	YealinkV87  Era = "v87"  // V87 and newer, which offers ciphers of 256 bits
	YealinkDECT Era = "dect" // bases with handsets
	PolycomSIP3 Era = "sip3" // SIP software 1.x to 3.2
	PolycomUCS4 Era = "ucs4" // UC Software 3.3 and 4
	PolycomUCS5 Era = "ucs5" // UC Software 5 and newer, and what came after it
)

// Eras lists all eras.
func Eras() []Era {
	return []Era{YealinkV70, YealinkV80, YealinkV87, YealinkDECT, PolycomSIP3, PolycomUCS4, PolycomUCS5}
}

// Vendor is the make of an era.
func (e Era) Vendor() phone.Vendor {
	switch e {
	case PolycomSIP3, PolycomUCS4, PolycomUCS5:
		return phone.Polycom
	}
	return phone.Yealink
}

// EraOf reads the era from a model's name and firmware. The second number of a Yealink's is its
// branch: 108.87.0.15 is V87. The first of a Polycom's is its release.
func EraOf(vendor phone.Vendor, model, firmware string) Era {
	numbers := [3]int{}
	for i, text := range strings.SplitN(firmware+"...", ".", 4)[:3] {
		numbers[i], _ = strconv.Atoi(text)
	}
	major, minor := numbers[0], numbers[1]
	switch {
	case vendor == phone.Polycom && (major < 3 || major == 3 && minor < 3):
		return PolycomSIP3
	case vendor == phone.Polycom && major < 5:
		return PolycomUCS4
	case vendor == phone.Polycom:
		return PolycomUCS5
	case strings.HasPrefix(model, "W"):
		return YealinkDECT
	case minor < 80:
		return YealinkV70
	case minor < 87:
		return YealinkV80
	}
	return YealinkV87
}
