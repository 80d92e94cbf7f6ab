package pbx

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// VoicemailNote is what a mail about a voicemail message tells.
type VoicemailNote struct {
	Mailbox, MailboxName     string
	CallerNumber, CallerName string
	Time                     time.Time // when the message was left, in the zone of the mailbox
	Seconds                  float64
}

// voicemailField is a field in the subject or text of such a mail: ${caller}.
var voicemailField = regexp.MustCompile(`\$\{([^{}]*)\}`)

// fields are the values that a mail may name. Text of a caller is made plain once more: a row
// may be older than the rules.
func (n VoicemailNote) fields(unknown string) map[string]string {
	const most = 80
	name, number := PlainText(n.CallerName, most), PlainText(n.CallerNumber, most)
	caller := cmp.Or(name, number, unknown)
	if name != "" && number != "" && name != number {
		caller = name + " (" + number + ")"
	}
	length := int(n.Seconds + 0.5)
	return map[string]string{"caller": caller, "caller_name": cmp.Or(name, unknown), "caller_number": cmp.Or(number, unknown),
		"mailbox": n.Mailbox, "mailbox_name": n.MailboxName, "length": fmt.Sprintf("%d:%02d", length/60, length%60),
		"date": n.Time.Format(time.DateOnly), "time": n.Time.Format("15:04 MST")}
}

// VoicemailFields names the fields of a mail's subject and text.
func VoicemailFields() []string { return slices.Sorted(maps.Keys(VoicemailNote{}.fields(""))) }

// CheckVoicemailMail refuses a subject or text of a mail that names a field that does not exist.
// "" stands for the text in the mailbox's language. A text has lines, a subject has one.
func CheckVoicemailMail(field, s string, mostLines, mostOfLine int) *Error {
	lines := strings.Split(s, "\n")
	if len(lines) > mostLines {
		return Invalidf(field, "has %d lines, at most %d are allowed", len(lines), mostLines)
	}
	for _, line := range lines {
		if err := CheckText(field, strings.TrimSpace(line), 0, mostOfLine, 0); err != nil {
			return err
		}
	}
	known := VoicemailFields()
	for _, found := range voicemailField.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(known, found[1]) {
			return Invalidf(field, "names ${%s}, which does not exist: use ${%s}", found[1], strings.Join(known, "}, ${"))
		}
	}
	return nil
}

// voicemailText is a mail in a language.
type voicemailText struct{ subject, text, unknown string }

// voicemailTexts are the mails by language, as Asterisk and phones name languages.
var voicemailTexts = map[string]voicemailText{
	"en": {"Voicemail from ${caller}",
		"${mailbox_name}, mailbox ${mailbox}, has a new message.\n\nFrom: ${caller}\nLeft: ${date} ${time}\nLength: ${length}\n",
		"an unknown caller"},
	"de": {"Sprachnachricht von ${caller}",
		"${mailbox_name}, Mailbox ${mailbox}, hat eine neue Nachricht.\n\nVon: ${caller}\nHinterlassen: ${date} ${time}\nLänge: ${length}\n",
		"unbekanntem Anrufer"},
	"fr": {"Message vocal de ${caller}",
		"${mailbox_name}, boîte ${mailbox}, a un nouveau message.\n\nDe : ${caller}\nLaissé : ${date} ${time}\nDurée : ${length}\n",
		"un appelant inconnu"},
	"es": {"Mensaje de voz de ${caller}",
		"${mailbox_name}, buzón ${mailbox}, tiene un mensaje nuevo.\n\nDe: ${caller}\nDejado: ${date} ${time}\nDuración: ${length}\n",
		"un desconocido"},
	"it": {"Messaggio vocale da ${caller}",
		"${mailbox_name}, casella ${mailbox}, ha un nuovo messaggio.\n\nDa: ${caller}\nLasciato: ${date} ${time}\nDurata: ${length}\n",
		"un chiamante sconosciuto"},
	"nl": {"Voicemail van ${caller}",
		"${mailbox_name}, postbus ${mailbox}, heeft een nieuw bericht.\n\nVan: ${caller}\nIngesproken: ${date} ${time}\nLengte: ${length}\n",
		"een onbekende beller"},
}

// VoicemailMail writes the mail about a message, by the tenant's own words where it has some. A
// language without a text of ours has the English one.
func (t *Tenant) VoicemailMail(n VoicemailNote, language string) (subject, text string) {
	short, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(language), "_", "-"), "-")
	words, ok := voicemailTexts[short]
	if !ok {
		words = voicemailTexts["en"]
	}
	fields := n.fields(words.unknown)
	fill := func(s string) string {
		return voicemailField.ReplaceAllStringFunc(s, func(field string) string { return fields[field[2:len(field)-1]] })
	}
	return fill(cmp.Or(t.VoicemailSubject, words.subject)), fill(cmp.Or(t.VoicemailText, words.text))
}

// LanguageOfMailbox returns the language in which a mailbox is written to: its own, else that of its user, else
// that of the tenant's phones, "" for neither.
func (s *Snapshot) LanguageOfMailbox(tenant, number string) string {
	if m := s.Mailbox(tenant, number); m != nil && m.Language != "" {
		return m.Language
	}
	if u := s.OwnerOfMailbox(tenant, number); u != nil && u.Language != "" {
		return u.Language
	}
	if p := s.SettingsOf(tenant); p != nil {
		return p.Language
	}
	return ""
}
