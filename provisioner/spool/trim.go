package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Trimmed says what Trim has removed.
type Trimmed struct {
	Files int
	Bytes int64
}

// brokenAfter is how long a recording may be unfinished without a change. Then its call has ended
// without Asterisk.
const brokenAfter = time.Hour

// Trim removes recordings of a tenant that began before a time, and then the oldest ones until the
// others have at most so many bytes; 0 is without limit. A recording of a call that goes on stays, and
// counts. The tenant is known to exist.
func (s *Spool) Trim(ctx context.Context, tenant string, before time.Time, most int64) (out Trimmed, err error) {
	all, err := s.List(tenant, Filter{})
	if err != nil || len(all) == 0 {
		return out, err
	}
	folder, err := s.folder(tenant)
	if err != nil || folder == nil {
		return out, err
	}
	defer folder.Close()
	var total int64
	for _, r := range all {
		total += r.Bytes
	}
	for _, r := range all {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if !r.Started.Before(before) && (most == 0 || total <= most) {
			break // all others are younger
		}
		if !r.Finished {
			info, err := folder.Lstat(r.Name + pbx.RecordingSuffix)
			if err != nil || time.Since(info.ModTime()) < brokenAfter {
				continue
			}
		}
		if err := folder.Remove(r.Name + pbx.RecordingSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return out, fmt.Errorf("removing an old recording of tenant %s: %w", tenant, err)
		}
		out.Files++
		out.Bytes += r.Bytes
		total -= r.Bytes
	}
	return out, nil
}
