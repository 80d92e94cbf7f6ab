package tenanthttp

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The signature is that of the specification's example.
func TestSignature(t *testing.T) {
	body := []byte(`{"event_type":"ping","data":{"success":true}}`)
	got, err := signature("msg_loFOjxBNrRLzqYUf", time.Unix(1731705121, 0), body, pbx.NewSecret("whsec_plJ3nmyCDGBKInavdOK15jsl"),
		pbx.Secret{})
	if want := "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="; got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if got, _ = signature("a", time.Unix(1, 0), body, pbx.NewWebhookSecret(), pbx.NewWebhookSecret()); strings.Count(got, "v1,") != 2 {
		t.Errorf("two secrets sign %s", got)
	}
}
