package asteriskconf

import (
	"bytes"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// small is a snapshot with one of everything, which change may spoil.
func small(change func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox), settings ...*pbx.PhoneSettings) *pbx.Snapshot {
	t := &pbx.Tenant{Name: "default", Timezone: "UTC"}
	e := &pbx.Extension{Tenant: "default", Number: "101", Name: "Alice", RingSeconds: 20, Mailbox: "101"}
	d := &pbx.Device{Tenant: "default", Name: "desk", Extension: "101", Endpoint: "dabc", Secret: pbx.NewSecret("0123456789abcdef")}
	o := &pbx.Device{Tenant: "default", Name: "other", Endpoint: "dxyz", Secret: pbx.NewSecret("0123456789abcdef")}
	m := &pbx.Mailbox{Tenant: "default", Number: "101", Name: "Alice", PIN: pbx.NewSecret("4711")}
	change(t, e, d, m)
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{t},
		Extensions: []*pbx.Extension{e},
		Devices:    []*pbx.Device{d, o},
		Mailboxes:  []*pbx.Mailbox{m}, PhoneSettings: settings,
	})
}

// TestRenderRefuses: what no file can carry stops the render with an error that
// names the field, whoever let it in.
func TestRenderRefuses(t *testing.T) {
	for what, c := range map[string]struct {
		field  string
		change func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox)
	}{
		"newline in a name": {"name", func(_ *pbx.Tenant, e *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) { e.Name = "a\n[b]" }},
		"no name":           {"name", func(_ *pbx.Tenant, e *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) { e.Name = "" }},
		"a long name": {"name", func(_ *pbx.Tenant, e *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) {
			e.Name = strings.Repeat("é", 40)
		}},
		"a special number": {"number", func(_ *pbx.Tenant, e *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { e.Number, d.Extension = "h", "h" }},
		"a pattern as a number": {"number", func(_ *pbx.Tenant, e *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) {
			e.Number, d.Extension = "_X.", "_X."
		}},
		"a bracket in an endpoint": {"endpoint", func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.Endpoint = "a](!" }},
		"our own endpoint":         {"endpoint", func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.Endpoint = markerName }},
		"no secret":                {"secret", func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.Secret = pbx.Secret{} }},
		"negative qualify":         {"qualify_seconds", func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.QualifySeconds = -1 }},
		"no ring time":             {"ring_seconds", func(_ *pbx.Tenant, e *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) { e.RingSeconds = 0 }},
		"a reserved tenant": {"name", func(t *pbx.Tenant, e *pbx.Extension, d *pbx.Device, m *pbx.Mailbox) {
			t.Name, e.Tenant, d.Tenant, m.Tenant = "general", "general", "general", "general"
		}},
		"a zone that ends its name": {"timezone", func(t *pbx.Tenant, _ *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) { t.Timezone = "UTC|x" }},
		"a PIN that is none":        {"pin", func(_ *pbx.Tenant, _ *pbx.Extension, _ *pbx.Device, m *pbx.Mailbox) { m.PIN = pbx.NewSecret("*") }},
		"a long mailbox name": {"name", func(_ *pbx.Tenant, _ *pbx.Extension, _ *pbx.Device, m *pbx.Mailbox) {
			m.Name = strings.Repeat("x", 77) + ","
		}},
	} {
		files, err := Render(templates.MustNew(), small(c.change), Options{})
		var bad pbx.Errors
		if files != nil || !errors.As(err, &bad) || bad[0].Field != c.field || bad[0].Kind != pbx.Invalid {
			t.Errorf("%s: %v, want an error about %s", what, err, c.field)
		}
	}
}

// TestRenderRefusesDangling: a reference to nothing would make a file that
// Asterisk loads in part.
func TestRenderRefusesDangling(t *testing.T) {
	for what, change := range map[string]func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox){
		"device's tenant":    func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.Tenant = "x" },
		"device's extension": func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.Extension = "999" },
		"extension's tenant": func(_ *pbx.Tenant, e *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { e.Tenant, d.Extension = "x", "" },
		"mailbox's tenant":   func(_ *pbx.Tenant, _ *pbx.Extension, _ *pbx.Device, m *pbx.Mailbox) { m.Tenant = "x" },
	} {
		if _, err := Render(templates.MustNew(), small(change), Options{}); err == nil {
			t.Errorf("a %s that does not exist rendered", what)
		}
	}
}

// TestObjectsTellWhatChanged: a change of one device's options changes its hash
// alone; a change of what all inherit changes all.
func TestObjectsTellWhatChanged(t *testing.T) {
	objects := func(change func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox), settings ...*pbx.PhoneSettings) map[string]uint64 {
		files, err := Render(templates.MustNew(), small(change, settings...), Options{})
		if err != nil {
			t.Fatal(err)
		}
		return files.Objects()
	}
	changed := func(a, b map[string]uint64) string {
		var names []string
		for _, name := range []string{"dabc", "dxyz"} {
			if a[name] != b[name] {
				names = append(names, name)
			}
		}
		return strings.Join(names, " ")
	}
	first := objects(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {})
	if len(first) != 2 || first["dabc"] == first["dxyz"] {
		t.Fatalf("objects: %v", first)
	}
	for what, c := range map[string]struct {
		want string
		now  map[string]uint64
	}{
		"nothing":   {"", objects(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {})},
		"caller ID": {"dabc", objects(func(_ *pbx.Tenant, e *pbx.Extension, _ *pbx.Device, _ *pbx.Mailbox) { e.Name = "Bob" })},
		"AOR":       {"dabc", objects(func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) { d.QualifySeconds = 5 })},
		"auth": {"dabc", objects(func(_ *pbx.Tenant, _ *pbx.Extension, d *pbx.Device, _ *pbx.Mailbox) {
			d.Secret = pbx.NewSecret("x123456789abcdef")
		})},
		"codecs": {"dabc dxyz", objects(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {}, withCodecs("default", "pcma"))},
	} {
		if got := changed(first, c.now); got != c.want {
			t.Errorf("%s: changed %q, want %q", what, got, c.want)
		}
	}
}

// TestMarkersFollowContent: header and marker carry the body's hash, and nothing
// but a change of the body changes it.
func TestMarkersFollowContent(t *testing.T) {
	files, err := Render(templates.MustNew(), small(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]string{}
	for _, f := range files.List {
		modules[f.Name] = f.Module
		head, rest, _ := bytes.Cut(f.Content, []byte("\n\n"))
		body, tail, found := bytes.Cut(rest, []byte("; The marker:"))
		if f.Marker.Kind == MarkerNone {
			body, _, found = bytes.Cut(rest, []byte("; The end:"))
			tail = head
		}
		if !found || f.Hash != hexHash(body) || !bytes.Contains(head, []byte(f.Hash)) || !bytes.Contains(tail, []byte(f.Hash)) {
			t.Errorf("%s: hash %s is not that of its body, or missing above or below it", f.Name, f.Hash)
		}
	}
	want := map[string]string{"dialtone/pjsip.conf": "res_pjsip.so", "dialtone/extensions.conf": "pbx_config.so", "dialtone/voicemail.conf": "app_voicemail.so",
		"dialtone/iax.conf": "chan_iax2.so", "dialtone/chan_dahdi.conf": "chan_dahdi.so", "dialtone/queues.conf": "app_queue.so", "dialtone/res_parking.conf": "res_parking.so", "dialtone/features.conf": "features", "dialtone/cdr_custom.conf": "cdr_custom.so", "dialtone/hints.conf": "pbx_config.so",
		"dialtone/musiconhold.conf": "res_musiconhold.so"}
	if !maps.Equal(modules, want) {
		t.Errorf("modules: %s", cmp.Diff(want, modules))
	}
}
