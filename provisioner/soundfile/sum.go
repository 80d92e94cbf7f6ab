package soundfile

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"time"
)

var errDamaged = errors.New("it has another hash than its name")

// sums remembers the hashes of files by their paths. A file is read again when its size or the time
// of its last change is another one.
type sums map[string]summed

type summed struct {
	size    int64
	changed time.Time
	sum     string
}

// of returns the SHA-256 of a file, hexadecimal.
func (s sums) of(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if known, found := s[path]; found && known.size == info.Size() && known.changed.Equal(info.ModTime()) {
		return known.sum, nil
	}
	sum, err := hashOf(file)
	if err != nil {
		return "", err
	}
	s[path] = summed{info.Size(), info.ModTime(), sum}
	return sum, nil
}

// same reports whether a file was placed whole.
func (s sums) same(from, to string) bool {
	a, err := s.of(from)
	b, otherErr := s.of(to)
	return err == nil && otherErr == nil && a == b
}

// forget keeps the files of named sounds alone.
func (s sums) forget(named map[string]bool) {
	maps.DeleteFunc(s, func(path string, _ summed) bool {
		found := soundName.FindStringSubmatch(filepath.Base(path))
		return found == nil || !named[found[1]]
	})
}
