package phone

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

const yealinkHeader = "#!version:1.0.0.1"

// parameter is one setting of a phone file, in file order.
type parameter struct{ name, value string }

// readYealink reads a configuration file: exact first line, then "name = value", # comments only at line start, the
// last of equal names wins (the caller applies that). Everything after the first = is the value; quotes belong to it.
func readYealink(text []byte) ([]parameter, error) {
	lines, err := yealinkLines(text)
	if err != nil {
		return nil, err
	}
	var params []parameter
	for n, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("line %d is not \"name = value\": %.40q", n+2, line)
		}
		params = append(params, parameter{name, strings.TrimSpace(value)})
	}
	return params, nil
}

// yealinkLines checks the header line and gives the trimmed lines after it.
func yealinkLines(text []byte) ([]string, error) {
	first, rest, _ := strings.Cut(string(text), "\n")
	if strings.TrimSuffix(first, "\r") != yealinkHeader {
		return nil, fmt.Errorf("first line is %.40q, not %q", first, yealinkHeader)
	}
	lines := strings.Split(rest, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines, nil
}

// readYealinkBoot gives the files a boot file includes for this model, in order (vendor guide V84, page 74).
func readYealinkBoot(text []byte, model string) ([]string, error) {
	lines, err := yealinkLines(text)
	if err != nil {
		return nil, err
	}
	var files []string
	for n, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "overwrite_mode") ||
			strings.HasPrefix(line, "static.") {
			continue
		}
		file, mine, err := bootInclude(line, model)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+2, err)
		}
		if mine {
			files = append(files, file)
		}
	}
	return files, nil
}

// bootInclude reads `[T46U,T48U]include:config "a.cfg"` or `include:config <a.cfg>`.
func bootInclude(line, model string) (file string, mine bool, err error) {
	mine = true
	if rest, ok := strings.CutPrefix(line, "["); ok {
		list, after, ok := strings.Cut(rest, "]")
		if !ok {
			return "", false, errors.New("model filter without ]")
		}
		mine = slices.ContainsFunc(strings.Split(list, ","),
			func(m string) bool { return strings.EqualFold(strings.TrimSpace(m), model) })
		line = strings.TrimSpace(after)
	}
	name, ok := strings.CutPrefix(line, "include:config")
	if !ok {
		return "", false, fmt.Errorf("%.40q is no include", line)
	}
	name = strings.TrimSpace(name)
	if len(name) < 2 || !(name[0] == '<' && name[len(name)-1] == '>' || name[0] == '"' && name[len(name)-1] == '"') {
		return "", false, fmt.Errorf("%.40q is neither <file> nor \"file\"", name)
	}
	name = name[1 : len(name)-1]
	if !strings.HasSuffix(name, ".cfg") {
		return "", false, fmt.Errorf("%q does not end in .cfg", name)
	}
	return name, mine, nil
}

// yealinkConfig reads accounts and keys out of the merged parameters. %NULL% means cleared.
func yealinkConfig(values map[string]string, model Model) *Config {
	v := func(format string, args ...any) string {
		s := values[fmt.Sprintf(format, args...)]
		if s == "%NULL%" {
			return ""
		}
		return s
	}
	c := &Config{Vendor: Yealink, Values: values, TimeZone: withPrefix(values, "local_time.")}
	for i := 1; i <= model.Accounts; i++ {
		if v("account.%d.enable", i) != "1" {
			continue
		}
		a := Account{
			Index: i, Label: v("account.%d.label", i), DisplayName: v("account.%d.display_name", i),
			UserName: v("account.%d.user_name", i), AuthName: v("account.%d.auth_name", i),
			Password: v("account.%d.password", i),
			Server:   v("account.%d.sip_server.1.address", i), Port: atoi(v("account.%d.sip_server.1.port", i)),
			Transport:       yealinkTransport(firstOf(v("account.%d.sip_server.1.transport_type", i), v("account.%d.transport", i))),
			Expires:         atoi(v("account.%d.sip_server.1.expires", i)),
			VoicemailNumber: v("voice_mail.number.%d", i),
			Codecs:          ordered(func(c codec) string { return yealinkPriority(v, i, c, model) }),
		}
		if v("account.%d.outbound_proxy_enable", i) == "1" {
			a.OutboundProxy = joinPort(v("account.%d.outbound_proxy.1.address", i), v("account.%d.outbound_proxy.1.port", i))
		}
		c.Accounts = append(c.Accounts, a)
	}
	for i := 1; i <= maxKeys; i++ {
		if t := v("linekey.%d.type", i); t != "" && t != "0" {
			c.LineKeys = append(c.LineKeys, LineKey{
				Index: i, Kind: yealinkKey(t), Value: v("linekey.%d.value", i), Label: v("linekey.%d.label", i),
				Line: atoi(v("linekey.%d.line", i)), Pickup: v("linekey.%d.extension", i),
			})
		}
	}
	return c
}

// yealinkPriority is the rank of a codec in an account, "" where it is off. Firmware up to V73 has
// numbered rows, each with the name of a codec.
func yealinkPriority(v func(string, ...any) string, account int, c codec, m Model) string {
	row := c.yealink
	if m.old() {
		for row = "1"; row != "20" && !strings.EqualFold(v("account.%d.codec.%s.payload_type", account, row), c.name); {
			row = strconv.Itoa(atoi(row) + 1)
		}
	}
	if v("account.%d.codec.%s.enable", account, row) != "1" {
		return ""
	}
	return v("account.%d.codec.%s.priority", account, row)
}

// maxKeys is more than any model has (T77U: 95).
const maxKeys = 120

func yealinkTransport(s string) string {
	switch s {
	case "1":
		return "tcp"
	case "2":
		return "tls"
	case "3":
		return "dns"
	}
	return "udp"
}

// yealinkKey names the type numbers of yealink.md section 4.2.
func yealinkKey(t string) string {
	switch t {
	case "10":
		return "park"
	case "12":
		return "voicemail"
	case "13":
		return "speed-dial"
	case "15":
		return "line"
	case "16":
		return "blf"
	}
	return "type " + t
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func joinPort(host, port string) string {
	if host == "" || port == "" || port == "0" {
		return host
	}
	return net.JoinHostPort(host, port)
}

func withPrefix(values map[string]string, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range values {
		if strings.HasPrefix(k, prefix) {
			out[k] = v
		}
	}
	return out
}
