package eventlog

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is one start of a controller, as far as events are concerned.
type program struct {
	t    *testing.T
	db   *db.DB
	hub  *event.Hub
	log  *Log
	stop func()
}

func start(t *testing.T, path string) *program {
	t.Helper()
	store, err := db.Open(t.Context(), path, db.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, db: store, hub: event.NewHub()}
	p.log, err = New(t.Context(), Options{DB: store, Log: slog.New(slog.DiscardHandler), Events: p.hub,
		Queued: func() {}, Encode: func(e event.Event) ([]byte, error) { return json.Marshal(e.Data) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.log.Run(ctx) }()
	p.stop = func() {
		cancel()
		<-done
	}
	return p
}

func (p *program) end() {
	p.t.Helper()
	p.stop()
	p.hub.Publish("", event.Fetch{File: "the last"}) // others may end later
	p.hub.Close()
	if err := p.log.End(p.t.Context()); err != nil {
		p.t.Error(err)
	}
	p.close()
}

func (p *program) close() {
	p.t.Helper()
	if err := p.db.Close(); err != nil {
		p.t.Error(err)
	}
}

// after reads the files that fetches tell of.
func (p *program) after(tenant string, id uint64) (files string, es db.Events) {
	p.t.Helper()
	es, err := p.log.After(p.t.Context(), tenant, id, 100)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range es.Events {
		var f event.Fetch
		if err := json.Unmarshal(e.Data, &f); err != nil || e.Type != "fetch" {
			p.t.Errorf("%s %s: %v", e.Type, e.Data, err)
		}
		files += f.File + " "
	}
	return files, es
}

// A reader gets all that was published before it asked, over an orderly end too.
func TestEventsOutliveTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dialtone.db")
	p := start(t, path)
	first := p.hub.Last()
	p.hub.Publish("default", event.Fetch{File: "a"})
	p.hub.Publish("", event.Fetch{File: "b"})
	if files, es := p.after("", first); files != "a b " || es.Lost != 0 {
		t.Errorf("at once: %s %+v", files, es)
	}
	p.hub.Publish("default", event.Fetch{File: "c"})
	p.end()
	p = start(t, path)
	defer p.end()
	if p.hub.Last() <= first+4 {
		t.Errorf("ids go on after %d", p.hub.Last())
	}
	p.hub.Publish("default", event.Fetch{File: "d"})
	if files, es := p.after("", first+1); files != "b c the last d " || es.Lost != 0 {
		t.Errorf("after another start: %s %+v", files, es)
	}
	if files, es := p.after("default", first+1); files != "c d " || es.Lost != 0 {
		t.Errorf("of one tenant: %s %+v", files, es)
	}
}

// What a kill may have lost is told, and ids go on above those that were lost.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dialtone.db")
	p := start(t, path)
	p.hub.Publish("default", event.Fetch{File: "a"})
	_, _ = p.after("", 0)
	p.stop()
	p.hub.Publish("default", event.Fetch{File: "lost"})
	known := p.hub.Last()
	p.close()
	p = start(t, path)
	defer p.end()
	p.hub.Publish("default", event.Fetch{File: "b"})
	if files, es := p.after("default", known-1); files != "b " || es.Lost < known || es.Lost >= es.Events[0].ID {
		t.Errorf("after a kill: %s %+v", files, es)
	}
	if _, es := p.after("default", p.hub.Last()); es.Lost != 0 {
		t.Errorf("a reader from after the kill is told of it: %+v", es)
	}
}

// A database that does not keep up costs events, and the reader is told which.
func TestOverflow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dialtone.db")
	p := start(t, path)
	defer p.close()
	p.stop() // nothing is stored until somebody asks
	first := p.hub.Last()
	for range mostWaiting {
		p.hub.Publish("", event.Fetch{})
	}
	p.hub.Publish("default", event.Fetch{File: "lost"})
	if n := p.log.Dropped(); n != 1 {
		t.Errorf("%d are lost", n)
	}
	if files, es := p.after("default", first); files != "" || es.Lost != p.hub.Last() {
		t.Errorf("the tenant reads %s %+v", files, es)
	}
	p.hub.Publish("default", event.Fetch{File: "a"})
	if files, es := p.after("default", p.hub.Last()-1); files != "a " || es.Lost != 0 {
		t.Errorf("afterwards: %s %+v", files, es)
	}
	if n := len(p.log.lost); n != 0 {
		t.Errorf("%d are noted again and again", n)
	}
}

// Events are stored without anybody asking.
func TestEventsAreStored(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "dialtone.db"))
	defer p.end()
	p.hub.Publish("default", event.Fetch{File: "a"})
	for {
		es, err := p.db.EventsAfter(t.Context(), "", 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(es.Events) == 1 {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}
