package phoneconf

import (
	"crypto/sha256"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// closed are fields that hold words of our own lists alone; the tables and
// pbx.Validate let nothing else in.
var closed = []string{"mac", "vendor", "model", "buttons.Kind", "problem", "settings.Tenant", "settings.Firmware.Model"}

// fullInput is a phone with everything on it, so that a parameter that somebody
// smuggles in is there already, and stands twice.
func fullInput(m Model) (*input, *pbx.Snapshot) {
	settings := *pbx.DefaultPhoneSettings("default")
	settings.Language, settings.ToneCountry, settings.NTPServer, settings.SyslogServer, settings.VLAN, settings.VLANPriority = "de", "DE", "192.0.2.1", "192.0.2.2", 7, 5
	settings.Codecs, settings.SRTP, settings.Logo, settings.Uploads = []string{"g722", "pcma"}, "optional", "http://pbx.example.com/logo.png", slices.Clone(pbx.PhoneUploads)
	settings.Firmware = []pbx.PhoneFirmware{{Model: m.Name, SHA256: strings.Repeat("a", 64), Name: "x.rom"}}
	in := &input{mac: "001565000001", vendor: m.Vendor, model: m.Name, urlSecret: "abc", title: "Example", zone: "Europe/Berlin", password: "Phone4Password", site: testSite, settings: settings,
		lines: []lineInput{{registration: 1, endpoint: "dx", secret: "secret", number: "101", name: "Alice", voicemail: "*97"}}}
	for i, b := range []pbx.Button{{Kind: pbx.LineButton, Value: "1"}, {Kind: pbx.BLFButton, Value: "102"}, {Kind: pbx.SpeedDialButton, Value: "0301234"}, {Kind: pbx.ParkButton, Value: "70"}} {
		b.Key, b.Line, b.Label = i+1, 1, "label"
		if m.fits(b) {
			in.buttons = append(in.buttons, b)
		}
	}
	s := pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{{Name: "default"}},
		Extensions: []*pbx.Extension{{Tenant: "default", Number: "101", Name: "Alice"}, {Tenant: "default", Number: "103", Name: "Carl"}},
	})
	return in, s
}

// textField is a text that a phone's file may show.
type textField struct {
	name string
	set  func(in *input, s *pbx.Snapshot, text string)
}

// textFields finds every text in input by reflection, so that a new field cannot
// be forgotten, and adds the people of the directory.
var textFields = sync.OnceValue(func() []textField {
	out := []textField{
		{"people.name", func(_ *input, s *pbx.Snapshot, text string) { s.Extensions[1].Name = text }},
		{"people.number", func(_ *input, s *pbx.Snapshot, text string) { s.Extensions[1].Number = text }},
	}
	var visit func(name string, t reflect.Type, get func(*input) reflect.Value)
	visit = func(name string, t reflect.Type, get func(*input) reflect.Value) {
		switch t.Kind() {
		case reflect.String:
			if !slices.Contains(closed, name) {
				out = append(out, textField{name, func(in *input, _ *pbx.Snapshot, text string) {
					if v := get(in); v.IsValid() {
						v.SetString(text)
					}
				}})
			}
		case reflect.Slice:
			visit(name, t.Elem(), func(in *input) reflect.Value {
				v := get(in)
				if !v.IsValid() || v.Len() == 0 {
					return reflect.Value{} // a model without keys
				}
				return v.Index(v.Len() - 1)
			})
		case reflect.Struct:
			for i := range t.NumField() {
				visit(strings.TrimPrefix(name+"."+t.Field(i).Name, "."), t.Field(i).Type, func(in *input) reflect.Value {
					v := get(in)
					if !v.IsValid() {
						return v
					}
					v = v.Field(i)
					return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // past the lower case
				})
			}
		}
	}
	visit("", reflect.TypeFor[input](), func(in *input) reflect.Value { return reflect.ValueOf(in).Elem() })
	return out
})

// harmless is what a model's files may set with harmless texts in any one field.
type harmless struct {
	names map[string]bool
	files map[[sha256.Size]byte]bool // those it was read from; a field is in few of them
}

// namesWith renders all files of a phone with one field changed, and returns the
// names of what they set: none of a file in known, and none when a file refuses to
// carry the text, which is as good. It tells read what it has read.
func namesWith(t testing.TB, m Model, f textField, text string, known harmless, read func(file [sha256.Size]byte)) map[string]bool {
	in, s := fullInput(m)
	f.set(in, s, text)
	p := &pbx.Phone{Tenant: "default", MAC: in.mac, Vendor: m.Vendor, Model: m.Name, URLSecret: pbx.NewSecret(in.urlSecret)}
	out := map[string]bool{}
	add := func(file FileName, b []byte, err error) {
		content := sha256.Sum256(append([]byte(file+"\x00"), b...))
		if err != nil || known.files[content] {
			return
		}
		got, err := readFile(file, b)
		if err != nil {
			t.Fatalf("%s: %s = %q breaks %s: %v", m.Name, f.name, text, file, err)
		}
		for name := range got {
			out[strings.TrimPrefix(string(file), string(in.mac))+" "+name] = true
		}
		read(content)
	}
	for _, file := range Files(s, p) {
		b, err := in.render(engine, s, "default", file)
		add(file, b, err)
	}
	for _, file := range EnrolFiles(p) {
		b, _, err := RenderEnrol(engine, p, in.site, file)
		add(file, b, err)
	}
	return out
}

// known is what is harmless, by model.
var known = sync.OnceValue(func() map[string]harmless {
	out := map[string]harmless{}
	for _, name := range smallModels {
		m, _ := LookupAny(name)
		h := harmless{map[string]bool{}, map[[sha256.Size]byte]bool{}}
		out[name] = h
		for _, f := range textFields() {
			for _, text := range []string{"", "x1", "UTC", "Australia/Lord_Howe", "off", "required", "opus"} {
				maps.Copy(h.names, namesWith(panicking{}, m, f, text, h, func(file [sha256.Size]byte) { h.files[file] = true }))
			}
		}
	}
	return out
})

// panicking is a test that cannot fail quietly.
type panicking struct{ testing.TB }

func (panicking) Fatalf(string, ...any) { panic("a harmless text breaks a file") }

// Whatever stands in any text that a file is made from: no line, parameter,
// attribute or element appears that a harmless text would not bring.
func FuzzNoFieldAddsToAFile(f *testing.F) {
	for i := range textFields() {
		for _, s := range append(hostile, "x\" reg.1.auth.password=\"y", "x\naccount.9.enable = 1", "x</fn></item><item>", "a\r\nb = c", "/><x a=\"1\"", "x$Tinvite$^*") {
			f.Add(uint8(i), s)
		}
	}
	f.Fuzz(func(t *testing.T, field uint8, text string) {
		fields := textFields()
		x := fields[int(field)%len(fields)]
		for _, m := range onePerEra(t) {
			may := known()[m.Name]
			for name := range namesWith(t, m, x, text, may, func([sha256.Size]byte) {}) {
				if !may.names[name] {
					t.Fatalf("%s: %s = %q adds %s", m.Name, x.name, text, name)
				}
			}
		}
	})
}

func TestEveryTextIsTried(t *testing.T) {
	var names []string
	for _, f := range textFields() {
		names = append(names, f.name)
	}
	for _, wanted := range []string{"title", "password", "urlSecret", "zone", "site.SIPServer", "site.BaseURL", "site.NTPServer", "lines.name", "lines.number", "lines.secret", "lines.endpoint", "buttons.Value", "buttons.Label",
		"settings.NTPServer", "settings.SyslogServer", "settings.Logo", "settings.Codecs", "settings.Uploads", "settings.Firmware.Name", "settings.Firmware.SHA256", "settings.Language", "people.name"} {
		if !slices.Contains(names, wanted) {
			t.Errorf("%s is not tried: %q", wanted, names)
		}
	}
}
