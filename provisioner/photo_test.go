package provisioner

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// jpegOf is a progressive JPEG of 8 × 8 grey pixels: a segment of another program's, then
// one scan of the means and others that each add nothing.
func jpegOf(scans int, segment []byte) []byte {
	out := []byte{0xff, 0xd8}
	part := func(marker byte, content ...byte) {
		n := len(content) + 2
		out = append(append(out, 0xff, marker, byte(n>>8), byte(n)), content...)
	}
	oneCode := append([]byte{1}, make([]byte, 15)...) // one code, of one bit
	part(0xe1, segment...)
	part(0xdb, append([]byte{0}, slices.Repeat([]byte{1}, 64)...)...)
	part(0xc2, 8, 0, 8, 0, 8, 1, 1, 0x11, 0)
	part(0xc4, slices.Concat([]byte{0x00}, oneCode, []byte{0})...)
	part(0xc4, slices.Concat([]byte{0x10}, oneCode, []byte{0})...)
	for i := range scans {
		if i == 0 {
			part(0xda, 1, 1, 0, 0, 0, 0)
		} else {
			part(0xda, 1, 1, 0, 1, 63, 0)
		}
		out = append(out, 0x7f) // the code and padding
	}
	return append(out, 0xff, 0xd9)
}

// A picture of a few kilobytes must not cost minutes of a processor.
func TestPhotoWithManyScansIsRefused(t *testing.T) {
	marker := slices.Repeat([]byte{0xff, 0xda, 0, 2}, 300)
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"as cameras make them", jpegOf(10, nil), ""},
		{"the most", jpegOf(maxScans, nil), ""},
		{"markers inside a segment", jpegOf(10, marker), ""},
		{"one more", jpegOf(maxScans+1, nil), "more than 100 scans"},
		{"behind a segment", jpegOf(maxScans+1, marker), "more than 100 scans"},
		{"as large as allowed", jpegOf(90_000, nil), "more than 100 scans"},
		{"cut off in a segment", jpegOf(10, nil)[:30], "not a complete picture"},
	} {
		_, err := checkPhoto(t.Context(), c.content)
		if got := ""; err != nil {
			got = err.Error()
			if c.want == "" || !strings.Contains(got, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if c.want != "" {
			t.Errorf("%s is taken", c.name)
		}
	}
}

// A waiting client holds a picture in memory: few wait, others are told to try again, and a
// client that has left waits no longer.
func TestPhotosWaitInABoundedQueue(t *testing.T) {
	photos.decoding <- struct{}{}
	defer func() { <-photos.decoding }()
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan error, photosWaiting)
	for range photosWaiting {
		go func() { done <- decode(ctx, "photo", jpegOf(1, nil)) }()
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(photos.waiting) < photosWaiting && time.Now().Before(deadline) {
		select {
		case err := <-done:
			t.Fatalf("one of those who may wait: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	if err := decode(t.Context(), "photo", jpegOf(1, nil)); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("one more: %v", err)
	}
	leave()
	for range photosWaiting {
		if err := <-done; pbx.KindOf(err) != pbx.Unavailable {
			t.Errorf("one who left: %v", err)
		}
	}
	if len(photos.waiting) != 0 {
		t.Errorf("%d still wait", len(photos.waiting))
	}
}
