package pbx

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// hostPattern is a host name (RFC 1123, section 2.1).
var hostPattern = regexp.MustCompile(
	`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// oddAddress is how the last part of an IPv4 address in hexadecimal looks, which
// inet_aton(3) reads and no host name ends with.
var oddAddress = regexp.MustCompile(`^0x[0-9a-f]*$`)

// ParseHost reads a host name or an IP address, as people and programs write it: blanks
// around it, brackets of an IPv6 address and the dot behind a whole name mean nothing. The
// error says what is too much.
func ParseHost(field, s string) (string, *Error) {
	host := strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(host, "["); ok && strings.HasSuffix(inner, "]") {
		if a, err := netip.ParseAddr(strings.TrimSuffix(inner, "]")); err == nil && a.Is6() {
			host = a.String()
		}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
			return "", Invalidf(field, "%s is no address of one host that others reach", quote(s))
		}
		return a.Unmap().String(), nil
	}
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if len(host) <= 253 && hostPattern.MatchString(host) && strings.Trim(last, "0123456789") != "" &&
		!oddAddress.MatchString(last) {
		return host, nil
	}
	return "", notAHost(field, s)
}

// CleanHost is what ParseHost returns; text that is no host stays, for Validate to refuse.
func CleanHost(s string) string {
	if host, err := ParseHost("", s); err == nil {
		return host
	}
	return s
}

// notAHost says what stands beside the host, or that there is none.
func notAHost(field, s string) *Error {
	text := strings.TrimSpace(s)
	_, rest, isURL := strings.Cut(text, "://")
	if !isURL {
		var scheme string
		scheme, rest, isURL = strings.Cut(text, ":")
		isURL = isURL && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips"))
	}
	if isURL {
		if host, err := ParseHost("", strings.TrimRight(rest, "/")); err == nil {
			return Invalidf(field, "%s is a URL: write the host alone, %s", quote(s), host)
		}
		return Invalidf(field, "%s is a URL: write the host alone, such as pbx.example.com", quote(s))
	}
	if name, port, err := net.SplitHostPort(text); err == nil && port != "" {
		if host, err := ParseHost("", name); err == nil {
			return Invalidf(field, "%s has a port, which has a place of its own: write the host alone, %s", quote(s),
				host)
		}
	}
	return Invalidf(field, "%s is neither a host name nor an IP address: write it as pbx.example.com, 192.0.2.1 or "+
		"2001:db8::1", quote(s))
}

// checkHost refuses what ParseHost does not return.
func checkHost(field, s string) *Error {
	host, err := ParseHost(field, s)
	if err == nil && host != s {
		return Invalidf(field, "%s is to be written as %s", quote(s), host)
	}
	return err
}

// ParseHostPort reads a host and a port, such as "127.0.0.1:5038" or "[2001:db8::1]:25".
// Without a host it stands for all addresses of this machine, where listening says so.
func ParseHostPort(field, s string, listening bool) (string, *Error) {
	example := "127.0.0.1:5038"
	if listening {
		example = ":8081 or 127.0.0.1:8081"
	}
	name, port, err := net.SplitHostPort(strings.TrimSpace(s))
	n, notNumber := strconv.Atoi(port)
	if err != nil || notNumber != nil || n < 0 || n > 65535 || n == 0 && !listening {
		return "", Invalidf(field, "%s is not an address with a port: write it as %s", quote(s), example)
	}
	if a, err := netip.ParseAddr(name); name == "" || err == nil && a.IsUnspecified() {
		if !listening {
			return "", Invalidf(field, "%s names no host: write it as %s", quote(s), example)
		}
		return net.JoinHostPort(name, port), nil
	}
	host, wrong := ParseHost(field, name)
	if wrong != nil {
		return "", wrong
	}
	return net.JoinHostPort(host, port), nil
}

// ParseServer reads a host, perhaps with a port: "sbc.example.com" or "192.0.2.1:5080".
func ParseServer(field, s string) (string, *Error) {
	if host, err := ParseHost("", s); err == nil {
		return host, nil
	}
	if server, err := ParseHostPort(field, s, false); err == nil {
		return server, nil
	}
	return "", Invalidf(field, "%s is neither a host nor a host with a port: write it as sbc.example.com or "+
		"192.0.2.1:5080", quote(s))
}

// CleanServer is what ParseServer returns; text that is no server stays, for Validate to refuse.
func CleanServer(s string) string {
	if server, err := ParseServer("", s); err == nil {
		return server
	}
	return s
}

// SplitServer returns the parts of what ParseServer returned; port is 0 without one.
func SplitServer(s string) (host string, port int) {
	if name, text, err := net.SplitHostPort(s); err == nil {
		port, _ = strconv.Atoi(text)
		return name, port
	}
	return s, 0
}

// ParseBaseURL reads the address of an HTTP server: a scheme, a host and perhaps a port. A
// path is part of it only where one may be; a slash at the end means nothing.
func ParseBaseURL(field, s string, path bool) (string, *Error) {
	text := strings.TrimRight(strings.TrimSpace(s), "/")
	example := "http://pbx.example.com:8081"
	if path {
		example = "http://127.0.0.1:8088/ari"
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || !strings.Contains(text, "://"):
		if _, wrong := ParseHostPort("", text, false); wrong == nil {
			return "", Invalidf(field, "%s lacks http:// or https:// before it: write http://%s", quote(s), text)
		}
		return "", Invalidf(field, "%s is not a URL: write it as %s", quote(s), example)
	case u.Scheme != "http" && u.Scheme != "https":
		return "", Invalidf(field, "%s is neither http nor https: write it as %s", quote(s), example)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", Invalidf(field, "%s has more than a scheme, a host and a port: write it as %s", quote(s), example)
	case u.Path != "" && !path:
		return "", Invalidf(field, "%s has a path, and phones ask at the root of the server: write %s", quote(s),
			u.Scheme+"://"+u.Host)
	}
	if _, wrong := ParseHost(field, u.Hostname()); wrong != nil {
		return "", wrong
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return "", Invalidf(field, "%s has no port from 1 to 65535: write it as %s", quote(s), example)
	}
	return text, nil
}
