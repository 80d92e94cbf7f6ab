package fleet

import (
	"net/netip"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// BenchmarkAdd measures recording one request without subscribers.
func BenchmarkAdd(b *testing.B) {
	l := newFetchLog(testOptions(b))
	fetch := pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Status: 200, Hash: "aa", Own: true, Address: netip.MustParseAddr("192.0.2.7"), UserAgent: "Yealink SIP-T46U 108.86.0.90", At: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if l.batch.Size() > fetchBytes-1000 {
			l.batch.Reset()
		}
		l.add(fetch)
	}
}
