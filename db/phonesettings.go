package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectPhoneSettings = `SELECT tenant, language, tone_country, ntp_server, syslog_server, vlan, vlan_priority, codecs, srtp, clock24, logo, uploads, firmware, version, revision FROM phone_settings`

func scanPhoneSettings(row scanner) (*pbx.PhoneSettings, error) {
	p := &pbx.PhoneSettings{}
	var codecs, uploads, firmware string
	err := row.Scan(&p.Tenant, &p.Language, &p.ToneCountry, &p.NTPServer, &p.SyslogServer, &p.VLAN, &p.VLANPriority, &codecs, &p.SRTP, &p.Clock24, &p.Logo, &uploads, &firmware, &p.Version, &p.Revision)
	p.Codecs, p.Uploads = strings.Fields(codecs), strings.Fields(uploads)
	for _, word := range strings.Fields(firmware) {
		model, file, _ := strings.Cut(word, "=")
		sum, name, _ := strings.Cut(file, "/")
		p.Firmware = append(p.Firmware, pbx.PhoneFirmware{Model: model, SHA256: sum, Name: name})
	}
	return p, err
}

// PhoneSettings returns what phones of a tenant have in common: the defaults,
// with Version 0 and the Revision of the tenant, when nobody has changed them.
func (tx *Tx) PhoneSettings(ctx context.Context, tenant string) (*pbx.PhoneSettings, error) {
	p, err := scanPhoneSettings(tx.sql.QueryRowContext(ctx, selectPhoneSettings+` WHERE tenant = ?`, tenant))
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
	if len(changed(old, p)) == 0 {
		p.Version, p.Revision = old.Version, old.Revision
		return nil
	}
	if p.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	p.Version = old.Version + 1
	err = tx.exec(ctx, `INSERT OR REPLACE INTO phone_settings (tenant, language, tone_country, ntp_server, syslog_server, vlan, vlan_priority, codecs, srtp, clock24, logo, uploads, firmware, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.Tenant, p.Language, p.ToneCountry, p.NTPServer, p.SyslogServer, p.VLAN, p.VLANPriority,
		strings.Join(p.Codecs, " "), p.SRTP, p.Clock24, p.Logo,
		strings.Join(p.Uploads, " "), firmwareWords(p.Firmware), p.Version, p.Revision)
	if err != nil {
		return fmt.Errorf("writing the phone settings of tenant %s: %w", p.Tenant, err)
	}
	return record(ctx, tx, kindPhoneSettings, p.Tenant, p.Tenant, old, p)
}

// firmwareWords is what the column firmware holds: no part has a blank or '='.
func firmwareWords(list []pbx.PhoneFirmware) string {
	words := make([]string, len(list))
	for i, f := range list {
		words[i] = f.Model + "=" + f.File()
	}
	return strings.Join(words, " ")
}
