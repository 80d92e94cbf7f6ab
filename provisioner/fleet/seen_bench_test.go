package fleet

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// BenchmarkNote measures noting one request in memory, of 10,000 phones in turn.
func BenchmarkNote(b *testing.B) {
	var phones []*pbx.Phone
	for i := range 10_000 {
		phones = append(phones, seenPhone(pbx.MAC(fmt.Sprintf("001565%06x", i)), pbx.Yealink, fmt.Sprint("secret", i)))
	}
	snapshot := seenSnapshot(1, phones...)
	s, err := newSightings(b.Context(), openStore(b), slog.New(slog.DiscardHandler), func() *pbx.Snapshot { return snapshot })
	if err != nil {
		b.Fatal(err)
	}
	fetch := pbx.PhoneFetch{Status: 200, Hash: "aa", Own: true, Address: netip.MustParseAddr("192.0.2.7"), UserAgent: "Yealink SIP-T46U 108.86.0.90", At: time.Now()}
	i := 0
	for b.Loop() {
		fetch.MAC = phones[i%len(phones)].MAC
		fetch.File = string(fetch.MAC) + ".cfg"
		s.note(fetch)
		i++
	}
}
