package provisioner

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
)

func TestRetentionForgetsAndSaysSo(t *testing.T) {
	l := newLab(t)
	for _, name := range []string{"one", "two", "three"} {
		l.extension("101", name)
	}
	l.retention.forget(t.Context(), time.Now().Add(-time.Hour))
	if got := l.changes(); got != 3 || strings.Contains(l.log.String(), "forgot") {
		t.Errorf("%d changes after nothing was old; log: %s", got, l.log)
	}
	l.retention.forget(t.Context(), time.Now().Add(time.Hour))
	if got := l.changes(); got != 1 || !strings.Contains(l.log.String(), "forgot old records") {
		t.Errorf("%d changes after all were old, the newest revision's stays; log: %s", got, l.log)
	}
}

func (l *lab) changes() int {
	l.t.Helper()
	cs, err := l.store.Changes(l.t.Context(), db.ChangeFilter{Kind: "extension"})
	if err != nil {
		l.t.Fatal(err)
	}
	return len(cs)
}
