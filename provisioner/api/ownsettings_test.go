package api

import (
	"strings"
	"testing"
)

// A merge patch sets one setting of a phone, and takes one back or all.
func TestSettingsOfOnePhone(t *testing.T) {
	l := newLab(t)
	setUpPhone(l)
	for _, step := range []struct{ patch, want string }{
		{`{"settings":{"language":"fr","ntp_server":"[2001:db8::1]","clock24":false,"uploads":[],"vlan":0,"second_server":" pbx2.example.com:5070"}}`,
			`"settings":{"language":"fr","ntp_server":"2001:db8::1","vlan":0,"clock24":false,"second_server":"pbx2.example.com:5070","uploads":[]}`},
		{`{"settings":{"language":null,"vlan":null,"logo":"http://h/x.png"}}`, `"settings":{"ntp_server":"2001:db8::1","clock24":false,"logo":"http://h/x.png","second_server":"pbx2.example.com:5070","uploads":[]}`},
		{`{"model":"W60P","buttons":null}`, `"unfollowed":["logo: a W60B shows none"`},
		{`{"settings":null}`, `"model":"W60B"`},
	} {
		if r := l.must(200, "PATCH", "phones/001565aabbcc", step.patch); !strings.Contains(r.Body, step.want) {
			t.Errorf("after %s: %s", step.patch, r.Body)
		}
	}
	if r := l.must(200, "GET", "phones/001565aabbcc", ""); strings.Contains(r.Body, "settings") || strings.Contains(r.Body, "unfollowed") {
		t.Error(r.Body)
	}
	own := func(text string) string { return `{"settings":{` + text + `}}` }
	runWrong(t, l, []wrong{
		{name: "language", method: "PATCH", path: "phones/001565aabbcc", body: own(`"language":"tlh"`), status: 422, field: "settings.language", detail: "de, en"},
		{name: "zone", method: "PATCH", path: "phones/001565aabbcc", body: own(`"timezone":"Mars/Base"`), status: 422, field: "settings.timezone"},
		{name: "host", method: "PATCH", path: "phones/001565aabbcc", body: own(`"ntp_server":"a\nb"`), status: 422, field: "settings.ntp_server", detail: "host name"},
		{name: "a line in a logo", method: "PATCH", path: "phones/001565aabbcc", body: own(`"logo":"http://h/x.png\nlinekey.1.type = 0"`), status: 422, field: "settings.logo", detail: "web address"},
		{name: "VLAN", method: "PATCH", path: "phones/001565aabbcc", body: own(`"vlan":4095`), status: 422, field: "settings.vlan"},
		{name: "priority without VLAN", method: "PATCH", path: "phones/001565aabbcc", body: own(`"vlan_priority":5`), status: 422, field: "settings.vlan_priority", detail: "needs"},
		{name: "page", method: "PATCH", path: "phones/001565aabbcc", body: own(`"paging":["192.0.2.1:5000"]`), status: 422, field: "settings.paging[0]"},
		{name: "codecs", method: "PATCH", path: "phones/001565aabbcc", body: own(`"codecs":["pcma"]`), status: 422, field: "settings.codecs", detail: "not a field"},
	})
}
