package phonehttp

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dialtone-pbx/dialtone/phoneconf"
)

// Whatever the bodies are, each comes back as it was.
func TestPackGivesBackTheSameBytes(t *testing.T) {
	line := rapid.SampledFrom([]string{"a = 1\n", "a = 2\n", "b\n", "\n", "b", "", "a = 1\r\n", "ü\x00\n"})
	rapid.Check(t, func(t *rapid.T) {
		var k packer
		for range rapid.IntRange(1, 5).Draw(t, "bodies") {
			var body []byte
			for _, l := range rapid.SliceOf(line).Draw(t, "lines") {
				body = append(body, l...)
			}
			want := bytes.Clone(body)
			p := k.pack("kind", body)
			if got := p.appendTo([]byte("before ")); string(got) != "before "+string(want) {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	})
}

// The files of the second phone and all that follow take little beside the first.
func TestPackedFilesOfOneKindAreSmall(t *testing.T) {
	s := newSite(t, 20, nil)
	size := map[string]int{}
	for i, p := range s.current.Load().Phones {
		if w := s.get(own(i)); w.Code == 200 {
			size[string(p.MAC)] = w.Body.Len()
		}
	}
	packedBytes, bytes := 0, 0
	for key, el := range s.cache.files {
		f := el.Value.(*file)
		if !f.body.made {
			packedBytes, bytes = packedBytes+int(f.body.cost()), bytes+size[key[:12]]
		}
	}
	if bytes == 0 || packedBytes*5 > bytes {
		t.Errorf("%d bytes take %d", bytes, packedBytes)
	}
}

// A new text, such as that of a new version of the program, becomes the shared one.
func TestPackFollowsANewText(t *testing.T) {
	var k packer
	text := func(word string) (b []byte) {
		for i := range 100 {
			b = fmt.Appendf(b, "%s.%d = 1\n", word, i)
		}
		return b
	}
	if p := k.pack("kind", text("old")); !p.made {
		t.Error("the first body is no mould")
	}
	if p := k.pack("other", text("old")); !p.made {
		t.Error("kinds share a mould")
	}
	if p := k.pack("kind", text("old")); p.made || p.cost() > runBytes {
		t.Errorf("the same body costs %d", p.cost())
	}
	if p := k.pack("kind", text("new")); !p.made {
		t.Error("a new text is no mould")
	}
	if p := k.pack("kind", text("new")); p.made || p.cost() > runBytes {
		t.Errorf("the same new body costs %d", p.cost())
	}
}

// BenchmarkPack is what packing adds to rendering.
func BenchmarkPack(b *testing.B) {
	s := newSite(b, 1, nil)
	snapshot := s.current.Load()
	site := s.o.Site
	site.Year = 2026
	phone := snapshot.Phones[0]
	body, _, err := phoneconf.Render(engine, snapshot, phone, site, phoneconf.Files(snapshot, phone)[0])
	if err != nil {
		b.Fatal(err)
	}
	m := newMould(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		m.pack(body)
	}
}
