package phoneconf

import (
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NeedsBranch is the oldest branch of firmware that understands the files of a model, in
// the words of its vendor: 80 for a Yealink, 5 for a Polycom. "" is any.
func (m Model) NeedsBranch() string {
	switch m.Era {
	case YealinkV80, YealinkDECT, YealinkMulticell:
		return "80"
	case PolycomUCS4:
		return "3.3"
	case PolycomUCS:
		return "5"
	}
	return ""
}

// BranchBelow reports whether a firmware is older than a branch. Of Yealink's four numbers
// the second is the branch (108.87.0.15 is V87); Polycom's versions begin with theirs. A
// firmware that cannot be read is not older.
func BranchBelow(vendor pbx.Vendor, firmware, branch string) bool {
	if branch == "" || firmware == "" {
		return false
	}
	if vendor == pbx.Yealink {
		_, firmware, _ = strings.Cut(firmware, ".")
	}
	has := strings.Split(firmware, ".")
	for i, text := range strings.Split(branch, ".") {
		if i >= len(has) {
			return false
		}
		need, _ := strconv.Atoi(text)
		n, err := strconv.Atoi(has[i])
		if err != nil || n > need {
			return false
		}
		if n < need {
			return true
		}
	}
	return false
}
