package pbx

import (
	"net/netip"
	"time"
)

// InboxPhone is a phone that asked for its files and belongs to nobody yet:
// observed state. Make, model and firmware are what its User-Agent claims, empty
// when that is no phone we know; anybody can send one.
type InboxPhone struct {
	MAC       MAC
	Vendor    Vendor
	Model     string
	Firmware  string
	UserAgent string     // of the last request, at most 200 bytes of printable text
	Address   netip.Addr // of the last request
	Reason    Refusal    // of the last request: RefusedNobody, RefusedURL or RefusedCertificate
	FirstSeen time.Time
	LastSeen  time.Time
	Count     int64 // requests
}
