package asteriskconf

import (
	"bytes"
	"regexp"

	"github.com/dialtone-pbx/dialtone/templates"
)

var hashPattern = regexp.MustCompile(`[0-9a-f]{64}`)

// headerMost is how far into a file its header can reach.
const headerMost = 1024

// Intact reports whether content is, byte for byte, a file that Render once made
// under this name: header, body and marker agree with the hash that the header
// states. A file edited by hand is not.
func Intact(e *templates.Engine, name string, content []byte) bool {
	hash := hashPattern.Find(content[:min(len(content), headerMost)])
	if hash == nil {
		return false
	}
	fv := frameView{Name: name, Hash: string(hash), Password: string(hash), Marker: markerName,
		Context: voicemailMarkerContext}
	header, err := e.Render("asterisk/header", fv)
	if err != nil || !bytes.HasPrefix(content, header) {
		return false
	}
	marker, err := e.Render("asterisk/marker."+baseName(name), fv) // right in length, not yet in its password
	if err != nil || len(content) < len(header)+len(marker) {
		return false
	}
	body := content[len(header) : len(content)-len(marker)]
	fv.Password = hexHash([]byte(markerName), body)
	marker, err = e.Render("asterisk/marker."+baseName(name), fv)
	return err == nil && hexHash(body) == fv.Hash && bytes.HasSuffix(content, marker)
}
