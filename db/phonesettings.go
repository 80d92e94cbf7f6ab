package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var phoneSettingsTable = newTable(kindPhoneSettings, "phone_settings",
	func(row *pbx.PhoneSettings) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.PhoneSettings) any { return &row.Tenant }),
	col("language", func(row *pbx.PhoneSettings) any { return &row.Language }),
	col("tone_country", func(row *pbx.PhoneSettings) any { return &row.ToneCountry }),
	col("ntp_server", func(row *pbx.PhoneSettings) any { return &row.NTPServer }),
	col("syslog_server", func(row *pbx.PhoneSettings) any { return &row.SyslogServer }),
	col("vlan", func(row *pbx.PhoneSettings) any { return &row.VLAN }).
		as("vlan", func(row *pbx.PhoneSettings) any { return unlessKept(row.VLAN) }),
	col("vlan_priority", func(row *pbx.PhoneSettings) any { return &row.VLANPriority }),
	col("codecs", func(row *pbx.PhoneSettings) any { return words{&row.Codecs} }),
	col("srtp", func(row *pbx.PhoneSettings) any { return &row.SRTP }),
	col("clock24", func(row *pbx.PhoneSettings) any { return &row.Clock24 }),
	col("logo", func(row *pbx.PhoneSettings) any { return &row.Logo }),
	col("outbound_proxy", func(row *pbx.PhoneSettings) any { return &row.OutboundProxy }),
	col("second_server", func(row *pbx.PhoneSettings) any { return &row.SecondServer }),
	col("paging", func(row *pbx.PhoneSettings) any { return words{&row.Paging} }),
	col("uploads", func(row *pbx.PhoneSettings) any { return words{&row.Uploads} }),
	col("firmware", func(row *pbx.PhoneSettings) any { return firmware{&row.Firmware} }),
)

// unlessKept is the API's form of a VLAN: null leaves it as it is.
func unlessKept(vlan int) any {
	if vlan == pbx.KeepVLAN {
		return nil
	}
	return vlan
}

// PhoneSettings returns the settings that phones of a tenant have in common. If they were
// never changed, they are the defaults, with Version 0 and the Revision of the tenant.
func (tx *Tx) PhoneSettings(ctx context.Context, tenant string) (*pbx.PhoneSettings, error) {
	p, err := phoneSettingsTable.row(ctx, tx, `WHERE tenant = ?`, tenant)
	if errors.Is(err, sql.ErrNoRows) {
		t, err := tx.Tenant(ctx, tenant)
		if err != nil {
			return nil, err
		}
		p = pbx.DefaultPhoneSettings(tenant)
		p.Revision = t.Revision
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the phone settings of tenant %s: %w", tenant, err)
	}
	return p, nil
}

// PutPhoneSettings replaces the phone settings of a tenant. It sets Version and
// Revision of p, and writes nothing when nothing differs.
func (tx *Tx) PutPhoneSettings(ctx context.Context, p *pbx.PhoneSettings) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.PhoneSettings(ctx, p.Tenant)
	if err != nil {
		return err
	}
	if phoneSettingsTable.same(old, p) {
		return nil
	}
	return phoneSettingsTable.save(ctx, tx, old, p)
}

// firmware is a list of MODEL=SHA256/NAME; no part has a blank or '='.
type firmware struct{ to *[]pbx.PhoneFirmware }

// Scan implements sql.Scanner.
func (f firmware) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("firmware is not a text")
	}
	*f.to = nil
	for _, word := range strings.Fields(text) {
		model, file, _ := strings.Cut(word, "=")
		sum, name, _ := strings.Cut(file, "/")
		*f.to = append(*f.to, pbx.PhoneFirmware{Model: model, SHA256: sum, Name: name})
	}
	return nil
}

// Value implements driver.Valuer.
func (f firmware) Value() (driver.Value, error) {
	list := make([]string, len(*f.to))
	for i, file := range *f.to {
		list[i] = file.Model + "=" + file.File()
	}
	return strings.Join(list, " "), nil
}

// MarshalJSON implements json.Marshaler: the API has a map from model to file.
func (f firmware) MarshalJSON() ([]byte, error) {
	out := make(map[string]string, len(*f.to))
	for _, file := range *f.to {
		out[file.Model] = file.File()
	}
	return json.Marshal(out)
}
