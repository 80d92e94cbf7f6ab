package asteriskconf

import "strings"

// toneZones are the zones of the indications.conf that comes with Asterisk 16 to
// 22, by country. Asterisk plays its default for all others.
var toneZones = func() map[string]string {
	zones := map[string]string{"GB": "uk", "CA": "us", "LI": "ch", "IM": "uk", "JE": "uk", "GG": "uk"}
	for _, z := range strings.Fields("at au be bg br ch cl cn cz de dk ee es fi fr gr hu id il in it jp lt mx my nl no nz ph pl pt ru se sg th tw us ve za") {
		zones[strings.ToUpper(z)] = z
	}
	return zones
}()
