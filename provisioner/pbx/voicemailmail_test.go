package pbx

import (
	"strings"
	"testing"
	"time"
)

func TestVoicemailMail(t *testing.T) {
	n := VoicemailNote{Mailbox: "101", MailboxName: "Ada", CallerNumber: "+4930\r\n1", CallerName: "Eve ${mailbox}", Seconds: 67.4,
		Time: time.Date(2026, 11, 29, 23, 5, 0, 0, time.UTC)}
	for language, want := range map[string]string{"de": "Sprachnachricht von Eve ${mailbox} (+4930 1)", "de_AT": "Sprachnachricht",
		"en-GB": "Voicemail from", "": "Voicemail from", "xx": "Voicemail from", "fr": "Message vocal", "es-419": "Mensaje",
		"it": "Messaggio", "nl": "Voicemail van"} {
		subject, text := (&Tenant{}).VoicemailMail(n, language)
		if !strings.HasPrefix(subject, want) || !strings.Contains(text, "1:07") || !strings.Contains(text, "2026-11-29 23:05 UTC") ||
			strings.Count(subject+text, "${") != strings.Count(subject+text, "Eve ${mailbox}") {
			t.Errorf("in %q: %q\n%s", language, subject, text)
		}
	}
	own := &Tenant{VoicemailSubject: "${caller_number} for ${mailbox_name}", VoicemailText: "$5\n${length}"}
	if subject, text := own.VoicemailMail(n, "de"); subject != "+4930 1 for Ada" || text != "$5\n1:07" {
		t.Errorf("own words: %q %q", subject, text)
	}
	if _, text := (&Tenant{}).VoicemailMail(VoicemailNote{}, "de"); !strings.Contains(text, "Von: unbekanntem Anrufer") {
		t.Errorf("without a caller: %s", text)
	}
}

// Each text of ours passes the check that a tenant's own has to pass.
func TestCheckVoicemailMail(t *testing.T) {
	for language, w := range voicemailTexts {
		if err := CheckVoicemailMail("f", w.text, 100, 500); err != nil {
			t.Errorf("%s: %v", language, err)
		}
		if err := CheckVoicemailMail("f", w.subject, 1, 200); err != nil {
			t.Errorf("%s: %v", language, err)
		}
	}
	for text, want := range map[string]string{"${name}": "${name}", "a\nb": "2 lines", "x ${}": "names ${}",
		"a\rb": "control", "${caller": ""} {
		err := CheckVoicemailMail("voicemail_subject", text, 1, 200)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Message, want) || err.Field != "voicemail_subject") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
