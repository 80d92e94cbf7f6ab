package ami

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait.
const patience = 10 * time.Second

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// dialServer logs in to a fake; events go to the channel when it is not nil.
func dialServer(t *testing.T, server *amitest.Server, events chan<- Event) *Session {
	t.Helper()
	s, err := Dial(testContext(t), Options{Address: server.Address(), Username: "dialtone", Secret: "100%s%d%"},
		func(e Event) {
			if events != nil {
				events <- e
			}
		})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func receive[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case v := <-from:
		return v
	case <-timeout.C:
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}
