package cdr

import (
	"context"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// OwnRecordings returns whether a recording is of a call in which an extension talked, by its
// name. The records of calls say so: the numbers in the name of a recording are what callers
// say, and of the extensions that had them then.
func (r *Recorder) OwnRecordings(ctx context.Context, tenant, extension string) (owns func(name string) bool,
	err error) {
	calls, err := r.db.RecordedCallsOf(ctx, tenant, extension)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, c := range calls {
		own[c.Recording] = true
		for _, id := range c.Channels {
			own[pbx.RecordingEnd(id)] = true
		}
	}
	return func(name string) bool {
		return own[name] || own[name[max(strings.LastIndexByte(name, '_'), 0):]]
	}, nil
}
