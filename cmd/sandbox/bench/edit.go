package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/db"
)

const (
	editLarge   = 10_000 // extensions, with editDevices each
	editSmall   = 100
	editDevices = 2
	editPause   = 20 * time.Millisecond // from one PATCH to the next
	editMost    = 2.0                   // times the answer at editSmall
)

// edit changes one extension after another by PATCH, fifty a second, and takes the
// time to the answer, which does not wait for Asterisk. At 10,000 extensions with
// two devices each it is to come as fast as at 100, although meanwhile the
// controller reads and renders everything once a second. Asterisk is a fake that
// has always loaded what lies on the disk: its own reload is not measured here.
func (b *bench) edit(ctx context.Context) (rows []row, err error) {
	small, err := b.openEdit(ctx, editSmall)
	if err != nil {
		return nil, err
	}
	defer small.shut(&err)
	large, err := b.openEdit(ctx, editLarge)
	if err != nil {
		return nil, err
	}
	defer large.shut(&err)
	for range b.rounds(3, 1) { // in turns
		for _, e := range []*edited{small, large} {
			if err := e.patch(ctx, b.rounds(150, 50)); err != nil {
				return nil, err
			}
		}
	}
	answers := editRow(small, large)
	b.say("%s; %s", answers.result, answers.reference)
	pass, err := large.passRow(ctx, small)
	if err != nil {
		return []row{answers}, err
	}
	size,
		err := sizeRow(fmt.Sprintf("memory of the controller, %d extensions with %d devices, a mailbox and a phone each, while they change", editLarge, editDevices), large.pid())
	return []row{answers, pass, size}, err
}

// edited is a controller whose extensions change.
type edited struct {
	*controller
	bench *bench
	fake  *fakeAsterisk
	dir   string
	n     int
	next  int
	took  []time.Duration
	start time.Time
	cpu   time.Duration // of the controller, while it was patched
}

func (b *bench) openEdit(ctx context.Context, n int) (_ *edited, err error) {
	e := &edited{bench: b, n: n, dir: filepath.Join(b.Dir, fmt.Sprintf("edit-%d", n)), fake: newAsterisk()}
	defer func() {
		if err != nil {
			e.fake.close()
		}
	}()
	if err := os.MkdirAll(e.dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of %d extensions: %w", n, err)
	}
	b.say("seeding %d extensions with %d devices", n, editDevices)
	if err := seed(ctx, filepath.Join(e.dir, "dialtone.db"), people{count: n, devices: editDevices, mailboxes: true,
		phones: true, qualify: 60}); err != nil {
		return nil, err
	}
	e.fake.follow(filepath.Join(e.dir, "etc", "dialtone"))
	e.controller, err = b.startController(ctx, e.dir, e.fake.address())
	e.start = time.Now()
	return e, err
}

// shut ends the controller and drops its folder, unless something failed.
func (e *edited) shut(err *error) {
	*err = errors.Join(*err, e.stop())
	e.fake.close()
	if *err == nil {
		e.bench.removeAll(e.dir)
	}
}

// patch renames so many extensions, each another one.
func (e *edited) patch(ctx context.Context, count int) error {
	before, err := cpuTime(e.pid())
	if err != nil {
		return err
	}
	tick := time.NewTicker(editPause)
	defer tick.Stop()
	for range count {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		e.next++
		start := time.Now()
		err := e.client.Do(ctx, "PATCH", "/v1/tenants/default/extensions/"+numberOf(e.next*7%e.n),
			map[string]any{"name": fmt.Sprintf("Renamed %d", e.next)}, nil)
		if err != nil {
			return err
		}
		e.took = append(e.took, time.Since(start))
	}
	after, err := cpuTime(e.pid())
	e.cpu += after - before
	return err
}

func editRow(small, large *edited) row {
	p50, p95 := quantile(large.took, .5), quantile(large.took, .95)
	ref50, ref95 := quantile(small.took, .5), quantile(small.took, .95)
	by50, by95 := float64(p50)/float64(ref50), float64(p95)/float64(ref95)
	return row{
		what: fmt.Sprintf("PATCH of an extension → its answer, %d extensions with %d devices each, 50 a second",
			large.n, editDevices),
		result:    fmt.Sprintf("p50 %s, p95 %s of %d", ms(p50), ms(p95), len(large.took)),
		reference: fmt.Sprintf("the same at %d extensions: p50 %s, p95 %s", small.n, ms(ref50), ms(ref95)),
		ratio:     fmt.Sprintf("p50 %.2f ×, p95 %.2f ×", by50, by95), target: fmt.Sprintf("≤ %.0f ×", editMost),
		holds: by50 <= editMost && by95 <= editMost,
	}
}

// passRow is how long the passes took that brought the changes to the disk.
func (e *edited) passRow(ctx context.Context, small *edited) (row, error) {
	ours, err := e.passes(ctx)
	if err != nil {
		return row{}, err
	}
	theirs, err := small.passes(ctx)
	if err != nil {
		return row{}, err
	}
	p50, worst := quantile(ours, .5), quantile(ours, 1)
	// What the small one needs beside its passes, the large one needs too.
	each := (e.cpu - small.cpu) / time.Duration(len(ours))
	return row{
		what:      fmt.Sprintf("a whole pass meanwhile: read, render, write and verify %d devices", e.n*editDevices),
		result:    fmt.Sprintf("p50 %s, slowest %s of %d, %s of CPU each", ms(p50), ms(worst), len(ours), ms(each)),
		reference: fmt.Sprintf("at %d extensions: p50 %s", small.n, ms(quantile(theirs, .5))),
		ratio:     times(float64(p50), float64(quantile(theirs, .5))), target: "p50 ≤ " + ms(renderTarget),
		holds: p50 <= renderTarget,
	}, nil
}

// passes are the durations of the passes since the controller was ready.
func (e *edited) passes(ctx context.Context) (took []time.Duration, err error) {
	store, err := db.Open(ctx, filepath.Join(e.dir, "dialtone.db"), db.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	results, err := store.ApplyResults(ctx, 1000)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if r.State != db.Applied {
			return nil, fmt.Errorf("revision %d was not applied: %s", r.Revision, r.Error)
		}
		if r.At.After(e.start) {
			took = append(took, r.Duration)
		}
	}
	if len(took) == 0 {
		return nil, errors.New("there was no pass")
	}
	return took, nil
}

// follow lets the fake have loaded, at any time, what lies in dir.
func (f *fakeAsterisk) follow(dir string) {
	stated := func(file, before string) string {
		const hash = 64
		content, _ := os.ReadFile(filepath.Join(dir, file)) // without it nothing is loaded
		_, after, ok := bytes.Cut(content, []byte(before))
		if !ok || len(after) < hash {
			return ""
		}
		return string(after[:hash])
	}
	f.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) {
		value, is := amitest.Config(dir, a.Get("Variable"))
		if !is {
			value = "1" // the dialplan is not what changes
		}
		c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
	})
	f.Handle("VoicemailUserStatus", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "VoicemailUserDetail", "VoicemailUserDetailComplete",
			[]string{"Fullname", stated("voicemail.conf", "marker => 0000000000,")})
	})
	f.Handle("PJSIPShowEndpoint", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "EndpointDetail", "EndpointDetailComplete", []string{"ObjectName", a.Get("Endpoint"), "Accountcode",
			stated("pjsip.conf", "accountcode = ")})
	})
}
