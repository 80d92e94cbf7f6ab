package db

import "testing"

// TestPhoneSettingsFromBeforeStay migrates the settings of version 33: phones listen nowhere,
// and what was chosen stays.
func TestPhoneSettingsFromBeforeStay(t *testing.T) {
	_, s := writtenBy(t, 33,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO phone_settings (tenant, language, tone_country, ntp_server, syslog_server, vlan, vlan_priority, codecs, srtp, clock24, logo,
			uploads, firmware, version, revision)
			VALUES ('old', 'de', '', '', '192.0.2.7', 7, 5, 'pcma g722', 'optional', 0, '', 'logs', '', 3, 1)`)
	if c := s.SettingsOf("old"); len(c.Paging) != 0 || c.OutboundProxy != "" || c.SecondServer != "" ||
		c.Language != "de" || c.VLAN != 7 || len(c.Codecs) != 2 || c.Version != 3 {
		t.Errorf("the settings are %+v", c)
	}
}
