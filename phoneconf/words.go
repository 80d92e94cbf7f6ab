package phoneconf

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// languageNames are the names that the makes give to languages of
// pbx.PhoneLanguages; "" where none is known, which leaves the phone's own.
// Yealink's are those of its language packs, Polycom's those of lcl.ml.lang; all
// of Polycom's but three follow the pattern of those three [K].
var languageNames = map[string]struct{ yealink, polycom string }{
	"da": {"", "Danish_Denmark"}, "de": {"German", "German_Germany"}, "en": {"English", "English_United_States"},
	"en-GB": {"English", "English_United_Kingdom"},
	"es":    {"Spanish", "Spanish_Spain"}, "es-419": {"Spanish_LA", "Spanish_Spain"}, "fr": {"French", "French_France"},
	"fr-CA": {"French_CA", "French_Canada"},
	"it":    {"Italian", "Italian_Italy"}, "ja": {"", "Japanese_Japan"}, "ko": {"", "Korean_Korea"},
	"nl": {"", "Dutch_Netherlands"}, "no": {"", "Norwegian_Norway"},
	"pl": {"Polish", "Polish_Poland"}, "pt": {"Portuguese", "Portuguese_Portugal"}, "ru": {"Russian", "Russian_Russia"},
	"sv": {"", "Swedish_Sweden"},
	"tr": {"Turkish", ""}, "zh-CN": {"Chinese_S", "Chinese_China"}, "zh-TW": {"Chinese_T", ""},
}

// handsetLanguages are the numbers of languages on Yealink's DECT handsets.
var handsetLanguages = map[string]string{"en": "0", "en-GB": "0", "fr": "1", "de": "2", "it": "3", "es": "6"}

// toneCountries are Yealink's names for pbx.ToneCountries. A Polycom has no
// parameter for a country, only for each tone: it keeps its own.
var toneCountries = map[string]string{
	"AT": "Austria", "AU": "Australia", "BE": "Belgium", "BR": "Brazil", "CH": "Switzerland", "CL": "Chile",
	"CN": "China", "CZ": "Czech", "DE": "Germany", "DK": "Denmark",
	"ES": "Spain", "FI": "Finland", "FR": "France", "GB": "Great Britain", "GR": "Greece", "HU": "Hungary", "IN": "India",
	"IT": "Italy", "JP": "Japan", "LT": "Lithuania",
	"MX": "Mexico", "NL": "Netherlands", "NO": "Norway", "NZ": "New Zealand", "PT": "Portugal", "RU": "Russia",
	"SE": "Sweden", "US": "United States",
}

// ringKeywords is how many distinctive rings a phone knows: an INVITE whose
// Alert-Info says info=ring3 rings with the third.
const ringKeywords = 8

// tonesOf is the country whose tones the phone of an extension plays: its own,
// that of the tenant's phones, or the tenant's; never one without a name.
func tonesOf(s *pbx.Snapshot, e *pbx.Extension, settings string) string {
	for _, c := range []string{e.Country, settings, s.CountryOf(e)} {
		if toneCountries[c] != "" {
			return c
		}
	}
	return ""
}
