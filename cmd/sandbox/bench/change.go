package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// changeAllowance is what Dialtone may add to Asterisk's own reload: 50 ms of
// debounce, render, fsync, verify.
const changeAllowance = 250 * time.Millisecond

// change renames one extension of a thousand and waits until Asterisk has it.
// The reference is Asterisk's reload of the same file after the same change,
// written by hand with the controller out of the way. Both take turns.
func (b *bench) change(ctx context.Context) (rows []row, err error) {
	const n = 1000
	r, err := b.openOffice(ctx, "change", people{count: n, qualify: pbx.DefaultQualifySeconds})
	if err != nil {
		return nil, err
	}
	defer r.shut(&err)
	session, err := r.dialAMI(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	hand, err := r.newHand(ctx)
	if err != nil {
		return nil, err
	}
	var ours, theirs []time.Duration
	for i := range b.rounds(20, 5) {
		took, err := r.rename(ctx, i)
		if err != nil {
			return nil, err
		}
		ours = append(ours, took)
		if took, err = hand.rename(ctx, session, i); err != nil {
			return nil, err
		}
		theirs = append(theirs, took)
	}
	p50, p95, ref50, ref95 := quantile(ours, .5), quantile(ours, .95), quantile(theirs, .5), quantile(theirs, .95)
	return []row{{
		what:      fmt.Sprintf("change → Asterisk has it, %d extensions", n),
		result:    fmt.Sprintf("p50 %s, p95 %s of %d", ms(p50), ms(p95), len(ours)),
		reference: fmt.Sprintf("reload of the same pjsip.conf: p50 %s, p95 %s", ms(ref50), ms(ref95)),
		ratio:     fmt.Sprintf("+ %s (p95 + %s)", ms(p50-ref50), ms(p95-ref95)), target: "≤ reload + " +
			ms(changeAllowance),
		holds: p50 <= ref50+changeAllowance && p95 <= ref95+changeAllowance,
	}}, nil
}

// rename changes an extension's name through the API and returns how long it took
// until Asterisk had acknowledged it.
func (r *room) rename(ctx context.Context, i int) (time.Duration, error) {
	var out struct{ Apply struct{ State, Error string } }
	start := time.Now()
	err := r.client.Do(ctx, "PATCH", "/v1/tenants/default/extensions/"+numberOf(i),
		map[string]any{"name": fmt.Sprintf("Renamed %d", i)}, &out, "Prefer", "wait=20")
	took := time.Since(start)
	if err == nil && out.Apply.State != "applied" {
		err = fmt.Errorf("the change is %s: %s", out.Apply.State, out.Apply.Error)
	}
	return took, err
}

// hand changes the rendered file as the controller would, without the controller.
// The files carry a right hash, so the controller takes them for its own.
type hand struct {
	engine   *templates.Engine
	snapshot *pbx.Snapshot
	path     string
}

func (r *room) newHand(ctx context.Context) (*hand, error) {
	engine, err := templates.New()
	if err != nil {
		return nil, err
	}
	s, err := snapshot(ctx, r.Database)
	if err != nil {
		return nil, err
	}
	return &hand{engine, s, filepath.Join(r.dir, "asterisk", "etc", "dialtone", "pjsip.conf")}, nil
}

// rename follows what the API did to the same extension and changes the name once
// more, so that the file differs from the loaded one by one endpoint.
func (h *hand) rename(ctx context.Context, s *ami.Session, i int) (time.Duration, error) {
	h.snapshot.Extension(pbx.DefaultTenant, numberOf(i)).Name = fmt.Sprintf("By hand %d", i)
	files, err := asteriskconf.Render(h.engine, h.snapshot, asteriskconf.Options{})
	if err != nil {
		return 0, err
	}
	f := files.Named("dialtone/pjsip.conf")
	if err := os.WriteFile(h.path, f.Content, 0o640); err != nil {
		return 0, fmt.Errorf("changing pjsip.conf by hand: %w", err)
	}
	start := time.Now()
	if err := s.Reload(ctx, f.Module); err != nil {
		return 0, err
	}
	took := time.Since(start)
	e, err := s.PJSIPShowEndpoint(ctx, f.Marker.Name)
	if err == nil && e.Details["Accountcode"] != f.Marker.Value {
		err = fmt.Errorf("the reload by hand did not load the file")
	}
	h.snapshot.Extension(pbx.DefaultTenant, numberOf(i)).Name = fmt.Sprintf("Renamed %d", i)
	return took, err
}
