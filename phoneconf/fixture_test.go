package phoneconf

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

var engine = templates.MustNew()

// fixture is a snapshot as goldens write it: secrets in clear.
type fixture struct {
	Site    Site
	Tenants []struct{ Name, Title, Timezone, PhonePassword string }
	Rows    []struct {
		Tenant, Number, Name, Mailbox string // the extension; none without a number
		Device, Endpoint, Secret      string
	}
	Phones []struct {
		Tenant, MAC, Vendor, Model, URLSecret string
		Lines                                 map[int]string
		Buttons                               map[string]pbx.Button
	}
	Settings  []*pbx.PhoneSettings
	Templates []struct {
		Tenant, Model string
		Buttons       map[string]pbx.Button
	}
}

// buttonsOf reads buttons by their places, in the order of a map.
func buttonsOf(m map[string]pbx.Button) []pbx.Button {
	var out []pbx.Button
	for place, b := range m {
		module, key, err := pbx.ParsePlace(place)
		if err != nil {
			panic(err)
		}
		b.Module, b.Key, b.Line = module, key, max(1, b.Line)
		out = append(out, b)
	}
	return pbx.SortButtons(out)
}

func parseFixture(t testing.TB, text []byte) (*pbx.Snapshot, Site) {
	t.Helper()
	var f fixture
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("reading the fixture: %v", err)
	}
	return f.snapshot(nil), f.Site
}

// snapshot builds the snapshot, with its rows shuffled when shuffle is given.
func (f fixture) snapshot(shuffle *rand.Rand) *pbx.Snapshot {
	var ts []*pbx.Tenant
	var es []*pbx.Extension
	var ds []*pbx.Device
	var ps []*pbx.Phone
	for _, t := range f.Tenants {
		ts = append(ts, &pbx.Tenant{Name: t.Name, Title: t.Title, Timezone: t.Timezone, PhonePassword: pbx.NewSecret(t.PhonePassword)})
	}
	for _, r := range f.Rows {
		if r.Number != "" {
			es = append(es, &pbx.Extension{Tenant: r.Tenant, Number: r.Number, Name: r.Name, Mailbox: r.Mailbox})
		}
		ds = append(ds, &pbx.Device{Tenant: r.Tenant, Name: r.Device, Extension: r.Number, Endpoint: r.Endpoint, Secret: pbx.NewSecret(r.Secret)})
	}
	for _, p := range f.Phones {
		phone := &pbx.Phone{Tenant: p.Tenant, MAC: pbx.MAC(p.MAC), Vendor: pbx.Vendor(p.Vendor), Model: p.Model, URLSecret: pbx.NewSecret(p.URLSecret), EnrolUntil: time.Unix(1, 0)}
		for n := 1; n <= pbx.MaxLines; n++ {
			if d, ok := p.Lines[n]; ok {
				phone.Lines = append(phone.Lines, pbx.Line{Registration: n, Device: d})
			}
		}
		phone.Buttons = buttonsOf(p.Buttons)
		ps = append(ps, phone)
	}
	if shuffle != nil {
		shuffle.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		shuffle.Shuffle(len(ds), func(i, j int) { ds[i], ds[j] = ds[j], ds[i] })
		shuffle.Shuffle(len(ps), func(i, j int) { ps[i], ps[j] = ps[j], ps[i] })
		shuffle.Shuffle(len(ts), func(i, j int) { ts[i], ts[j] = ts[j], ts[i] })
	}
	var bs []*pbx.ButtonTemplate
	for _, t := range f.Templates {
		bs = append(bs, &pbx.ButtonTemplate{Tenant: t.Tenant, Model: t.Model, Buttons: buttonsOf(t.Buttons)})
	}
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants:         ts,
		Extensions:      es,
		Devices:         ds,
		Phones:          ps,
		PhoneSettings:   slices.Clone(f.Settings),
		ButtonTemplates: bs,
	})
}

// with returns a snapshot with other rows.
func with(s *pbx.Snapshot, change func(*pbx.Rows)) *pbx.Snapshot {
	r := s.Rows
	change(&r)
	return pbx.NewSnapshot(s.Revision, r)
}
