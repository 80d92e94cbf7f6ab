package phoneconf

import (
	"cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// polycomRegView is what templates/polycom/reg*.cfg print.
type polycomRegView struct {
	Lines     []polycomLine
	WatchLine int // registration that watches all extensions: the first BLF key's
	Watched   []polycomWatched
	Actions   []polycomAction
	Keys      []polycomKey
}

// polycomLine is one registration; an unused one is written to be cleared.
type polycomLine struct {
	N            int
	Enabled      bool
	HasVoicemail bool
	Endpoint     xmlAttr
	Password     xmlAttr
	DisplayName  xmlAttr
	Label        xmlAttr
	Server       xmlAttr
	Port         int
	Transport    xmlAttr // of polycomTransports
	Voicemail    xmlAttr // number to dial for messages
	// Proxy is that of all SIP, Second the server while the first does not answer.
	Proxy, Second polycomSIPServer
}

// polycomSIPServer is a SIP server; without an address there is none.
type polycomSIPServer struct {
	Address xmlAttr
	Port    int
}

// sipServer is a SIP server, perhaps with a port of its own.
func (w *attrWriter) sipServer(s Site, transport, server string) polycomSIPServer {
	host, port := pbx.SplitServer(server)
	return polycomSIPServer{w.attr("SIP server", host), cmp.Or(port, s.Port(transport))}
}

// polycomWatched is an extension with a lamp. BLF keys take them in their order.
type polycomWatched struct {
	N              int
	Address, Label xmlAttr
	// Type is normal: the key calls, or takes a call that rings. A key of type automata
	// transfers the call that is talked in, which parks it at a slot.
	Type string
}

// polycomAction is an enhanced feature key: a label and a macro.
type polycomAction struct {
	N             int
	Label, Action xmlAttr
}

// polycomKey is one key; those of modules go on counting after the phone's.
type polycomKey struct {
	N        int
	Category string // Unassigned, Line, BLF, SpeedDial, EFK
	Index    int    // registration, place in the directory, or number of the action
}

// polycomMacros are the ends of actions: what is done with the value.
var polycomMacros = map[pbx.ButtonKind]string{
	pbx.ParkButton: "$Trefer$", pbx.PickupButton: "$Tinvite$", pbx.DTMFButton: "$Tdtmf$",
	pbx.VoicemailButton: "$Tinvite$", pbx.IntercomButton: "$Tinvite$", pbx.URLButton: "", pbx.RecordButton: "$Tdtmf$",
	pbx.TransferButton: "$Trefer$", pbx.HoldButton: "$FHold$", pbx.ConferenceButton: "$FConference$",
	pbx.RedialButton: "$FRedial$", pbx.DirectoryButton: "$FDirectories$", pbx.HistoryButton: "$FCallList$",
}

// polycomMacro is the action of a key. $FTransfer$ and $FDirectories$ are in working files of
// others; that the other keys of the phone go by their names as well is unconfirmed [K].
func polycomMacro(b pbx.Button) string {
	if b.Kind == pbx.TransferButton && b.Value == "" {
		return "$FTransfer$" // asks for the number
	}
	return b.Value + polycomMacros[b.Kind]
}

func renderPolycomReg(e *Engine, in *input, m Model) ([]byte, error) {
	var w attrWriter
	view := polycomRegView{WatchLine: 1}
	for n := 1; n <= m.Accounts; n++ {
		view.Lines = append(view.Lines, w.line(in, m, n))
	}
	last := m.LineKeys
	for _, b := range in.buttons {
		last = max(last, m.keyNumber(b))
	}
	view.Keys = make([]polycomKey, last)
	for i := range view.Keys {
		view.Keys[i] = polycomKey{N: i + 1, Category: "Unassigned"}
	}
	for _, b := range in.buttons {
		k := &view.Keys[m.keyNumber(b)-1]
		k.Category, k.Index = w.place(&view, in, b)
	}
	if w.err != nil {
		return nil, w.err
	}
	if m.Era == PolycomSIP3 {
		return e.Render("polycom/reg-sip3.cfg", view)
	}
	return e.Render("polycom/reg.cfg", view)
}

func (m Model) keyNumber(b pbx.Button) int {
	if b.Module == 0 {
		return b.Key
	}
	return m.LineKeys + (b.Module-1)*m.ModuleKeys + b.Key
}

// place adds to the view what a button needs beside its key, and says what the
// key is and which of those.
func (w *attrWriter) place(view *polycomRegView, in *input, b pbx.Button) (category string, index int) {
	label := w.attr("label of key "+b.Place(), readable(b.Label, b.Value, polycomLabelBytes))
	switch b.Kind {
	case pbx.LineButton:
		return "Line", b.Line
	case pbx.BLFButton, pbx.ParkedButton:
		does := "normal"
		if b.Kind == pbx.ParkedButton {
			does = "automata"
		}
		if len(view.Watched) == 0 {
			view.WatchLine = b.Line
		}
		view.Watched = append(view.Watched, polycomWatched{N: len(view.Watched) + 1, Address: w.attr("extension", b.Value),
			Label: label, Type: does})
		return "BLF", 0
	case pbx.SpeedDialButton:
		for i, s := range in.speedDials() {
			if s.Value == b.Value {
				return "SpeedDial", i + 1
			}
		}
	}
	// A star stands for itself: '^' is a mark of the whole action, at its start, and
	// needed in a directory alone (SIP 3.1 administrator's guide, enhanced feature keys).
	view.Actions = append(view.Actions, polycomAction{N: len(view.Actions) + 1, Label: label,
		Action: w.attr("value of key "+b.Place(), polycomMacro(b))})
	return "EFK", len(view.Actions)
}

// polycomTransports are the names of transports.
var polycomTransports = map[string]string{"udp": "UDPOnly", "tcp": "TCPOnly", "tls": "TLS"}

func (w *attrWriter) line(in *input, m Model, n int) polycomLine {
	out := polycomLine{N: n}
	l := in.line(n)
	if l == nil {
		return out
	}
	label := in.lineLabel(l, polycomLabelBytes)
	out.Enabled = true
	out.Label = w.attr("label", label)
	out.DisplayName = w.attr("name", readable(l.name, label, polycomNameBytes))
	out.Endpoint = w.attr("endpoint", l.endpoint)
	out.Password = w.attr("SIP password", l.secret)
	out.Server = w.attr("SIP server", in.site.SIPServer)
	transport := in.site.TransportOf(m)
	out.Port, out.Transport = in.site.Port(transport), w.attr("transport", polycomTransports[transport])
	out.Proxy = w.sipServer(in.site, transport, in.settings.OutboundProxy)
	out.Second = w.sipServer(in.site, transport, in.settings.SecondServer)
	if l.voicemail != "" {
		out.HasVoicemail = true
		out.Voicemail = w.attr("voicemail number", l.voicemail)
	}
	return out
}
