// Package soundfile owns the files of the sounds that people upload.
//
// A sound is kept under the hash of what it says, in a folder beside the database, as Asterisk
// plays it: HASH.wav with 8,000 samples a second and HASH.wav16 with 16,000. The folder in which
// Asterisk finds it is beside its configuration, and is filled from that one: what is missing
// there is placed at the start, after each change and now and then. A file is written whole. It
// is removed some time after the last row that named it.
//
// One goroutine (Run) places and removes. It may import provisioner/pbx, provisioner/sound and
// provisioner/wholefile.
package soundfile

import (
	"context"
	"log/slog"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

const (
	// keptFor is how long a file stays that no row names. An upload is in no row yet, and
	// calls may be about to play what was just replaced.
	keptFor = time.Hour
	// lookEvery is how often the folders are compared without a change.
	lookEvery = 10 * time.Minute
)

// suffixes are those of Asterisk's format wav: of 8,000 samples a second and of 16,000.
const (
	narrowSuffix = ".wav"
	wideSuffix   = ".wav16"
)

var soundName = regexp.MustCompile(`^([0-9a-f]{64})\.(wav|wav16)$`)

// Options are the folders. All fields are required.
type Options struct {
	Dir      string // where sounds are kept
	Asterisk string // where Asterisk finds them
	// Named returns the hashes that rows name, and those that Asterisk may play.
	Named func(ctx context.Context) (map[string]bool, error)
	Log   *slog.Logger
}

// Files are both folders. Its methods are safe for concurrent use.
type Files struct {
	o      Options
	mu     sync.Mutex    // held while files are put and removed
	turn   chan struct{} // of the one conversion under way
	coming uploads
	sums   sums // guarded by mu
	change chan struct{}
}

// New returns the folders; they need not exist yet.
func New(o Options) *Files {
	return &Files{o: o, turn: make(chan struct{}, 1), coming: uploads{of: map[string]bool{}}, sums: sums{},
		change: make(chan struct{}, 1)}
}

// Nudge lets Run look for what is to be placed. It never waits.
func (f *Files) Nudge() {
	select {
	case f.change <- struct{}{}:
	default:
	}
}

// Run places and removes files until ctx ends.
func (f *Files) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := f.Arrange(ctx); err != nil && ctx.Err() == nil {
			f.o.Log.Error("placing the sounds of announcements", "error", err)
		}
		select {
		case <-f.change:
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *Files) kept(hash, suffix string) string   { return filepath.Join(f.o.Dir, hash+suffix) }
func (f *Files) placed(hash, suffix string) string { return filepath.Join(f.o.Asterisk, hash+suffix) }
