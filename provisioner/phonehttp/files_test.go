package phonehttp

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/phoneconf"
)

// A hash is of the bytes that the phone gets, whichever of the two asks first, and the
// file is rendered once for both. A template that fails has no hash, though the phone
// still gets a file.
func TestHashIsOfTheFileThatThePhoneGets(t *testing.T) {
	s := newSited(t, 3)
	hash := func(i int) (string, error) {
		snapshot := s.current.Load()
		return s.Hash(snapshot, snapshot.Phone(macOf(i)), phoneconf.FileName(macOf(i))+".cfg")
	}
	for _, i := range []int{0, 2} { // Yealinks
		before := ""
		if i == 0 {
			before, _ = hash(i)
		}
		etag := s.get(own(i)).Header().Get("ETag")
		after, err := hash(i)
		if err != nil || etag != `"`+after+`"` || i == 0 && before != after {
			t.Errorf("phone %d: %s, before %q, after %q, %v", i, etag, before, after, err)
		}
	}
	if n := s.Renders(); n != 2 {
		t.Errorf("rendered %d times", n)
	}
	s.put("yealink/phone.cfg.tmpl", "{{ .Nothing }}")
	s.serves(own(0))
	if got, err := hash(0); got != "" || err == nil {
		t.Errorf("a template that fails: %q, %v", got, err)
	} else if bad, ok := phoneconf.SiteFault(err); !ok || bad.Path != "yealink/phone.cfg.tmpl" {
		t.Errorf("%v", err)
	}
	if _, err := s.Hash(s.current.Load(), s.current.Load().Phone(macOf(0)), "odd.cfg"); err == nil {
		t.Error("a file that no phone has")
	}
}
