package signin

import "sync"

// recheck tells event streams, which last long, that the right of a caller may have ended.
type recheck struct {
	mu      sync.Mutex
	changed chan struct{} // closed by the next change
}

// RightsChanged returns a channel that is closed when rights of callers may have ended: a
// token was revoked, a session ended, or the configuration changed. Ask Still then.
func (a *Authenticator) RightsChanged() <-chan struct{} {
	a.recheck.mu.Lock()
	defer a.recheck.mu.Unlock()
	return a.recheck.changed
}

// Recheck says that rights of callers may have ended.
func (a *Authenticator) Recheck() {
	a.recheck.mu.Lock()
	defer a.recheck.mu.Unlock()
	close(a.recheck.changed)
	a.recheck.changed = make(chan struct{})
}
