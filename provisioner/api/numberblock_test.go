package api

import (
	"fmt"
	"strings"
	"testing"
)

// A block of numbers goes its way in one request each: it is brought, handed on, led to the
// extensions by its last digits, and taken back. Each number has its own row and history.
func TestNumberBlock(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{"max_numbers":100}`)
	north := "Authorization: Bearer " + l.resellerToken("north")
	l.must(201, "PUT", "/v1/tenants/shop", `{"max_numbers":10}`, north)
	for i := range 10 {
		l.must(201, "PUT", fmt.Sprintf("/v1/tenants/shop/extensions/%d", 560+i), `{"name":"Ada"}`, north)
	}
	brought := l.must(201, "POST", "/v1/numbers/block", `{"first":"+493012345560","last":"+493012345569","sms":true}`, north).items()
	if len(brought) != 10 || brought[9]["number"] != "+493012345569" || brought[0]["state"] != "available" || brought[0]["sms"] != true {
		t.Fatalf("brought %v", brought)
	}
	const block = `"first":"+49 30 12345560","count":10`
	given := l.must(200, "POST", "/v1/numbers/assign", `{`+block+`,"tenant":"shop","extension_digits":3}`, north).items()
	for i, n := range given {
		if want := fmt.Sprintf("extension:%d", 560+i); n["destination"] != want || n["tenant"] != "shop" {
			t.Errorf("%v, want %s", n, want)
		}
		history := l.must(200, "GET", "/v1/numbers/"+n["number"].(string)+"/history", "", north).items()
		if len(history) != 2 || history[0]["action"] != "uploaded" || history[1]["action"] != "assigned" {
			t.Errorf("the history of %v is %v", n["number"], history)
		}
	}
	// The tenant's own admin leads them elsewhere and back.
	shop := "Authorization: Bearer " + l.newToken("tenant-admin", "shop")
	if led := l.must(200, "POST", "/v1/tenants/shop/numbers/lead", `{`+block+`,"destination":"hangup"}`,
		shop).items(); len(led) != 10 || led[3]["destination"] != "hangup" {
		t.Errorf("led %v", led)
	}
	l.must(200, "POST", "/v1/tenants/shop/numbers/lead", `{"numbers":["+493012345561"]}`, shop)
	if n := l.must(200, "GET", "/v1/tenants/shop/numbers/+493012345561", "", shop).json(); n["destination"] != nil {
		t.Errorf("a number that leads nowhere is %v", n)
	}
	back := l.must(200, "POST", "/v1/tenants/shop/numbers/lead", `{`+block+`,"extension_digits":3}`, shop).items()
	if len(back) != 10 || back[1]["destination"] != "extension:561" {
		t.Errorf("led back %v", back)
	}
	taken := l.must(200, "POST", "/v1/numbers/unassign", `{`+block+`}`, north).items()
	if len(taken) != 10 || taken[0]["state"] != "available" || taken[0]["tenant"] != nil {
		t.Errorf("taken back %v", taken)
	}
}

// Each number that is refused is named with its reason, and nothing changes. Limits count for
// the block as a whole.
func TestRefusedNumberBlocks(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{"max_numbers":30}`)
	l.must(201, "PUT", "/v1/tenants/shop", `{"reseller":"north","max_numbers":5}`)
	l.must(201, "PUT", "/v1/tenants/shop/extensions/561", `{"name":"Ada"}`)
	north := "Authorization: Bearer " + l.resellerToken("north")
	l.must(201, "POST", "/v1/numbers/block", `{"first":"+493012345560","count":9}`, north)
	l.must(201, "POST", "/v1/numbers", `{"number":"+493012345571"}`) // the platform's
	l.until("for the snapshot", func() bool { return l.ctl.Snapshot().Tenant("shop") != nil })
	shop := "Authorization: Bearer " + l.newToken("tenant-admin", "shop")
	for what, c := range map[string]struct {
		auth, path, body string
		status           int
		errors           int    // how many numbers are named; 0 is a refusal of the whole
		says             string // of the first
	}{
		"taken by anybody": {north, "/v1/numbers/block", `{"first":"+493012345568","count":4}`, 409, 2,
			"number +493012345568 belongs to an account"},
		"above the pool": {north, "/v1/numbers/block", `{"first":"+493012345600","count":30}`, 409, 0,
			"may have 30 numbers in its branch, and would have 39"},
		"above the tenant": {north, "/v1/numbers/assign", `{"first":"+493012345560","count":9,"tenant":"shop"}`, 409, 0,
			"tenant shop may have 5 numbers, and would have 9"},
		"no extension": {north, "/v1/numbers/assign",
			`{"first":"+493012345560","count":3,"tenant":"shop","extension_digits":3}`, 422, 2,
			"number +493012345560: extension 560 does not exist"},
		"foreign": {north, "/v1/numbers/assign", `{"first":"+493012345570","count":3,"tenant":"shop"}`, 404, 3,
			"number +493012345570 does not exist"},
		"not assigned": {north, "/v1/numbers/unassign", `{"first":"+493012345560","count":9}`, 409, 9,
			"number +493012345560 is not assigned"},
		"not the tenant's": {shop, "/v1/tenants/shop/numbers/lead",
			`{"first":"+493012345560","count":2,"destination":"hangup"}`, 404, 2,
			"number +493012345560 does not exist in tenant shop"},
		"more than named": {north, "/v1/numbers/unassign", `{"first":"+493012000000","count":10000}`, 404, 100,
			"number +493012000000 does not exist"},
		"too many": {north, "/v1/numbers/block", `{"first":"+493012000000","last":"+493012999999"}`, 422, 0,
			"a block from +493012000000 on has 1 to 10000 numbers"},
		"a list too": {north, "/v1/numbers/unassign", `{"first":"+493012345560","count":9,"numbers":["+493012345560"]}`,
			422, 0, "first does not go with numbers"},
		"neither": {north, "/v1/numbers/unassign", `{}`, 422, 0, "numbers is required, or else first"},
		"two destinations": {north, "/v1/numbers/assign",
			`{"first":"+493012345560","count":3,"tenant":"shop","destination":"hangup","extension_digits":3}`, 422, 0,
			"extension_digits does not go with destination"},
		"digits of nobody": {north, "/v1/numbers/assign", `{"first":"+493012345560","count":3,"extension_digits":3}`, 422, 0,
			"extension_digits needs a tenant"},
	} {
		before := l.revision()
		p := l.must(c.status, "POST", c.path, c.body, c.auth).problem()
		if len(p.Errors) != c.errors || !strings.HasPrefix(p.Detail, c.says) && !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s: %+v", what, p)
		}
		if l.revision() != before {
			t.Errorf("%s: something changed", what)
		}
	}
}
