package phonehttp

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A phone that another MAC replaced is served by its own URL alone, until the new one has
// used its own.
func TestReplacedPhoneIsServedUntilTheNewOneHasMoved(t *testing.T) {
	const before, secret = pbx.MAC("0015659990aa"), "urlsecretofthephonebefore"
	s := newSite(t, 3, func(r *rows) {
		r.phones[0].FormerMAC, r.phones[0].FormerModel, r.phones[0].FormerSecret = before, "T31P", pbx.NewSecret(secret)
		r.phones[2].FormerMAC, r.phones[2].FormerModel = macOf(0), "T46U" // which is a phone again
		r.phones[2].FormerSecret = pbx.NewSecret(secret + "2")
	})
	moved := false
	s.opt.Moved = func(p *pbx.Phone) bool { return moved && p.MAC == macOf(0) }
	old := "/p/" + secret + "/" + string(before) + ".cfg"
	for path, want := range map[string]int{
		old: 200, own(0): 200,
		"/" + string(before) + ".cfg":                         404, // it has no window
		"/p/" + secretOf(0) + "/" + string(before) + ".cfg":   404,
		"/p/" + secret + "/" + string(macOf(0)) + ".cfg":      404,
		"/p/" + secret + "2/" + string(macOf(0)) + ".cfg":     404,
		"/p/" + secret + "2/" + string(macOf(2)) + ".cfg":     404,
		"/p/" + secretOf(2) + "/" + string(macOf(2)) + ".cfg": 200,
	} {
		if w := s.get(path); w.Code != want {
			t.Errorf("before the move %s: %d, want %d", path, w.Code, want)
		}
	}
	if file := s.get(old).Body.String(); !strings.Contains(file, "/p/"+secret+"/") ||
		strings.Contains(file, secretOf(0)) || !strings.Contains(file, "sipsecret") {
		t.Errorf("its file is\n%.600s", file)
	}
	moved = true
	if w := s.get(old); w.Code != 404 || w.Body.String() != missBody {
		t.Errorf("after the move: %d", w.Code)
	}
	if w := s.get(own(0)); w.Code != 200 {
		t.Errorf("the new phone after the move: %d", w.Code)
	}
}
