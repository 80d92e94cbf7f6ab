package event

import "time"

// Apply is how far Asterisk has come in taking the configuration.
type Apply struct {
	Applied  int64         // revision that Asterisk runs
	Failed   int64         // revision of the last failure; 0 after a success
	Error    string        // why it failed
	At       time.Time     // when the last pass ended
	Took     time.Duration // how long it took
	Reloaded []string      // modules that Asterisk reloaded
	// Warnings name the parts of the revision that are not in force. Asterisk lacks a
	// module for them; everything else is in force.
	Warnings []string
}

// Type returns TypeApply.
func (Apply) Type() Type { return TypeApply }

// Progress is how far one revision has come.
type Progress string

// The states of a revision.
const (
	Pending Progress = "pending"
	Applied Progress = "applied"
	Failed  Progress = "failed"
)

// Progress tells how far a revision has come.
func (a Apply) Progress(revision int64) Progress {
	switch {
	case a.Applied >= revision:
		return Applied
	case a.Failed >= revision:
		return Failed
	}
	return Pending
}
