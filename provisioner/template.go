package provisioner

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// templatePause is how often the folder of a site's own templates is looked at.
const templatePause = 2 * time.Second

// siteTemplates watches the folder of a site's own templates: it tells phones whose
// files changed, and people what is wrong with one.
type siteTemplates struct {
	c      *Controller
	engine *templates.Engine
	log    *slog.Logger

	looking sync.Mutex    // one look at a time; it guards what follows
	trouble string        // why the folder could not be read, as it was logged
	seen    *pbx.Snapshot // at the last look
	last    []SiteTemplate
	faults  map[string]templates.SiteError
	prints  map[pbx.MAC][32]byte // what phones' templates were then
}

// SiteTemplate is a template of the site's folder and what comes of it.
type SiteTemplate struct {
	templates.SiteTemplate
	Phones int // that have it in one of their files
	// Fault is why it is not in force, for all phones or for the first one of those
	// where it fails; nil when all is well. With LastGood its last good text is.
	Fault *templates.SiteError
	Phone pbx.MAC // the first one where it fails; "" when its text is at fault
}

// newSiteTemplates reads the folder at once: a phone that asks right after the start
// must not get the shipped files in between.
func newSiteTemplates(c *Controller, o Options) *siteTemplates {
	t := &siteTemplates{c: c, engine: o.Templates, log: o.Logger, faults: map[string]templates.SiteError{}, prints: map[pbx.MAC][32]byte{}}
	_, err := t.engine.Rescan()
	t.folder(err)
	return t
}

// SiteTemplates reads the folder of a site's own templates and lists them.
func (c *Controller) SiteTemplates(ctx context.Context) []SiteTemplate {
	return c.templates.look(ctx)
}

// run looks at the folder until ctx ends.
func (t *siteTemplates) run(ctx context.Context) error {
	tick := time.NewTicker(templatePause)
	defer tick.Stop()
	for {
		t.look(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look reads the folder, renders for those phones whose files come from it, where
// that is news, and spreads the news.
func (t *siteTemplates) look(ctx context.Context) []SiteTemplate {
	t.looking.Lock()
	defer t.looking.Unlock()
	changed, err := t.engine.Rescan()
	t.folder(err)
	s := t.c.Snapshot()
	first := t.seen == nil
	if !changed && s == t.seen {
		return t.last
	}
	list := t.list()
	if t.seen = s; len(list) == 0 && !changed {
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
			t.of(s, p, byPath)
		}
		if t.prints[p.MAC] != print && !first {
			moved = append(moved, p)
		}
	}
	t.prints, t.last = prints, list
	t.spread(list)
	t.tell(ctx, s, moved)
	return list
}

// folder logs once why the folder cannot be read.
func (t *siteTemplates) folder(err error) {
	now := ""
	if err != nil {
		now = err.Error()
	}
	if now != t.trouble && err != nil {
		t.log.Error("the site's templates stay as they were", "error", err)
	}
	t.trouble = now
}

// list returns the folder's files with what is wrong with their text.
func (t *siteTemplates) list() []SiteTemplate {
	var out []SiteTemplate
	for _, f := range t.engine.SiteTemplates() {
		out = append(out, SiteTemplate{SiteTemplate: f, Fault: f.Err})
	}
	return out
}

// of notes what the files of a phone come from, and what fails there.
func (t *siteTemplates) of(s *pbx.Snapshot, p *pbx.Phone, byPath map[string]*SiteTemplate) {
	for _, path := range t.engine.SiteUsed(phoneconf.PlaceOf(p)) {
		if f := byPath[path]; f != nil {
			f.Phones++
		}
	}
	bad, ok := phoneconf.SiteFault(t.c.wanted.files(s, p, time.Now()).err)
	if !ok {
		return
	}
	if f := byPath[bad.Path]; f != nil && f.Fault == nil {
		f.Fault, f.Phone = bad, p.MAC
	}
}

// spread logs and publishes each fault that is new, and each that is gone.
func (t *siteTemplates) spread(list []SiteTemplate) {
	now := map[string]templates.SiteError{}
	for _, f := range list {
		if f.Fault != nil {
			now[f.Path] = *f.Fault
		}
	}
	for _, path := range slices.Sorted(maps.Keys(now)) {
		if bad := now[path]; t.faults[path] != bad {
			t.log.Error("a site's template fails", "path", path, "line", bad.Line, "reason", bad.Reason)
			t.c.Events.Publish("", event.Template{Path: path, State: event.TemplateBroken, Line: bad.Line, Reason: bad.Reason})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(t.faults)) {
		if _, still := now[path]; !still {
			t.log.Info("a site's template fails no more", "path", path)
			t.c.Events.Publish("", event.Template{Path: path, State: event.TemplateMended})
		}
	}
	t.faults = now
}

// tell orders phones to fetch their files that hold others than they would get
// now. What fails changes nothing: they keep what they have.
func (t *siteTemplates) tell(ctx context.Context, s *pbx.Snapshot, moved []*pbx.Phone) {
	var orders []pbx.Resync
	for _, p := range moved {
		want := t.c.wanted.files(s, p, time.Now())
		seen := t.c.Seen(p)
		if want.err != nil || seen.FetchedAt.IsZero() || len(oldFiles(p, seen, want)) == 0 {
			continue
		}
		if endpoint := t.c.resyncs.endpoint(s, p); endpoint != "" {
			orders = append(orders, pbx.Resync{Tenant: p.Tenant, MAC: p.MAC, Action: pbx.ResyncFiles, Reason: reasonTemplate, Endpoint: endpoint})
		}
	}
	if _, err := t.c.resyncs.add(ctx, orders); err != nil {
		t.log.Error("ordering phones to fetch their files", "phones", len(orders), "error", err)
	}
}

// templateDrift says which of the site's templates of a phone is not in force.
func (t *siteTemplates) templateDrift(p *pbx.Phone, want wantedFiles) []DriftReason {
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
