package faults

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

const (
	burst       = 1000 // extensions, each with a device
	connections = 4
	// mostPasses is how often Asterisk may be brought up to date meanwhile. A pass waits
	// at most a second for more changes: where all of them take longer than these, it is
	// once a second.
	mostPasses = 15
)

// TestBurstRealAsterisk creates a thousand extensions one by one in one burst:
// they end in a handful of reloads, and Asterisk has them all.
func TestBurstRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	events := l.Follow(t)
	start := time.Now()
	var clients sync.WaitGroup
	for c := range connections {
		clients.Go(func() {
			for i := c; i < burst; i += connections {
				number := fmt.Sprint(2000 + i)
				l.create(t, "/extensions", Object{"number": number, "name": "Extension " + number})
				l.create(t, "/devices", Object{"name": "d" + number, "extension": number})
			}
		})
	}
	clients.Wait()
	created := time.Since(start)
	if t.Failed() {
		t.FailNow()
	}
	l.Applied(t)
	passes, reloads := countPasses(t, events)
	t.Logf("%d extensions and devices created in %v (%.0f/s), Asterisk has them after %v: %d passes, %d reloads of res_pjsip",
		burst, created, 2*burst/created.Seconds(), time.Since(start), passes, reloads)
	if most := max(mostPasses, int(created.Seconds())+1); passes < 1 || passes > most {
		t.Errorf("%d passes, want at most %d", passes, most)
	}
	l.NothingElse(t, burst)
	for _, number := range []string{"2000", "2500", "2999"} {
		var d struct{ Endpoint, Extension string }
		l.Do(t, "GET", Tenant+"/devices/d"+number, nil, &d)
		if out := l.Console(t, "pjsip show endpoint "+d.Endpoint); !strings.Contains(out, `"Extension `+number+`" <`+number+`>`) {
			t.Errorf("Asterisk shows device d%s as:\n%s", number, out)
		}
		if out := l.Console(t, "dialplan show "+number+"@fallback-default"); !strings.Contains(out, "Dial(PJSIP/"+d.Endpoint+",20,i)") {
			t.Errorf("Asterisk's dialplan for %s is:\n%s", number, out)
		}
	}
	var list struct{ Items []struct{ Number string } }
	l.Do(t, "GET", Tenant+"/extensions?limit=1000", nil, &list)
	if len(list.Items) != burst {
		t.Errorf("%d extensions are listed, want %d", len(list.Items), burst)
	}
}

// create posts an object; unlike do it may be called beside the test's goroutine.
func (l *lab) create(t *testing.T, path string, body Object) {
	if err := l.Client.Do(t.Context(), "POST", Tenant+path, body, nil); err != nil {
		t.Error(err)
	}
}

// countPasses counts the apply events of the stream, and the reloads in them.
func countPasses(t *testing.T, events *Stream) (passes, reloads int) {
	t.Helper()
	if lost := events.Of("resync"); len(lost) > 0 {
		t.Fatal("the stream fell behind")
	}
	for _, data := range events.Of("apply") {
		var e struct {
			Error    string
			Reloaded []string
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		if e.Error != "" {
			t.Errorf("a pass failed: %s", e.Error)
		}
		passes++
		for _, module := range e.Reloaded {
			if module == "res_pjsip.so" {
				reloads++
			}
		}
	}
	return passes, reloads
}
