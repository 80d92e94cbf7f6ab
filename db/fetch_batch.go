package db

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// FetchBatch collects requests of phones for AddFetches, as bytes. Tens of thousands of
// them wait here in a boot storm, and the garbage collector is not to scan them. A request
// is its status, its time, a byte with own and the reason, and five texts, each behind its
// length. It is for one goroutine at a time.
type FetchBatch struct {
	content []byte
	n       int
}

// refusals are numbered in a batch by their place.
var refusals = pbx.Refusals()

// Size is what the batch takes in bytes, Requests how many requests it holds.
func (b *FetchBatch) Size() int     { return len(b.content) }
func (b *FetchBatch) Requests() int { return b.n }

// Reset empties the batch and keeps its memory.
func (b *FetchBatch) Reset() { b.content, b.n = b.content[:0], 0 }

// Add takes a request.
func (b *FetchBatch) Add(f pbx.PhoneFetch) {
	c := binary.AppendVarint(b.content, int64(f.Status))
	c = binary.AppendVarint(c, millis(f.At))
	// A batch of the version before has the same form and no reasons.
	flags := byte(max(0, slices.Index(refusals, f.Reason))) << 1
	if f.Own {
		flags |= 1
	}
	c = append(c, flags)
	var room [24]byte
	address := room[:0]
	if f.Address.IsValid() {
		address, _ = f.Address.AppendBinary(address) // it never fails
	}
	c = append(append(c, byte(len(address))), address...)
	for _, text := range [...]string{string(f.MAC), cut(f.File), f.Hash, cut(f.UserAgent)} {
		c = append(binary.AppendUvarint(c, uint64(len(text))), text...)
	}
	b.content, b.n = c, b.n+1
}

// sortedFetches are requests of which those that differ in nothing but their time
// are one.
type sortedFetches struct {
	rows  map[pbx.PhoneFetch][]int64 // the last times, oldest first; the key has none
	texts map[string]string          // each text once
}

func newSortedFetches() *sortedFetches {
	return &sortedFetches{map[pbx.PhoneFetch][]int64{}, map[string]string{}}
}

// take adds the requests of a batch, up to the first damaged one. It reports whether all
// were read.
func (s *sortedFetches) take(content []byte) bool {
	r := fetchReader{left: content, texts: s.texts}
	for len(r.left) > 0 {
		f := pbx.PhoneFetch{Status: int(r.number())}
		at := r.number()
		flags := r.bytes(1)[0]
		f.Own = flags&1 == 1
		if i := int(flags >> 1); i < len(refusals) {
			f.Reason = refusals[i]
		}
		f.Address = r.address()
		f.MAC, f.File, f.Hash, f.UserAgent = pbx.MAC(r.text()), r.text(), r.text(), r.text()
		if r.broken {
			return false
		}
		times := s.rows[f]
		if len(times) == timesPerRow {
			times = append(times[:0], times[1:]...)
		}
		s.rows[f] = append(times, at)
	}
	return true
}

// fetchReader takes a batch apart. A batch that is too short breaks it.
type fetchReader struct {
	left   []byte
	texts  map[string]string
	broken bool
}

func (r *fetchReader) number() int64 {
	v, n := binary.Varint(r.left)
	r.skip(n)
	return v
}

func (r *fetchReader) skip(n int) {
	if n <= 0 || n > len(r.left) {
		r.broken, r.left = true, nil
		return
	}
	r.left = r.left[n:]
}

// bytes returns the next n, of zeros when there are not as many.
func (r *fetchReader) bytes(n int) []byte {
	if n < 0 || n > len(r.left) {
		r.broken, r.left = true, nil
		return make([]byte, 1)
	}
	b := r.left[:n]
	r.left = r.left[n:]
	return b
}

func (r *fetchReader) address() (a netip.Addr) {
	if err := a.UnmarshalBinary(r.bytes(int(r.bytes(1)[0]))); err != nil {
		r.broken = true
	}
	return a
}

func (r *fetchReader) text() string {
	n, size := binary.Uvarint(r.left)
	r.skip(size)
	b := r.bytes(int(min(n, 1<<20)))
	t, known := r.texts[string(b)]
	if !known {
		t = string(b)
		r.texts[t] = t
	}
	return t
}

// timeDigits is how many digits a time has in the column times.
const timeDigits = 13

// timesText writes each time with as many digits, so that SQL can cut the oldest.
func timesText(times []int64) string {
	b := make([]byte, 0, timeDigits*timesPerRow)
	for _, t := range times {
		b = fmt.Appendf(b, "%0*d", timeDigits, min(max(t, 0), 9999999999999))
	}
	return string(b)
}

// keys lists the rows by MAC: those that stand in one page are written together.
func (s *sortedFetches) keys() []pbx.PhoneFetch {
	keys := make([]pbx.PhoneFetch, 0, len(s.rows))
	for k := range s.rows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b pbx.PhoneFetch) int { return strings.Compare(string(a.MAC), string(b.MAC)) })
	return keys
}
