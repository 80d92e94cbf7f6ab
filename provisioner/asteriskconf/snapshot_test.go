package asteriskconf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// office is how a golden writes a snapshot: pbx's structs, with secrets in clear.
type office struct {
	Tenants    []pbx.Tenant
	Extensions []pbx.Extension
	Devices    []struct {
		pbx.Device
		Secret string
	}
	Mailboxes []struct {
		pbx.Mailbox
		PIN string
	}
	Forwards        []pbx.Forward
	RingGroups      []pbx.RingGroup
	Queues          []pbx.Queue
	ExternalNumbers []pbx.ExternalNumber
	Numbers         []pbx.Number
	Classes         []pbx.ClassOfService
	Routes          []*pbx.OutboundRoute
	Announcements   []*pbx.Announcement
	Trunks          []struct {
		pbx.Trunk
		Secret string
	}
}

// readOffice parses a golden's snapshot; unknown fields are errors.
func readOffice(t *testing.T, text []byte) office {
	t.Helper()
	var o office
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		t.Fatalf("reading snapshot.json: %v", err)
	}
	return o
}

// snapshot builds a snapshot; with shuffle its rows arrive in another order.
func (o office) snapshot(revision int64, shuffle bool) *pbx.Snapshot {
	var (
		ts []*pbx.Tenant
		es []*pbx.Extension
		ds []*pbx.Device
		ms []*pbx.Mailbox
		ns []*pbx.ExternalNumber
		ks []*pbx.Trunk
		os []*pbx.Number
		cs []*pbx.ClassOfService
	)
	for _, n := range o.Numbers {
		os = append(os, &n)
	}
	for _, c := range o.Classes {
		cs = append(cs, &c)
	}
	for _, n := range o.ExternalNumbers {
		ns = append(ns, &n)
	}
	for _, k := range o.Trunks {
		k.Trunk.Secret = pbx.NewSecret(k.Secret)
		ks = append(ks, &k.Trunk)
	}
	for _, t := range o.Tenants {
		ts = append(ts, &t)
	}
	for _, e := range o.Extensions {
		es = append(es, &e)
	}
	for _, d := range o.Devices {
		d.Device.Secret = pbx.NewSecret(d.Secret)
		ds = append(ds, &d.Device)
	}
	for _, m := range o.Mailboxes {
		m.Mailbox.PIN = pbx.NewSecret(m.PIN)
		ms = append(ms, &m.Mailbox)
	}
	if shuffle {
		r := rand.New(rand.NewPCG(uint64(revision), 1))
		r.Shuffle(len(ts), func(i, j int) { ts[i], ts[j] = ts[j], ts[i] })
		r.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		r.Shuffle(len(ds), func(i, j int) { ds[i], ds[j] = ds[j], ds[i] })
		r.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
		r.Shuffle(len(ns), func(i, j int) { ns[i], ns[j] = ns[j], ns[i] })
		r.Shuffle(len(ks), func(i, j int) { ks[i], ks[j] = ks[j], ks[i] })
		r.Shuffle(len(os), func(i, j int) { os[i], os[j] = os[j], os[i] })
	}
	rs := slices.Clone(o.Routes)
	if shuffle {
		slices.Reverse(rs)
	}
	gs := make([]*pbx.RingGroup, len(o.RingGroups))
	for i := range o.RingGroups {
		gs[i] = &o.RingGroups[i]
	}
	qs := make([]*pbx.Queue, len(o.Queues))
	for i := range o.Queues {
		qs[i] = &o.Queues[i]
	}
	fs := make([]*pbx.Forward, len(o.Forwards))
	for i := range o.Forwards {
		fs[i] = &o.Forwards[i]
	}
	return pbx.NewSnapshot(revision, pbx.Rows{
		Tenants:         ts,
		Extensions:      es,
		Devices:         ds,
		Mailboxes:       ms,
		ExternalNumbers: ns,
		Trunks:          ks,
		Forwards:        fs,
		Numbers:         os,
		Classes:         cs,
		RingGroups:      gs,
		Queues:          qs,
		Routes:          rs,
		Announcements:   o.Announcements,
	})
}

// bigOffice has n extensions, each with one device and one mailbox.
func bigOffice(n int) *pbx.Snapshot {
	ts := []*pbx.Tenant{{Name: "default", Timezone: "Europe/Berlin"}}
	es, ds, ms := make([]*pbx.Extension, n), make([]*pbx.Device, n), make([]*pbx.Mailbox, n)
	for i := range n {
		number := fmt.Sprintf("%d", 100000+i)
		es[i] = &pbx.Extension{Tenant: "default", Number: number, Name: "Person " + number, RingSeconds: 20, Mailbox: number, Presence: true}
		ds[i] = &pbx.Device{Tenant: "default", Name: "desk-" + number, Extension: number, Endpoint: "dabcdefghij" + number,
			Secret: pbx.NewSecret("secretsecretsecret" + number), QualifySeconds: 60}
		ms[i] = &pbx.Mailbox{Tenant: "default", Number: number, Name: "Person " + number, PIN: pbx.NewSecret("4711"), Email: "p" + number + "@example.com"}
	}
	return pbx.NewSnapshot(1, pbx.Rows{Tenants: ts, Extensions: es, Devices: ds, Mailboxes: ms})
}
