// Package asteriskconf turns a snapshot into Asterisk's configuration files. It
// owns how a value is written in each of Asterisk's dialects, what our files
// hold, which module reloads which file, and how to ask Asterisk whether it has.
//
// Everything here is a pure function: the same state gives the same bytes. No
// file is written and no Asterisk is asked here. A value reaches a file only
// through the type of its dialect, whose constructor refuses what the dialect
// cannot carry and whose String escapes the rest.
//
// It may import provisioner/pbx and templates.
package asteriskconf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// Options are what a site has beside its objects. The zero value is ready to use.
type Options struct {
	// Translates are the codecs, of those that not every Asterisk has, that this one translates.
	Translates []string
	// TLS is a transport of ours for phones and carriers, nil for none.
	TLS *TLS
	// Sounds is the folder of sounds of tenants as Asterisk sees it; "" is DefaultSounds.
	Sounds string

	hintsHash string // of hintsFile, for the dialplan that reads it
}

// pjsipFile is the one file whose objects are told apart.
const pjsipFile = "dialtone/pjsip.conf"

// markerName names every object of ours that carries a hash.
const markerName = ownPrefix + "marker"

// voicemailMarkerContext holds the marker mailbox; no tenant can be named so.
const voicemailMarkerContext = "dialtone_marker"

// rendering is how one of our files is made and loaded.
type rendering struct {
	name   string // below Asterisk's configuration folder
	module string // what to reload
	view   func(*pbx.Snapshot, Options) (any, error)
	marker func(hash string) Marker
	needs  string         // see File.Needs
	empty  func(any) bool // of the view, see File.Empty; nil for a file that is never empty
	starts bool           // see File.Starts
	// dialled says that the dialplan reads the file: no file of the host includes it.
	dialled bool
}

// rendered is the table of our files, in the order in which to reload them:
// mailboxes before what plays or counts them, endpoints before the hints that watch
// them, and those before the queues whose members they are.
var rendered = []rendering{
	{
		name: "dialtone/voicemail.conf", module: "app_voicemail.so", view: voicemailOf,
		marker: func(hash string) Marker { return Marker{MarkerMailbox, "marker@" + voicemailMarkerContext, hash} },
	},
	{
		name: musicFile, module: "res_musiconhold.so", view: musicOf,
		marker: noMarker,
		needs:  "music on hold of tenants",
		empty:  func(v any) bool { return len(v.(musicView).Classes) == 0 },
	},
	{
		name: pjsipFile, module: "res_pjsip.so", view: pjsipOf,
		marker: func(hash string) Marker { return Marker{MarkerEndpoint, markerName, hash} },
	},
	{
		name: iaxFile, module: "chan_iax2.so", view: iaxOf,
		marker: func(hash string) Marker { return Marker{MarkerVariable, "IAXPEER(" + markerName + ",context)", hash} },
		needs:  "devices of kind iax2",
		empty:  func(v any) bool { return len(v.(iaxView).Devices) == 0 },
	},
	{
		name: dahdiFile, module: "chan_dahdi.so", view: dahdiOf,
		marker: noMarker,
		needs:  "devices of kind dahdi",
		empty:  func(v any) bool { return len(v.(dahdiView).Channels) == 0 },
	},
	{
		name: parkingFile, module: "res_parking.so", view: parkingOf,
		marker: extensionMarker(parkingMarker),
		needs:  "parked calls",
		empty:  func(v any) bool { return len(v.(parkingView).Lots) == 0 },
	},
	{
		name: featuresFile, module: "features", view: featuresConfOf,
		marker: noMarker,
		needs:  "codes that record a call on demand",
		empty:  func(v any) bool { return len(v.(featuresConfView).Tenants) == 0 },
	},
	{
		name: cdrFile, module: "cdr_custom.so", view: cdrOf,
		marker: noMarker,
		needs:  "records of calls that end while Dialtone is away",
		starts: true,
	},
	{
		name: hintsFile, module: "pbx_config.so", view: hintsOf,
		marker: func(hash string) Marker {
			return Marker{MarkerVariable, "AST_CONFIG(" + hintsFile + "," + markerName + ",hash)", hash}
		},
		needs:   "lamps of extensions",
		empty:   func(v any) bool { return !slices.ContainsFunc(v.(hintsView).Tenants, hintsTenant.watched) },
		dialled: true,
	},
	{
		name: "dialtone/extensions.conf", module: "pbx_config.so", view: dialplanOf,
		marker: extensionMarker(markerName),
	},
	{
		name: queuesFile, module: "app_queue.so", view: queuesOf,
		marker: func(hash string) Marker {
			return Marker{MarkerVariable, "QUEUE_EXISTS(" + queueMarker + hash + ")", "1"}
		},
		needs: "queues",
		empty: func(v any) bool { return len(v.(queuesView).Queues) == 0 },
	},
}

func noMarker(string) Marker { return Marker{Kind: MarkerNone} }

// extensionMarker is an extension, named after the hash, in a context.
func extensionMarker(context string) func(hash string) Marker {
	return func(hash string) Marker {
		return Marker{MarkerVariable, "DIALPLAN_EXISTS(" + context + "," + hash + ",1)", "1"}
	}
}

// Render makes all files of a snapshot. An error that a value is to blame for
// has a *pbx.Error in its chain.
func Render(e *templates.Engine, s *pbx.Snapshot, o Options) (*Files, error) {
	out := &Files{}
	for _, r := range rendered {
		view, err := r.view(s, o)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", r.name, err)
		}
		f, err := frame(e, r.name, view)
		if err != nil {
			return nil, err
		}
		f.Module, f.Marker, f.Needs, f.Starts = r.module, r.marker(f.Hash), r.needs, r.starts
		f.Empty = r.empty != nil && r.empty(view)
		if r.dialled {
			o.hintsHash = f.Hash
		}
		out.List = append(out.List, *f)
	}
	return out, nil
}

// frameView is what header and marker templates see.
type frameView struct {
	Name string
	Hash string // of the body
	// Password is for the marker endpoint, which nobody may use: a hash over
	// all SIP passwords of the file that appears nowhere else.
	Password string
	Marker   string // name of the marker object
	Context  string // voicemail context of the marker
}

// frame renders the body and puts the header above and the marker below it.
func frame(e *templates.Engine, name string, view any) (*File, error) {
	body, err := e.Render("asterisk/"+baseName(name), view)
	if err != nil {
		return nil, err
	}
	hash := hexHash(body)
	fv := frameView{Name: name, Hash: hash, Password: hexHash([]byte(markerName), body), Marker: markerName,
		Context: voicemailMarkerContext}
	header, err := e.Render("asterisk/header", fv)
	if err != nil {
		return nil, err
	}
	marker, err := e.Render("asterisk/marker."+baseName(name), fv)
	if err != nil {
		return nil, err
	}
	return &File{Name: name, Hash: hash, Content: bytes.Join([][]byte{header, body, marker}, nil)}, nil
}

// baseName cuts "dialtone/".
func baseName(name string) string { return name[len("dialtone/"):] }

// hexHash returns the SHA-256 of all parts in hexadecimal.
func hexHash(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
