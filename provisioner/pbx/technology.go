package pbx

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// Technology is the channel driver that an endpoint's calls go through. Asterisk
// begins the names of channels and devices with it.
type Technology string

// The technologies. The zero value means PJSIP.
const (
	PJSIP Technology = "PJSIP"
	IAX2  Technology = "IAX2"
	DAHDI Technology = "DAHDI"
)

// Technology returns what the device's calls go through; for an external one that
// is its trunk.
func (d *Device) Technology() Technology {
	switch d.Kind {
	case DeviceIAX2:
		return IAX2
	case DeviceDAHDI:
		return DAHDI
	}
	return PJSIP
}

// dahdiPrefix begins the endpoint names of DAHDI channels, so that the number of a
// channel is nobody's SIP user name.
const dahdiPrefix = "dahdi-"

// DAHDIEndpoint is the endpoint name of a device at a DAHDI channel. As endpoint
// names are unique over all tenants, so are channels.
func DAHDIEndpoint(channel int) string { return dahdiPrefix + strconv.Itoa(channel) }

// Device is Asterisk's name for an endpoint: what Dial rings and a hint watches,
// as PJSIP/a, IAX2/b or DAHDI/3.
func (t Technology) Device(endpoint string) string {
	if t == DAHDI {
		endpoint = strings.TrimPrefix(endpoint, dahdiPrefix)
	}
	return string(cmp.Or(t, PJSIP)) + "/" + endpoint
}

// EndpointOfDevice returns the endpoint that Asterisk means by the name of a
// device, or "" for other technologies.
func EndpointOfDevice(device string) string {
	technology, name, _ := strings.Cut(device, "/")
	switch Technology(technology) {
	case PJSIP, IAX2:
		return name
	case DAHDI:
		// A line of a trunk, as DAHDI/i1/555, is named after the number that was
		// dialled on it: it is no channel of ours, whatever the number.
		if strings.Trim(name, "0123456789") == "" && name != "" {
			return dahdiPrefix + name
		}
	}
	return ""
}

// The names of channels end in a number that makes them unique: PJSIP/a-0000002a,
// IAX2/b-4711, DAHDI/3-1.
var (
	pjsipNumber = regexp.MustCompile(`-[0-9a-f]{8,}$`)
	plainNumber = regexp.MustCompile(`-[0-9]+$`)
)

// EndpointOfChannel returns the endpoint in the name of a channel, or "" for other
// technologies, such as the Local channel of a forwarded call.
func EndpointOfChannel(channel string) string {
	number := plainNumber
	if strings.HasPrefix(channel, string(PJSIP)+"/") {
		number = pjsipNumber
	}
	return EndpointOfDevice(number.ReplaceAllString(channel, ""))
}
