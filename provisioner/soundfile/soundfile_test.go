package soundfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// wav is a file of 8,000 samples a second with values that begin at one.
func wav(first byte, bytes int) []byte {
	b := append([]byte("RIFF....WAVEfmt "), 16, 0, 0, 0, 1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(bytes))
	for i := range bytes {
		b = append(b, first+byte(i))
	}
	return b
}

func open(t *testing.T) (*Files, map[string]bool) {
	t.Helper()
	named := map[string]bool{}
	f := New(Options{Dir: filepath.Join(t.TempDir(), "kept"), Asterisk: filepath.Join(t.TempDir(), "etc", "sounds"),
		Named: func(context.Context) (map[string]bool, error) { return named, nil }, Log: slog.New(slog.DiscardHandler)})
	return f, named
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestKeep(t *testing.T) {
	f, _ := open(t)
	kept, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(1, 8000)))
	if err != nil || kept.Length != 500*time.Millisecond {
		t.Fatalf("%+v, %v", kept, err)
	}
	want := []string{kept.Hash + ".wav", kept.Hash + ".wav16"}
	for _, dir := range []string{f.o.Dir, f.o.Asterisk} {
		if got := names(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s has %v", dir, got)
		}
	}
	if again, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(1, 8000))); err != nil || again != kept {
		t.Errorf("the same once more: %+v, %v", again, err)
	}
	if other, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(2, 8000))); err != nil || other.Hash == kept.Hash {
		t.Errorf("another one: %+v, %v", other, err)
	}
	sound, err := f.Open(kept.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer sound.Close()
	head := make([]byte, 4)
	if _, err := io.ReadFull(sound, head); err != nil || string(head) != "RIFF" {
		t.Errorf("%q, %v", head, err)
	}
}

// A wrong file is the sender's, and leaves nothing.
func TestWrongFilesLeaveNothing(t *testing.T) {
	f, _ := open(t)
	whole := wav(1, 8000)
	for _, content := range [][]byte{nil, []byte("hello"), whole[:len(whole)-1]} {
		if _, err := f.Keep(t.Context(), "default", bytes.NewReader(content)); pbx.KindOf(err) != pbx.Invalid ||
			!strings.Contains(err.Error(), "the file ") {
			t.Errorf("%v", err)
		}
	}
	broken := errors.New("broken")
	if _, err := f.Keep(t.Context(), "default", io.MultiReader(bytes.NewReader(whole[:100]), &failing{broken})); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if got := names(t, f.o.Dir); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// An upload that waits for another conversion gives up with the request.
func TestOneConversionAtATime(t *testing.T) {
	f, _ := open(t)
	f.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Keep(ctx, "default", bytes.NewReader(wav(1, 80))); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("%v", err)
	}
}

// slowly gives its bytes once it is let, and says when it is asked for the first time.
type slowly struct {
	asked, let chan struct{}
	from       io.Reader
}

func (s *slowly) Read(p []byte) (int, error) {
	close(s.asked)
	s.asked = make(chan struct{})
	<-s.let
	return s.from.Read(p)
}

// A file that comes in slowly holds up its own tenant alone.
func TestSlowUploadHoldsUpNobodyElse(t *testing.T) {
	f, _ := open(t)
	slow := &slowly{asked: make(chan struct{}), let: make(chan struct{}), from: bytes.NewReader(wav(1, 80))}
	asked, ended := slow.asked, make(chan error, 1)
	go func() {
		_, err := f.Keep(t.Context(), "slow", slow)
		ended <- err
	}()
	<-asked
	if _, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(2, 80))); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	if _, err := f.Keep(t.Context(), "slow", bytes.NewReader(wav(3, 80))); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("the same tenant: %v", err)
	}
	close(slow.let)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := f.Keep(t.Context(), "slow", bytes.NewReader(wav(3, 80))); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	for i := range mostUploads {
		f.coming.of[string(rune('a'+i))] = true
	}
	if _, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(2, 80))); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("too many at once: %v", err)
	}
}

// What is placed is compared by what it says, not by its size; a damaged file is not placed.
func TestDamagedSounds(t *testing.T) {
	f, named := open(t)
	kept, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(1, 800)))
	if err != nil {
		t.Fatal(err)
	}
	named[kept.Hash] = true
	right := map[string][]byte{}
	for _, suffix := range []string{".wav", ".wav16"} {
		path := f.placed(kept.Hash, suffix)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		right[suffix] = b
		if err := os.WriteFile(path, bytes.Repeat([]byte{7}, len(b)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Arrange(t.Context()); err != nil {
		t.Fatal(err)
	}
	for suffix, want := range right {
		if got, err := os.ReadFile(f.placed(kept.Hash, suffix)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not placed again: %v", suffix, err)
		}
	}
	if err := os.WriteFile(f.kept(kept.Hash, ".wav16"), bytes.Repeat([]byte{7}, len(right[".wav16"])), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Arrange(t.Context()); err == nil || !strings.Contains(err.Error(), kept.Hash) {
		t.Errorf("a damaged one: %v", err)
	}
	if got, err := os.ReadFile(f.placed(kept.Hash, ".wav16")); err != nil || !bytes.Equal(got, right[".wav16"]) {
		t.Errorf("it is placed: %v", err)
	}
}

// Asterisk's folder is filled again, and both lose what no row has named for long.
func TestArrange(t *testing.T) {
	f, named := open(t)
	var hashes []string
	for i := range 3 {
		kept, err := f.Keep(t.Context(), "default", bytes.NewReader(wav(byte(i), 800)))
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, kept.Hash)
	}
	used, gone, fresh := hashes[0], hashes[1], hashes[2]
	named[used] = true
	old := time.Now().Add(-2 * keptFor)
	other := filepath.Join(f.o.Asterisk, "somebody-elses.wav")
	half := filepath.Join(f.o.Dir, ".new-1")
	for _, path := range []string{other, half} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{f.kept(used, ".wav"), f.kept(gone, ".wav"), f.kept(gone, ".wav16"), f.placed(gone, ".wav"),
		f.placed(gone, ".wav16"), other, half} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Remove(f.placed(used, ".wav")), os.WriteFile(f.placed(used, ".wav16"), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := f.Arrange(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{used + ".wav", used + ".wav16", fresh + ".wav", fresh + ".wav16"}
	slices.Sort(want)
	if got := names(t, f.o.Dir); !slices.Equal(got, want) {
		t.Errorf("kept: %v, want %v", got, want)
	}
	if got := names(t, f.o.Asterisk); !slices.Equal(got, append(want, "somebody-elses.wav")) {
		t.Errorf("placed: %v", got)
	}
	for _, suffix := range []string{".wav", ".wav16"} {
		if !f.sums.same(f.kept(used, suffix), f.placed(used, suffix)) {
			t.Errorf("%s is not placed whole", suffix)
		}
	}
	named[strings.Repeat("0", 64)] = true // kept nowhere
	if err := os.Remove(f.placed(used, ".wav")); err != nil {
		t.Fatal(err)
	}
	if err := f.Arrange(t.Context()); err == nil || !strings.Contains(err.Error(), strings.Repeat("0", 64)) {
		t.Errorf("a sound that is missing: %v", err)
	}
	if !f.sums.same(f.kept(used, ".wav"), f.placed(used, ".wav")) {
		t.Error("another one is not placed for that")
	}
	if _, err := f.Open(strings.Repeat("0", 64)); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("%v", err)
	}
}
