package fleet

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// templatePause is the pause between two looks at the folder of the site's templates.
const templatePause = 2 * time.Second

// SiteTemplates watches the folder of the site's own templates. It orders phones whose
// files changed to fetch them, and reports templates that fail.
type SiteTemplates struct {
	o      Options
	engine *templates.Engine
	seen   *Sightings
	orders *Orders

	looking sync.Mutex // one look at a time; it guards the fields below
	trouble string     // why the folder could not be read, as logged
	// The fields below are as of the last look.
	snapshot *pbx.Snapshot
	list     []SiteTemplate
	faults   map[string]templates.SiteError // by path
	prints   map[pbx.MAC][32]byte           // fingerprints of the templates of phones
}

// SiteTemplate is a template of the site's folder and its effect.
type SiteTemplate struct {
	templates.SiteTemplate
	Phones int // number of phones that have it in one of their files
	// Fault is why it is not in force, for all phones or for the first phone where it
	// fails; nil if it is. With LastGood its last good text is in force.
	Fault *templates.SiteError
	Phone pbx.MAC // the first phone where it fails; "" if its text is at fault
}

// newSiteTemplates reads the folder at once: a phone that asks right after the start
// must not get the shipped files.
func newSiteTemplates(o Options, seen *Sightings, orders *Orders) *SiteTemplates {
	t := &SiteTemplates{o: o, engine: o.Templates, seen: seen, orders: orders,
		faults: map[string]templates.SiteError{}, prints: map[pbx.MAC][32]byte{}}
	_, err := t.engine.Rescan()
	t.folder(err)
	return t
}

// run looks at the folder until ctx ends.
func (t *SiteTemplates) run(ctx context.Context) error {
	tick := time.NewTicker(templatePause)
	defer tick.Stop()
	for {
		t.Look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Look reads the folder and returns its templates. If they or the snapshot changed, it
// renders the files of the phones that use them, reports faults and makes orders.
func (t *SiteTemplates) Look(ctx context.Context) []SiteTemplate {
	t.looking.Lock()
	defer t.looking.Unlock()
	changed, err := t.engine.Rescan()
	t.folder(err)
	s := t.o.Snapshot()
	first := t.snapshot == nil
	if !changed && s == t.snapshot {
		return t.list
	}
	list := t.folderList()
	if t.snapshot = s; len(list) == 0 && !changed {
		return nil
	}
	var moved []*pbx.Phone
	prints := map[pbx.MAC][32]byte{}
	byPath := map[string]*SiteTemplate{}
	for i := range list {
		byPath[list[i].Path] = &list[i]
	}
	for _, p := range s.Phones {
		place := phoneconf.PlaceOf(p)
		print := t.engine.SitePrint(place)
		if print != [32]byte{} {
			prints[p.MAC] = print
			t.count(s, p, byPath)
		}
		if t.prints[p.MAC] != print && !first {
			moved = append(moved, p)
		}
	}
	t.prints, t.list = prints, list
	t.report(list)
	t.order(ctx, s, moved)
	return list
}

// folder logs once why the folder cannot be read.
func (t *SiteTemplates) folder(err error) {
	now := ""
	if err != nil {
		now = err.Error()
	}
	if now != t.trouble && err != nil {
		t.o.Log.Error("the site's templates stay as they were", "error", err)
	}
	t.trouble = now
}

// folderList returns the templates of the folder with the faults of their text.
func (t *SiteTemplates) folderList() []SiteTemplate {
	var out []SiteTemplate
	for _, f := range t.engine.SiteTemplates() {
		out = append(out, SiteTemplate{SiteTemplate: f, Fault: f.Err})
	}
	return out
}

// count counts a phone for each template that its files use, and notes which one fails.
func (t *SiteTemplates) count(s *pbx.Snapshot, p *pbx.Phone, byPath map[string]*SiteTemplate) {
	for _, path := range t.engine.SiteUsed(phoneconf.PlaceOf(p)) {
		if f := byPath[path]; f != nil {
			f.Phones++
		}
	}
	bad, ok := phoneconf.SiteFault(t.o.wanted(s, p).err)
	if !ok {
		return
	}
	if f := byPath[bad.Path]; f != nil && f.Fault == nil {
		f.Fault, f.Phone = bad, p.MAC
	}
}

// report logs and publishes each new fault, and each fault that ended.
func (t *SiteTemplates) report(list []SiteTemplate) {
	now := map[string]templates.SiteError{}
	for _, f := range list {
		if f.Fault != nil {
			now[f.Path] = *f.Fault
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if bad := now[path]; t.faults[path] != bad {
			t.o.Log.Error("a site's template fails", "path", path, "line", bad.Line, "reason", bad.Reason)
			t.o.Events.Publish("", event.Template{Path: path, State: event.TemplateBroken, Line: bad.Line, Reason: bad.Reason})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(t.faults)) {
		if _, still := now[path]; !still {
			t.o.Log.Info("a site's template fails no more", "path", path)
			t.o.Events.Publish("", event.Template{Path: path, State: event.TemplateMended})
		}
	}
	t.faults = now
}

// order orders phones to fetch their files if they hold others than they would get now.
// A phone whose files cannot be rendered keeps its old ones.
func (t *SiteTemplates) order(ctx context.Context, s *pbx.Snapshot, moved []*pbx.Phone) {
	var orders []pbx.Resync
	for _, p := range moved {
		want := t.o.wanted(s, p)
		held := t.seen.Of(p)
		if want.err != nil || held.FetchedAt.IsZero() || len(oldFiles(p, held, want)) == 0 {
			continue
		}
		if endpoint := t.orders.endpoint(s, p); endpoint != "" {
			orders = append(orders, filesOrder(p, endpoint, reasonTemplate))
		}
	}
	if _, err := t.orders.add(ctx, orders); err != nil {
		t.o.Log.Error("ordering phones to fetch their files", "phones", len(orders), "error", err)
	}
}

// drift returns the site's templates of a phone that are not in force.
func (t *SiteTemplates) drift(p *pbx.Phone, want wantedFiles) []DriftReason {
	if bad, ok := phoneconf.SiteFault(want.err); ok {
		return []DriftReason{{DriftTemplate, bad.Error() + "; it keeps its last good file, or gets the shipped one"}}
	}
	var out []DriftReason
	used := t.engine.SiteUsed(phoneconf.PlaceOf(p))
	if len(used) == 0 {
		return nil
	}
	for _, f := range t.engine.SiteTemplates() {
		if f.LastGood && slices.Contains(used, f.Path) {
			out = append(out, DriftReason{DriftTemplate, f.Err.Error() + "; the last good text is in force"})
		}
	}
	return out
}
