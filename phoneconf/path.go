package phoneconf

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// InvitePath begins the path of every invitation to a softphone, on the phone listener.
const InvitePath = "/invite/"

// ownPrefix stands before the secret in the path of a phone's own URL.
const ownPrefix = "/p/"

// maxFileName is longer than any name a phone asks for.
const maxFileName = 64

// Request is the path of a phone's request, taken apart.
type Request struct {
	Secret string   // "" on the generic URL
	MAC    pbx.MAC  // that the file name starts with; "" when it starts with none
	File   FileName // in lower case: a T54W asks for its contacts in upper case
}

// ParsePath takes a decoded URL path apart: /<file> is the generic URL,
// /p/<secret>/<file> a phone's own. Repeated slashes count once, since people
// type addresses that end in one. Everything else, and names with characters
// that no phone uses, is not ok.
func ParsePath(path string) (Request, bool) {
	var r Request
	if len(path) > 512 {
		return r, false
	}
	if rest, own := strings.CutPrefix(squeeze(path), ownPrefix); own {
		secret, file, _ := strings.Cut(rest, "/")
		if secret == "" || !isPlain(secret) || !r.setFile(file) {
			return Request{}, false
		}
		r.Secret = secret
		return r, true
	}
	file, ok := strings.CutPrefix(squeeze(path), "/")
	if !ok || !r.setFile(file) {
		return Request{}, false
	}
	return r, true
}

// squeeze replaces runs of slashes by one.
func squeeze(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// setFile refuses names that are empty, long, hidden, or contain a character
// other than letters, digits, '.', '-' and '_'.
func (r *Request) setFile(file string) bool {
	if file == "" || len(file) > maxFileName || file[0] == '.' || !isPlain(file) {
		return false
	}
	r.File = FileName(strings.ToLower(file))
	if len(file) > 12 && strings.IndexByte(".-_", file[12]) >= 0 {
		if mac, err := pbx.ParseMAC("", string(r.File[:12])); err == nil {
			r.MAC = mac
		}
	}
	return true
}

func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
