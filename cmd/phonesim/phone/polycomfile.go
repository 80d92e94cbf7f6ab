package phone

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readPolycom reads a parameter file: well-formed XML of which only attributes count, whatever the elements are called.
// Of equal names the first wins, inside a file as between files (the caller applies that).
func readPolycom(text []byte) ([]parameter, error) {
	_, params, err := readPolycomXML(text)
	return params, err
}

// readPolycomXML gives the root element's name and every attribute below and including it.
func readPolycomXML(text []byte) (root string, params []parameter, err error) {
	d := xml.NewDecoder(bytes.NewReader(flattenAttributes(text)))
	depth, roots := 0, 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, fmt.Errorf("reading XML: %w", err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if depth == 0 {
				root, roots = t.Name.Local, roots+1
			}
			depth++
			if params, err = appendAttributes(params, t); err != nil {
				return "", nil, err
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return "", nil, errors.New("reading XML: text outside the root element")
			}
		}
	}
	if roots != 1 {
		return "", nil, fmt.Errorf("reading XML: %d root elements", roots)
	}
	return root, params, nil
}

// appendAttributes also refuses a name twice in one element: not well-formed XML, but Go's decoder lets it pass.
func appendAttributes(params []parameter, e xml.StartElement) ([]parameter, error) {
	seen := map[xml.Name]bool{}
	for _, a := range e.Attr {
		if seen[a.Name] {
			return nil, fmt.Errorf("reading XML: attribute %s twice in <%s>", a.Name.Local, e.Name.Local)
		}
		seen[a.Name] = true
		if a.Name.Space == "" && a.Name.Local != "xmlns" {
			params = append(params, parameter{a.Name.Local, a.Value})
		}
	}
	return params, nil
}

// flattenAttributes turns raw line breaks and tabs inside tags into blanks, as XML 1.0 section 3.3.3 demands of
// attribute values (a certificate must be written with &#10;) and Go's decoder does not do. Comments, CDATA and
// instructions stay as they are.
func flattenAttributes(text []byte) []byte {
	out := bytes.Clone(text)
	for i := 0; i < len(out); {
		if out[i] != '<' {
			i++
			continue
		}
		if end := skipMarkup(out[i:]); end > 0 {
			i += end
			continue
		}
		i = flattenTag(out, i)
	}
	return out
}

// skipMarkup is the length of a comment, CDATA section or instruction at the start of b, 0 if there is none.
func skipMarkup(b []byte) int {
	for _, m := range []struct{ open, shut string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if !bytes.HasPrefix(b, []byte(m.open)) {
			continue
		}
		if n := bytes.Index(b, []byte(m.shut)); n >= 0 {
			return n + len(m.shut)
		}
		return len(b)
	}
	return 0
}

func flattenTag(b []byte, i int) int {
	var quote byte
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case quote == 0 && c == '>':
			return i + 1
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0 && (c == '\n' || c == '\r' || c == '\t'):
			b[i] = ' '
		}
	}
	return i
}

// master is what the APPLICATION file tells the phone.
type master struct {
	app        string   // APP_FILE_PATH
	configs    []string // CONFIG_FILES
	overrides  string   // directories, "" or ending in /
	contacts   string
	licenseDir string
}

// readMaster reads the master file; values of a child element for this model replace the general ones.
func (m Model) readMaster(text []byte, mac string) (master, error) {
	root, params, err := readPolycomXML(text)
	if err != nil {
		return master{}, err
	}
	if root != "APPLICATION" {
		return master{}, fmt.Errorf("master file has root <%s>, not <APPLICATION>", root)
	}
	values := firstWins(params)
	get := func(name string) string {
		s, ok := values[name+"_"+m.Name]
		if !ok {
			s = values[name]
		}
		return strings.TrimSpace(m.expand(s, mac))
	}
	out := master{app: get("APP_FILE_PATH"), overrides: folder(get("OVERRIDES_DIRECTORY")),
		contacts: folder(get("CONTACTS_DIRECTORY")), licenseDir: folder(get("LICENSE_DIRECTORY"))}
	for name := range strings.SplitSeq(get("CONFIG_FILES"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			out.configs = append(out.configs, name)
		}
	}
	return out, nil
}

// expand replaces the variables a phone knows in file names.
func (m Model) expand(s, mac string) string {
	return strings.NewReplacer("[PHONE_MAC_ADDRESS]", mac, "[MACADDRESS]", mac, "[PHONE_MODEL]", m.Name,
		"[PHONE_PART_NUMBER]", m.PartNo).Replace(s)
}

func folder(s string) string {
	if s == "" || strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}

func firstWins(params []parameter) map[string]string {
	values := map[string]string{}
	for _, p := range params {
		if _, ok := values[p.name]; !ok {
			values[p.name] = p.value
		}
	}
	return values
}

// polycomConfig reads registrations and keys out of the merged parameters.
func polycomConfig(values map[string]string, model Model) *Config {
	v := func(format string, args ...any) string { return values[fmt.Sprintf(format, args...)] }
	c := &Config{Vendor: Polycom, Values: values, TimeZone: withPrefix(values, "tcpIpApp.sntp.")}
	for i := 1; i <= model.Accounts; i++ {
		user, host, _ := strings.Cut(v("reg.%d.address", i), "@")
		if user == "" {
			continue
		}
		a := Account{
			Index: i, Label: v("reg.%d.label", i), DisplayName: v("reg.%d.displayName", i), UserName: user,
			AuthName: v("reg.%d.auth.userId", i), Password: v("reg.%d.auth.password", i),
			Server:          firstOf(v("reg.%d.server.1.address", i), values["voIpProt.server.1.address"], host),
			Port:            atoi(firstOf(v("reg.%d.server.1.port", i), values["voIpProt.server.1.port"])),
			Expires:         atoi(firstOf(v("reg.%d.server.1.expires", i), values["voIpProt.server.1.expires"])),
			OutboundProxy:   joinPort(v("reg.%d.outboundProxy.address", i), v("reg.%d.outboundProxy.port", i)),
			VoicemailNumber: v("msg.mwi.%d.callBack", i),
			Codecs:          ordered(func(c codec) string { return v("voice.codecPref.%s", model.codecName(c)) }),
		}
		a.Transport = polycomTransport(firstOf(v("reg.%d.server.1.transport", i), values["voIpProt.server.1.transport"]), a)
		c.Accounts = append(c.Accounts, a)
	}
	c.LineKeys = polycomKeys(v)
	return c
}

// polycomTransport: DNSnaptr with an address or a port means UDP (CX5500 guide, page 293).
func polycomTransport(s string, a Account) string {
	switch s {
	case "TCPOnly", "TCPpreferred":
		return "tcp"
	case "TLS":
		return "tls"
	case "UDPOnly":
		return "udp"
	}
	if a.Port != 0 || strings.Trim(a.Server, "0123456789.") == "" {
		return "udp"
	}
	return "dns"
}

func polycomKeys(v func(string, ...any) string) []LineKey {
	var keys []LineKey
	for i := 1; i <= maxKeys; i++ {
		kind := strings.ToLower(v("lineKey.%d.category", i))
		if kind == "" || kind == "unassigned" || kind == "blf" { // BLF keys are described by the resource list below
			continue
		}
		if kind == "speeddial" {
			kind = "speed-dial"
		}
		keys = append(keys, LineKey{Index: i, Kind: kind, Value: v("lineKey.%d.index", i)})
	}
	for i := 1; i <= maxKeys; i++ {
		address, _, _ := strings.Cut(v("attendant.resourceList.%d.address", i), "@")
		if address == "" {
			continue
		}
		keys = append(keys, LineKey{Index: i, Kind: "blf", Value: strings.TrimPrefix(address, "sip:"),
			Label: v("attendant.resourceList.%d.label", i),
			Line:  atoi(v("attendant.reg")), Pickup: v("call.directedCallPickupString")})
	}
	return keys
}

func firstOf(values ...string) string {
	for _, s := range values {
		if s != "" {
			return s
		}
	}
	return ""
}
