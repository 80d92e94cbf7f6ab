package phoneconf

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// IsFull reports whether a file of the phone's own URL is the one with its
// accounts, so that a phone that has it needs the generic URL no more.
func IsFull(p *pbx.Phone, name FileName) bool {
	if p.Vendor == pbx.Polycom {
		return name == FileName(p.MAC)+polycomReg
	}
	return name == FileName(p.MAC)+".cfg"
}
