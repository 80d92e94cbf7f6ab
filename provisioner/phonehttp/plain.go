package phonehttp

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/dialtone-pbx/dialtone/phoneconf"
)

// readPlain reads the head of a request, up to and with its empty line, into r, and
// reports whether that is one of nearly all: a phone asks for a file over HTTP/1.1 in
// the simplest way there is. Whatever else it may be, right or wrong, is net/http's to
// judge. Of the headers r gets those that the handler looks at.
func readPlain(head []byte, r *http.Request) bool {
	line, rest, ok := bytes.Cut(head, crlf)
	if !ok || !readPlainLine(line, r) {
		return false
	}
	clear(r.Header)
	hosts := 0
	for !bytes.Equal(rest, crlf) {
		if line, rest, ok = bytes.Cut(rest, crlf); !ok {
			return false
		}
		name, value, found := bytes.Cut(line, colon)
		value = bytes.Trim(value, " \t")
		if !found || !isToken(name) || !isValue(value) {
			return false
		}
		switch canonical := http.CanonicalHeaderKey(string(name)); canonical {
		case "Host":
			if hosts++; !isHost(value) {
				return false
			}
		case "User-Agent", "If-None-Match":
			r.Header[canonical] = append(r.Header[canonical], string(value))
		case "Connection":
			if !strings.EqualFold(string(value), "keep-alive") {
				return false
			}
		case "Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Te", "Trailer", "Range", "If-Range", "If-Match":
			return false
		}
	}
	return hosts == 1
}

var crlf, colon = []byte("\r\n"), []byte(":")

// readPlainLine reads the first line: a file by its bare name, without anything that
// would have to be decoded.
func readPlainLine(line []byte, r *http.Request) bool {
	line, ok := bytes.CutSuffix(line, []byte(" HTTP/1.1"))
	if !ok {
		return false
	}
	method, path, _ := bytes.Cut(line, []byte(" "))
	switch string(method) {
	case http.MethodGet:
		r.Method = http.MethodGet
	case http.MethodHead:
		r.Method = http.MethodHead
	default:
		return false
	}
	if len(path) == 0 || path[0] != '/' || bytes.HasPrefix(path, []byte("//")) || !isPlainPath(path) {
		return false
	}
	text := string(path)
	if strings.HasPrefix(text, phoneconf.InvitePath) || strings.HasPrefix(text, firmwarePrefix) {
		return false
	}
	if r.URL == nil {
		r.URL = new(url.URL)
	}
	*r.URL, r.RequestURI = url.URL{Path: text}, text
	return true
}

func isPlainPath(path []byte) bool { return only(path, "/._-") }

// isHost accepts names and addresses with a port.
func isHost(host []byte) bool { return len(host) > 0 && only(host, ".-:[]") }

// isToken accepts the names of headers that phones send.
func isToken(name []byte) bool { return len(name) > 0 && only(name, "-") }

// only reports whether all bytes are letters, digits or of those more.
func only(text []byte, more string) bool {
	for _, c := range text {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return true
}

// isValue refuses control characters, among them a lone CR or LF.
func isValue(value []byte) bool {
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
