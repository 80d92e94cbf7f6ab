package pbx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// PhoneFirmware says which firmware the phones of a model run: a file by the hash
// of its bytes, so that a changed file is never flashed unasked.
type PhoneFirmware struct {
	Model  string
	SHA256 string // in hexadecimal
	Name   string
}

// MaxFirmwareName is the longest name of a firmware file: with address and hash it
// must fit what a Polycom takes, 255 characters.
const MaxFirmwareName = 100

var firmwarePattern = regexp.MustCompile(`^[0-9a-f]{64}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// ParsePhoneFirmware reads SHA256/NAME, the end of a firmware file's address.
func ParsePhoneFirmware(model, file string) (PhoneFirmware, *Error) {
	if !firmwarePattern.MatchString(file) {
		return PhoneFirmware{}, Invalidf("firmware."+model,
			"%s is neither the name of a firmware file nor its hash, '/' and its name", quote(file))
	}
	sum, name, _ := strings.Cut(file, "/")
	return PhoneFirmware{model, sum, name}, nil
}

// File is SHA256/NAME, the end of the file's address.
func (f PhoneFirmware) File() string { return f.SHA256 + "/" + f.Name }

// PhoneUploads are what phones may be told to send: their contacts, their call
// lists, their logs, and what people changed on the phone itself, which then counts
// before what is configured here.
var PhoneUploads = []string{"contacts", "calls", "logs", "changes"}

// FirmwareOf returns the firmware that phones of a model run; "" leaves them theirs.
func (p *PhoneSettings) FirmwareOf(model string) string {
	i := slices.IndexFunc(p.Firmware, func(f PhoneFirmware) bool { return f.Model == model })
	if i < 0 {
		return ""
	}
	return p.Firmware[i].File()
}

func (p *PhoneSettings) checkUploads(es *Errors) {
	for i, u := range p.Uploads {
		field := fmt.Sprintf("uploads[%d]", i)
		switch {
		case !slices.Contains(PhoneUploads, u):
			es.Add(Invalidf(field, "%s is not one of %s", quote(u), strings.Join(PhoneUploads, ", ")))
		case slices.Contains(p.Uploads[:i], u):
			es.Add(Invalidf(field, "%s is given twice", quote(u)))
		}
	}
}

func (p *PhoneSettings) checkFirmware(es *Errors) {
	for i, f := range p.Firmware {
		_, bad := ParsePhoneFirmware(f.Model, f.File())
		es.Add(bad)
		if i > 0 && f.Model == p.Firmware[i-1].Model {
			es.Add(Invalidf("firmware."+f.Model, "is given twice"))
		}
	}
}
