package bench

import (
	"slices"
	"testing"
	"time"
)

// The clock runs from the first sending of the second INVITE to its first 200:
// the challenge, provisional answers, repetitions and Asterisk's own INVITEs do
// not count, and a call without an answer gives nothing.
func TestResponseTimes(t *testing.T) {
	const log = `2026-11-22	08:48:32.728200	1795337312.728200	S	1-9@127.0.0.1	CSeq:1 INVITE	INVITE sip:910000@127.0.0.1:18464 SIP/2.0
2026-11-22	08:48:32.729078	1795337312.729078	R	1-9@127.0.0.1	CSeq:1 INVITE	SIP/2.0 401 Unauthorized
2026-11-22	08:48:32.730468	1795337312.730468	S	1-9@127.0.0.1	CSeq:2 INVITE	INVITE sip:910000@127.0.0.1:18464 SIP/2.0
2026-11-22	08:48:32.730500	1795337312.730500	S	2-9@127.0.0.1	CSeq:2 INVITE	INVITE sip:910001@127.0.0.1:18464 SIP/2.0
2026-11-22	08:48:32.731039	1795337312.731039	R	1-9@127.0.0.1	CSeq:2 INVITE	SIP/2.0 100 Trying
2026-11-22	08:48:32.735886	1795337312.735886	R	1-9@127.0.0.1	CSeq:2 INVITE	SIP/2.0 180 Ringing
2026-11-22	08:48:32.737485	1795337312.737485	R	1-9@127.0.0.1	CSeq:2 INVITE	SIP/2.0 200 OK
2026-11-22	08:48:32.800000	1795337312.800000	R	1-9@127.0.0.1	CSeq:2 INVITE	SIP/2.0 200 OK
2026-11-22	08:48:33.230500	1795337313.230500	S	2-9@127.0.0.1	CSeq:2 INVITE	INVITE sip:910001@127.0.0.1:18464 SIP/2.0
2026-11-22	08:48:33.240500	1795337313.240500	R	2-9@127.0.0.1	CSeq:2 INVITE	SIP/2.0 200 OK
2026-11-22	08:48:33.250000	1795337313.250000	R	2-9@127.0.0.1	CSeq:17713 INVITE	INVITE sip:d@127.0.0.1:18819 SIP/2.0
2026-11-22	08:48:33.260000	1795337313.260000	S	3-9@127.0.0.1	CSeq:2 INVITE	INVITE sip:910002@127.0.0.1:18464 SIP/2.0
`
	got, err := responseTimes(log)
	if want := []time.Duration{7017 * time.Microsecond, 510 * time.Millisecond}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if _, err := responseTimes("a\tb\tsoon\tS\t1\tCSeq:2 INVITE\tx\n"); err == nil {
		t.Error("nonsense for a time is taken")
	}
}
