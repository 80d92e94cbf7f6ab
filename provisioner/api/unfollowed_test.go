package api

import (
	"strings"
	"testing"
)

// A property that does nothing beside another is taken, and named.
func TestPropertiesWithoutEffectAreNamed(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	if r := l.must(200, "PATCH", "extensions/101", `{"record":true,"record_on_demand":true}`); !strings.Contains(r.Body, `"unfollowed":["record_on_demand: all its calls are recorded, see record"]`) {
		t.Error(r.Body)
	}
	if r := l.must(200, "PATCH", "extensions/101", `{"record":null}`); strings.Contains(r.Body, "unfollowed") {
		t.Error(r.Body)
	}
}
