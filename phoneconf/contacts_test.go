package phoneconf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func directoryText(items ...string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<directory><item_list>" +
		strings.Join(items, "\n") + "</item_list></directory>")
}

// What a user wrote stays with what is rendered: each number once, keys with their speed
// dials, colleagues by their present names.
func TestMergedContacts(t *testing.T) {
	p := &pbx.Phone{Vendor: pbx.Polycom, Model: "VVX450"}
	rendered := directoryText("<item><fn>Bank</fn><ct>0301234</ct><sd>1</sd></item>", "<item><fn>Door</fn><ct>112</ct><sd>2</sd></item>",
		"<item><fn>Alice</fn><ct>101</ct></item>", "<item><fn>Bob</fn><ct>102</ct></item>")
	sent := directoryText(
		"<item><ln>Mum</ln><fn>&lt;3</fn><ct>0301111111</ct><sd>1</sd><rt>3</rt></item>",
		"<item><fn>Mum again</fn><ct>0301111111</ct></item>",
		"<item><fn>The Bank</fn><ct>0301234</ct><sd>7</sd></item>",
		"<item><fn>Old Alice</fn><ct>101</ct><sd>2</sd><rt>ringerdefault</rt><bw>1</bw><ad>0</ad></item>",
		"<item><fn>Bob</fn><ct>102</ct><rt>1</rt><dc/><ad>0</ad></item>",
		"<item><fn>No number</fn></item>")
	merged, ok := MergeContacts(p, rendered, sent)
	if !ok {
		t.Fatal("not merged")
	}
	want := []string{
		"<item><fn>Bank</fn><ct>0301234</ct><sd>1</sd></item>", "<item><fn>Door</fn><ct>112</ct><sd>2</sd></item>",
		"<item><fn>Alice</fn><ct>101</ct><sd>4</sd></item>",
		"<item><ln>Mum</ln><fn>&lt;3</fn><ct>0301111111</ct><sd>3</sd><rt>3</rt></item>", "<item><fn>No number</fn></item>",
		"<item><fn>Bob</fn><ct>102</ct></item>",
	}
	got := strings.Split(strings.TrimSpace(string(merged)), "\n")
	if got := got[3 : len(got)-2]; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("merged:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	own := string(OwnContacts(nobody, "default", rendered, sent))
	for text, stays := range map[string]bool{"Mum<": true, "No number": true, "Old Alice": true, "Bob": false, "The Bank": false} {
		if strings.Contains(own, text) != stays {
			t.Errorf("of the user's own, %q: want %v in\n%s", text, stays, own)
		}
	}
	if again, ok := MergeContacts(p, rendered, []byte(own)); !ok || string(again) != string(merged) {
		t.Errorf("the own part alone gives another file:\n%s", again)
	}
	// The phone holds the merged file and sends that: nothing moves any more.
	if again, ok := MergeContacts(p, rendered, OwnContacts(nobody, "default", rendered, merged)); !ok ||
		!sameEntries(string(again), string(merged)) {
		t.Errorf("sent back, it becomes:\n%s\nwas:\n%s", again, merged)
	}
}

func sameEntries(a, b string) bool {
	lines := map[string]int{}
	for _, l := range strings.Split(a, "\n") {
		lines[l]++
	}
	for _, l := range strings.Split(b, "\n") {
		lines[l]--
	}
	for _, n := range lines {
		if n != 0 {
			return false
		}
	}
	return true
}

// Beyond what a model shows, colleagues are left out and never the user's entries.
func TestMergedContactsAreBounded(t *testing.T) {
	var people, own []string
	for i := range 600 {
		people = append(people, fmt.Sprintf("<item><fn>P</fn><ct>%d</ct></item>", 1000+i))
	}
	for i := range 90 {
		own = append(own, fmt.Sprintf("<item><fn>O</fn><ct>0%d</ct></item>", i))
	}
	for model, most := range map[string]int{"VVX450": directoryEntries, "SPIP335": oldDirectoryItems} {
		merged, ok := MergeContacts(&pbx.Phone{Vendor: pbx.Polycom, Model: model}, directoryText(people[:most]...), directoryText(own...))
		if n := strings.Count(string(merged), "<fn>O"); !ok || n != len(own) || strings.Count(string(merged), "<item>") != most {
			t.Errorf("%s: %d of the user's, %d in all, want %d and %d", model, n, strings.Count(string(merged), "<item>"), len(own), most)
		}
	}
}

func TestContactsThatCannotBeRead(t *testing.T) {
	rendered := directoryText("<item><fn>Alice</fn><ct>101</ct></item>")
	for _, sent := range []string{"", "<d/>", "<directory><item_list><item><fn>Mum", "\xff\xfe<"} {
		if _, ok := MergeContacts(&pbx.Phone{Vendor: pbx.Polycom, Model: "VVX450"}, rendered, []byte(sent)); ok {
			t.Errorf("%q is merged", sent)
		}
		if got := OwnContacts(nobody, "default", rendered, []byte(sent)); string(got) != sent {
			t.Errorf("%q is kept as %q", sent, got)
		}
	}
}

// nobody is a snapshot without people.
var nobody = pbx.NewSnapshot(1, pbx.Rows{})

// People hidden after the phone got its directory do not come back as entries of its
// user's; what the user added does.
func TestHiddenPeopleAreNoOwnContacts(t *testing.T) {
	s := pbx.NewSnapshot(1, pbx.Rows{Extensions: []*pbx.Extension{{Tenant: "default", Number: "101", Hidden: true}, {Tenant: "default", Number: "102", Hidden: true}}})
	sent := []byte("<directory><item_list><item><fn>Boss</fn><ct>101</ct></item><item><fn>Vault</fn><ct>102</ct><sd>7</sd></item><item><fn>Mum</fn><ct>0301234</ct></item></item_list></directory>")
	own := string(OwnContacts(s, "default", []byte("<directory><item_list></item_list></directory>"), sent))
	if strings.Contains(own, "Boss") || !strings.Contains(own, "Vault") || !strings.Contains(own, "Mum") {
		t.Error(own)
	}
}
