package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

type boundRow struct {
	Tenant   string
	Number   string
	Name     string
	Seconds  int
	Quiet    bool
	Words    []string
	To       pbx.Destination
	PIN      pbx.Secret
	Made     string // no client sets it
	Version  int64
	Revision int64
}

type BoundFields struct {
	Number  string   `json:"number"`
	Name    string   `json:"name"`
	Seconds *int     `json:"seconds"`
	Loud    *bool    `json:"loud" row:"!Quiet"`
	Words   []string `json:"words" row:",sorted"`
	To      string   `json:"to"`
	PIN     *string  `json:"pin"`
}

type boundView struct {
	BoundFields
	Made string `json:"made"`
	PIN  string `json:"pin"` // filled by the write that set it
}

// TestNothingIsForgotten: a field without a member, a member without a field, and
// two that do not fit end the program when it starts.
func TestNothingIsForgotten(t *testing.T) {
	type unfit struct {
		BoundFields
		Made int `json:"made"`
	}
	type stray struct {
		BoundFields
		Colour string `json:"colour"`
	}
	type apart struct {
		Name string `json:"name"`
		Made string `json:"made"`
	}
	for want, bind := range map[string]func(){
		"shows field Made of api.boundRow":     func() { newBinding[boundRow, BoundFields, struct{ BoundFields }]("number") },
		"shows field Number of api.boundRow":   func() { newBinding[boundRow, BoundFields, apart]("number") },
		"Colour of api.stray stands for no":    func() { newBinding[boundRow, stray, boundView]("number") },
		"member Made is int and field Made of": func() { newBinding[boundRow, BoundFields, unfit]("number") },
	} {
		if got := panicOf(bind); !strings.Contains(got, want) {
			t.Errorf("panics with %q, want %q", got, want)
		}
	}
}

func panicOf(fn func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	fn()
	return ""
}

func TestBindingCarriesFields(t *testing.T) {
	b := newBinding[boundRow, BoundFields, boundView]("number")
	fresh := func() *boundRow { return &boundRow{Number: "1", Seconds: 20, Made: "new"} }
	loud, pin := true, "1234"
	row := fresh()
	if err := b.store(BoundFields{Number: "ignored", Name: "Ada", Loud: &loud, Words: []string{"b", "a"}, To: "extension:7", PIN: &pin}, nil, row); err != nil {
		t.Fatal(err)
	}
	want := boundRow{Number: "1", Name: "Ada", Seconds: 20, Words: []string{"a", "b"}, To: pbx.Destination{Kind: pbx.ToExtension, Key: "7"}, PIN: pbx.NewSecret(pin), Made: "new"}
	if diff := cmp.Diff(want, *row); diff != "" {
		t.Error(diff)
	}
	later := fresh()
	row.Made = "old"
	if err := b.store(b.fields(row), row, later); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*row, *later); diff != "" {
		t.Errorf("writing what was read changes %s", diff)
	}
	if v := b.view(row, b.fields(row)); v.Made != "old" || v.PIN != "" || v.BoundFields.PIN != nil || !*v.Loud || *v.Seconds != 20 || v.To != "extension:7" {
		t.Errorf("view %+v", v)
	}
	if err := b.store(BoundFields{To: "nowhere"}, nil, fresh()); pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("got %v", err)
	}
}
