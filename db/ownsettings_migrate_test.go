package db

import (
	"reflect"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestPhonesFromBeforeHaveNoSettings migrates a phone of version 38, which has its tenant's,
// and handsets by their numbers.
func TestPhonesFromBeforeHaveNoSettings(t *testing.T) {
	_, s := writtenBy(t, 38,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO phones (tenant, mac, vendor, model, url_secret, enrol_until, version, revision)
			VALUES ('old', '001565000001', 'yealink', 'T46U', 'secret', 0, 1, 1)`)
	if p := s.Phone("001565000001"); p == nil || p.Handsets != nil || !reflect.DeepEqual(p.Settings, pbx.OwnSettings{}) {
		t.Errorf("the phone is %+v", p)
	}
}
