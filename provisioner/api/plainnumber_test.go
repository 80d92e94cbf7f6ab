package api

import "testing"

// TestSeparatorsMeanNothing: a number is the same with tel: and visual separators,
// wherever it is written.
func TestSeparatorsMeanNothing(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "external-numbers", `{"number":"tel:+49-151 1234.5678"}`)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna","twin_number":"+49 (151) 12345678"}`)
	l.must(201, "POST", "devices", `{"name":"m","kind":"external","external_number":"+49/15112345678"}`)
	l.must(201, "PUT", "forwards/101", `{"busy":"external:+49-30-123456","exceptions":["030/98 76 54"]}`)
	l.must(201, "PUT", "ring-groups/sales", `{"number":"600","members":[{"external":"+49 151 12345678"}]}`)
	for path, want := range map[string][2]string{"external-numbers/+4915112345678": {"number", "+4915112345678"},
		"extensions/101": {"twin_number", "+4915112345678"},
		"devices/m":      {"external_number", "+4915112345678"}, "forwards/101": {"busy", "external:+4930123456"}} {
		if got := l.must(200, "GET", path, "").json()[want[0]]; got != want[1] {
			t.Errorf("%s has %s %v, want %s", path, want[0], got, want[1])
		}
	}
	if got := l.must(200, "GET", "forwards/101", "").json()["exceptions"].([]any)[0]; got != "030987654" {
		t.Errorf("exception %v", got)
	}
	if p := l.must(422, "PUT", "forwards/101", `{"busy":"external:1-1-2"}`).problem(); p.Field != "busy" {
		t.Errorf("help with separators: %+v", p)
	}
}
