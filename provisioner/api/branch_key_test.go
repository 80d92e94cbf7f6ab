package api

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// only are objects that the tenant of north alone has: collection, key and body. free is a key of
// the same form that no tenant has.
var only = []struct{ collection, key, free, body string }{
	{"mailboxes", "199", "198", `{"name":"Far","pin":"4711"}`}, {"extensions", "199", "198", `{"name":"Far","mailbox":"199"}`},
	{"devices", "far", "off", `{"extension":"199"}`}, {"groups", "far", "off", `{}`}, {"trunks", "far", "off", `{"host":"192.0.2.10"}`},
	{"users", "far", "off", `{"full_name":"Jo","role":"user"}`}, {"classes-of-service", "far", "off", `{}`},
	{"external-numbers", "+4915112340000", "+4915112340001", `{}`}, {"button-templates", "T54W", "T53", `{"buttons":{}}`},
	{"port-requests", "far", "off", `{"carrier":"Telco","numbers":[{"number":"+498912345609"}]}`},
	{"contacts", "far", "off", `{"title":"Taxi","numbers":["0305551"]}`}, {"blocked-callers", "+49891777", "+49891776", `{}`},
	{"forwards", "199", "198", `{}`}, {"ring-groups", "far", "off", `{"number":"699","members":[{"extension":"199"}]}`},
	{"numbers", "+493012345610", "+493012345611", `{}`},
	{"queues", "far", "off", `{"number":"698","members":[{"extension":"199"}]}`},
	{"applications", "far", "off", `{"url":"https://receiver.invalid/calls","fallback":"hangup"}`},
	{"announcements", "far", "off", `{}`}, {"routes", "far", "off", `{"match":["+4989"],"trunks":[{"trunk":"far"}]}`},
	{"webhooks", "far", "off", `{"url":"https://receiver.invalid/hooks"}`},
	{"phones", "00:15:65:00:00:01", "00:15:65:00:00:0e", `{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"far"}]}`},
}

// notOnly are collections that need nothing in only: they are below an object that is in it, or
// made by calls and phones, or below no tenant, and then TestNoCrossingBetweenBranches has them.
var notOnly = []string{"messages", "documents", "text-messages", "deliveries", "recordings", "calls", "sessions", "files", "inbox",
	"resyncs", "tokens", "uploads",
	"tenants", "resellers", "carriers", "rates"}

var keyInPath = regexp.MustCompile(`([a-z-]+)/\{\w+\}`)

// An object of another tenant is not there under the own tenant either, and is answered about
// as one that does not exist: by every caller with the right, with every operation of the document.
func TestKeysOfAnotherBranchDoNotExist(t *testing.T) {
	l := newLab(t)
	l.branches()
	theirs, nobodys := map[string]string{}, map[string]string{}
	for _, o := range only {
		l.must(201, "PUT", "/v1/tenants/shop-north/"+o.collection+"/"+o.key, o.body)
		theirs[o.collection], nobodys[o.collection] = o.key, o.free
	}
	tokens := map[string]string{"platform": l.token, "person of south": l.resellerPerson("south", "sam")(),
		"tenant-admin": l.newToken("tenant-admin", "shop-south"), "operator": l.newToken("operator", "shop-south")}
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		for _, p := range l.permissions() {
			rest, of := strings.CutPrefix(p.path, "/v1/tenants/{tenant}/")
			if !of || !strings.Contains(rest, "{") || p.method == "PUT" && !strings.Contains(rest, "}/") {
				continue // it names no object, or makes one
			}
			l.checkSameKey(t, name, tokens[name], p.method, p.fill("shop-south", theirs), p.fill("shop-south", nobodys))
		}
	}
	for _, p := range l.permissions() {
		for _, m := range keyInPath.FindAllStringSubmatch(p.path, -1) {
			if theirs[m[1]] == "" && !slices.Contains(notOnly, m[1]) {
				t.Errorf("%s %s: give north one of %s, in only", p.method, p.path, m[1])
			}
		}
	}
}

// checkSameKey demands one answer for a key that another tenant has and one that nobody has.
func (l *lab) checkSameKey(t *testing.T, name, token, method, there, nowhere string) {
	t.Helper()
	before := l.revision()
	status, body := l.head(token, method, there)
	none, nothing := l.head(token, method, nowhere)
	var names []string
	for _, o := range only {
		names = append(names, o.key, o.free)
	}
	if plain := strings.NewReplacer(names...).Replace(body); status != none || plain != nothing || status < 400 || l.revision() != before {
		t.Errorf("%s: %s %s: %d %s\n%s: %d %s", name, method, there, status, body, nowhere, none, nothing)
	}
}
