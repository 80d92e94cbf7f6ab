package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// lastDelivery is the id of a delivery of webhook crm that has ended.
func lastDelivery(l *lab) string {
	l.t.Helper()
	ds, err := l.db.Deliveries(l.t.Context(), "default", "crm", 0, 100)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, d := range ds {
		if d.State != pbx.DeliveryQueued {
			return fmt.Sprint(d.ID)
		}
	}
	l.t.Fatal("no delivery has ended")
	return ""
}

// A secret is shown by the write that set it, and by no other answer.
func TestWebhookSecretIsShownOnce(t *testing.T) {
	l := newLab(t)
	const crm = "webhooks/crm"
	made := l.must(201, "PUT", crm, `{"url":"https://receiver.invalid/"}`).text("secret")
	if !strings.HasPrefix(made, "whsec_") {
		t.Errorf("the secret is %q", made)
	}
	for _, answer := range []string{l.must(200, "GET", crm, "").Body, l.must(200, "GET", "webhooks", "").Body,
		l.must(200, "PATCH", crm, `{"description":"x"}`).Body, l.must(200, "PUT", crm, `{"url":"https://receiver.invalid/"}`).Body,
		l.must(200, "GET", "/v1/changes?limit=100", "").Body} {
		if strings.Contains(answer, "whsec_") {
			t.Errorf("a secret in %s", answer)
		}
	}
	if again := l.must(200, "POST", crm+"/rotate-secret", "").text("secret"); again == made || !strings.HasPrefix(again, "whsec_") {
		t.Errorf("the next secret is %q", again)
	}
	l.must(404, "POST", "webhooks/nobody/rotate-secret", "")
	const own = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	if shown := l.must(200, "PATCH", crm, `{"secret":"`+own+`"}`).text("secret"); shown != own {
		t.Errorf("the secret of the client is %q", shown)
	}
	for _, bad := range []string{`"secret":"short"`, `"secret":"whsec_c2hvcnQ="`, `"url":"ftp://example.com"`,
		`"url":"https://u:p@example.com/"`,
		`"url":"https://"`, `"events":["alarm"]`, `"email":"nobody"`, `"url":"https://169.254.169.254/"`, `"url":"http://example.com/"`} {
		l.must(422, "PATCH", crm, `{`+bad+`}`)
	}
}

// Events of a tenant are queued for its webhooks alone, and what wait is in the log.
func TestWebhooksOfTenants(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/tenants/shop", `{"timezone":"UTC"}`)
	l.must(201, "PUT", "webhooks/crm", `{"url":"https://receiver.invalid/","events":["port"]}`)
	l.must(201, "PUT", "/v1/tenants/shop/webhooks/crm", `{"url":"https://receiver.invalid/"}`)
	l.ctl.Events.Publish("default", event.Port{Tenant: "default", Request: "munich", Number: "+498912345601"})
	l.fetched("default", 1)
	l.fetched("", 2)
	var answer string
	l.until("for an attempt", func() bool {
		answer = l.must(200, "GET", "webhooks/crm/deliveries", "").Body
		return strings.Contains(answer, "no address")
	})
	if !strings.Contains(answer, `"event":"port"`) || !strings.Contains(answer,
		`"data":{"tenant":"default","request":"munich","number":"+498912345601"}`) ||
		strings.Contains(answer, `"fetch"`) {
		t.Error(answer)
	}
	if theirs := l.must(200, "GET", "/v1/tenants/shop/webhooks/crm/deliveries", "").Body; !strings.Contains(theirs, `"items":[]`) {
		t.Errorf("the other tenant's: %s", theirs)
	}
	if state := l.must(200, "GET", "webhooks/crm", "").Body; !strings.Contains(state, `"state":"failing"`) ||
		!strings.Contains(state, `"waiting":1`) {
		t.Error(state)
	}
}
