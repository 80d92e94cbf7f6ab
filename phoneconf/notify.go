package phoneconf

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// CheckSync is the Event header of the SIP NOTIFY that makes a phone of a vendor
// fetch its files again without dropping calls. Yealink reboots on a bare
// check-sync unless told otherwise (phones/yealink.md, 5); Polycom restarts only
// when a changed parameter needs it (phones/polycom.md, 5).
func CheckSync(v pbx.Vendor) string {
	if v == pbx.Yealink {
		return "check-sync;reboot=false"
	}
	return "check-sync"
}

// Reboot is the Event header that makes a phone of a vendor restart; not ok for
// Polycom, which has no such event: our files tell it to restart only where a
// change needs it, and nothing shows that it knows Yealink's parameter.
func Reboot(v pbx.Vendor) (event string, ok bool) {
	return "check-sync;reboot=true", v == pbx.Yealink
}
