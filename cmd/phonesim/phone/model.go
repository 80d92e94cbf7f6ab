package phone

import (
	"fmt"
	"slices"
	"strings"
)

// Vendor decides boot order, file dialect and the shape of the User-Agent.
type Vendor string

// The two makes this phone can play.
const (
	Yealink Vendor = "yealink"
	Polycom Vendor = "polycom"
)

// Model is what the simulator knows of a phone model.
type Model struct {
	Name     string // "T46U"
	Vendor   Vendor
	Firmware string // default version
	Common   string // Yealink: the common file's name without extension, "y" and twelve digits
	Accounts int    // registrations
	UAName   string // the model as the User-Agent writes it
	PartNo   string // Polycom: what [PHONE_PART_NUMBER] becomes; empty where no source names it
}

// models: common-file codes and account counts from the vendor notes (yealink.md section 3, polycom.md section 3).
var models = []Model{
	{Name: "T46U", Vendor: Yealink, Firmware: "108.86.0.90", Common: "y000000000108", Accounts: 16, UAName: "SIP-T46U"},
	{Name: "T54W", Vendor: Yealink, Firmware: "96.86.0.70", Common: "y000000000096", Accounts: 16, UAName: "SIP-T54W"},
	{Name: "T31G", Vendor: Yealink, Firmware: "124.86.0.75", Common: "y000000000123", Accounts: 2, UAName: "SIP-T31G"},
	{Name: "T28P", Vendor: Yealink, Firmware: "2.73.0.50", Common: "y000000000000", Accounts: 6, UAName: "SIP-T28P"},
	{Name: "SPIP430", Vendor: Polycom, Firmware: "3.2.7.0198", Accounts: 2, UAName: "PolycomSoundPointIP-SPIP_430-UA"},
	{Name: "SPIP650", Vendor: Polycom, Firmware: "4.0.14.1580", Accounts: 6, UAName: "PolycomSoundPointIP-SPIP_650-UA"},
	{Name: "VVX450", Vendor: Polycom, Firmware: "6.4.6.2453", Accounts: 12, UAName: "PolycomVVX-VVX_450-UA"},
	{Name: "VVX250", Vendor: Polycom, Firmware: "6.4.6.2453", Accounts: 4, UAName: "PolycomVVX-VVX_250-UA"},
}

// Models lists the names New accepts.
func Models() []string {
	var names []string
	for _, m := range models {
		names = append(names, m.Name)
	}
	return names
}

func findModel(name string) (Model, bool) {
	i := slices.IndexFunc(models, func(m Model) bool { return strings.EqualFold(m.Name, name) })
	if i < 0 {
		return Model{}, false
	}
	return models[i], true
}

// old reports whether the files have the names of the first generations: a Yealink's branch, the second number, is below
// V80; a Polycom runs SIP software 3.2 or older.
func (m Model) old() bool {
	numbers := strings.Split(m.Firmware, ".")
	if len(numbers) < 2 {
		return false
	}
	first, second := atoi(numbers[0]), atoi(numbers[1])
	if m.Vendor == Yealink {
		return second < 80
	}
	return first < 3 || first == 3 && second < 3
}

// codecName is a codec in a Polycom's voice.codecPref.
func (m Model) codecName(c codec) string {
	if m.old() {
		return c.old
	}
	return c.polycom
}

// httpAgent is the User-Agent of file requests. Yealink: "Yealink SIP-T46U 108.86.0.90 aa:bb:cc:dd:ee:ff";
// Polycom: "FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453 (SN:mac) Type/Application" (vendor notes, section 2.1).
func (m Model) httpAgent(mac string, serial bool) string {
	if m.Vendor == Yealink {
		return fmt.Sprintf("Yealink %s %s %s", m.UAName, m.Firmware, colonMAC(mac))
	}
	sn := ""
	if serial {
		sn = " (SN:" + mac + ")"
	}
	return fmt.Sprintf("FileTransport %s/%s%s Type/Application", m.UAName, m.Firmware, sn)
}

// sipAgent is the User-Agent of SIP messages: the same without MAC (Yealink) or transport token (Polycom).
func (m Model) sipAgent() string {
	if m.Vendor == Yealink {
		return fmt.Sprintf("Yealink %s %s", m.UAName, m.Firmware)
	}
	return m.UAName + "/" + m.Firmware
}

func plainMAC(s string) (string, error) {
	mac := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "").Replace(s))
	if len(mac) != 12 || strings.Trim(mac, "0123456789abcdef") != "" {
		return "", fmt.Errorf("MAC %q is not twelve hex digits", s)
	}
	return mac, nil
}

func colonMAC(mac string) string {
	var parts []string
	for i := 0; i < len(mac); i += 2 {
		parts = append(parts, mac[i:i+2])
	}
	return strings.Join(parts, ":")
}
