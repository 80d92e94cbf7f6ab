package asteriskconf

import (
	"bytes"
	"hash/maphash"
	"math/bits"
)

// File is one rendered file of ours.
type File struct {
	Name    string // below Asterisk's configuration folder: "dialtone/pjsip.conf"
	Module  string // what to reload when it changed: "res_pjsip.so"
	Content []byte
	Hash    string // SHA-256 of the body, without header and marker, hexadecimal
	Marker  Marker // how to ask Asterisk whether it has loaded this file
	// Needs says what the file is for when an Asterisk may lack its module: such a
	// file may stay unloaded, of which people hear unless it is Empty.
	Needs string
	Empty bool
	// Starts says that the module does not start while its file says nothing, as before
	// our first file: then a reload is refused, and it must be loaded.
	Starts bool
}

// Files are all files of one render, in the order in which to reload them.
type Files struct{ List []File }

// DropContent forgets what the files say and keeps all else.
func (fs *Files) DropContent() {
	for i := range fs.List {
		fs.List[i].Content = nil
	}
}

// Named returns the file of that name, or nil.
func (fs *Files) Named(name string) *File {
	for i := range fs.List {
		if fs.List[i].Name == name {
			return &fs.List[i]
		}
	}
	return nil
}

// MarkerKind says which AMI action asks for a marker.
type MarkerKind string

// The kinds of marker.
const (
	// MarkerEndpoint: PJSIPShowEndpoint with Endpoint Name answers an
	// EndpointDetail event whose Accountcode is Value. Class system.
	MarkerEndpoint MarkerKind = "endpoint"
	// MarkerVariable: Getvar without a channel, with Variable Name, answers
	// Value. Class call or reporting.
	MarkerVariable MarkerKind = "variable"
	// MarkerMailbox: VoicemailUserStatus with the Mailbox and the Context that
	// Name joins by '@' answers a VoicemailUserDetail event whose Fullname is
	// Value. Class call or reporting.
	MarkerMailbox MarkerKind = "mailbox"
	// MarkerNone: nothing can be asked, and a reload that succeeds must do.
	MarkerNone MarkerKind = ""
)

// Marker is an object at the end of a file that carries the file's hash in an
// attribute that can be read over AMI: when Asterisk shows it, it has loaded
// these bytes to the end.
type Marker struct {
	Kind        MarkerKind
	Name, Value string
}

// Objects returns, by endpoint name, a hash of all that pjsip.conf says about
// the endpoint, its AOR and its auth, inherited options included. Comparing two
// renders' Objects tells which endpoints a change touches. Hashes of two programs
// have nothing in common.
func (fs *Files) Objects() map[string]uint64 {
	f := fs.Named(pjsipFile)
	if f == nil {
		return nil
	}
	return objectsOf(f.Content)
}

// hashSeed makes hashes of one run of the program comparable.
var hashSeed = maphash.MakeSeed()

// chain adds to a hash what comes next.
func chain(sum, next uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15
	return bits.RotateLeft64(sum^next, 29) * odd
}

// objectsOf hashes line by line: keeping the lines of all objects would take as
// much memory again as the file.
func objectsOf(content []byte) map[string]uint64 {
	templates, objects := map[string]uint64{}, map[string]uint64{}
	into, name := objects, ""
	for line := range bytes.Lines(content) {
		if line[0] == ';' || line[0] == '\n' {
			continue
		}
		if line[0] == '[' {
			var isTemplate bool
			var inherited []string
			name, inherited, isTemplate = parseHeading(line)
			if into = objects; isTemplate {
				into = templates
			}
			for _, base := range inherited {
				into[name] = chain(into[name], templates[base])
			}
		}
		into[name] = chain(into[name], maphash.Bytes(hashSeed, line))
	}
	delete(objects, markerName)
	delete(objects, nobodyEndpoint)
	delete(objects, tlsTransport)
	return objects
}

// parseHeading reads "[name]", "[name](base)" and "[name](!,base)".
func parseHeading(line []byte) (name string, inherited []string, isTemplate bool) {
	head, tail, _ := bytes.Cut(bytes.TrimSpace(line[1:]), []byte("]"))
	for part := range bytes.SplitSeq(bytes.Trim(tail, "()"), []byte(",")) {
		switch string(part) {
		case "":
		case "!":
			isTemplate = true
		default:
			inherited = append(inherited, string(part))
		}
	}
	return string(head), inherited, isTemplate
}
