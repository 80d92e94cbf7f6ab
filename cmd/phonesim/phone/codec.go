package phone

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gotranspile/g722"
)

// Payload types of RFC 3551, and the dynamic ones everybody uses for Opus (RFC 7587) and digits (RFC 4733).
const (
	payloadPCMU   = 0
	payloadPCMA   = 8
	payloadG722   = 9
	payloadG729   = 18
	payloadOpus   = 106
	payloadDigits = 101
)

// codec is one that a phone can offer. It sends and hears G.711 and G.722; a call in another one is silent.
type codec struct {
	name    string // as SDP has it
	payload int
	rtpmap  string
	yealink string // account.N.codec.NAME
	polycom string // voice.codecPref.NAME
	old     string // the same up to SIP software 3.2
}

var codecs = []codec{
	{"PCMU", payloadPCMU, "PCMU/8000", "pcmu", "G711_Mu", "G711Mu"},
	{"PCMA", payloadPCMA, "PCMA/8000", "pcma", "G711_A", "G711A"},
	{"G722", payloadG722, "G722/8000", "g722", "G722", "G722"},
	{"G729", payloadG729, "G729/8000", "g729", "G729_AB", "G729AB"},
	{"opus", payloadOpus, "opus/48000/2", "opus", "Opus", ""},
}

// plainCodecs are offered by an account that no file describes.
var plainCodecs = []string{"PCMU", "PCMA"}

// codecOf is the codec of a payload type that needs no rtpmap, or of ours.
func codecOf(payload int) (codec, bool) {
	i := slices.IndexFunc(codecs, func(c codec) bool { return c.payload == payload })
	if i < 0 {
		return codec{}, false
	}
	return codecs[i], true
}

// codecNamed is a codec by its name in SDP.
func codecNamed(name string) (codec, bool) {
	i := slices.IndexFunc(codecs, func(c codec) bool { return strings.EqualFold(c.name, name) })
	if i < 0 {
		return codec{}, false
	}
	return codecs[i], true
}

// ordered are the codecs of a file, best first: each has a number, 0 or "" where it is off.
func ordered(number func(codec) string) []string {
	type rank struct {
		name string
		n    int
	}
	var found []rank
	for _, c := range codecs {
		if n, err := strconv.Atoi(number(c)); err == nil && n > 0 {
			found = append(found, rank{c.name, n})
		}
	}
	slices.SortStableFunc(found, func(a, b rank) int { return a.n - b.n })
	var names []string
	for _, r := range found {
		names = append(names, r.name)
	}
	return names
}

// speaker turns samples of 8 kHz into payloads. G.722 has a memory, so there is one for each stream.
type speaker struct{ g722 *g722.Encoder }

// encode fills the payload of one frame; false where the codec has no voice here.
func (s *speaker) encode(dst []byte, samples []int16, payload int) bool {
	switch payload {
	case payloadPCMU, payloadPCMA:
		for i, x := range samples {
			dst[i] = encode(payload, x)
		}
	case payloadG722:
		if s.g722 == nil {
			s.g722 = g722.NewEncoder(g722.Rate64000, g722.FlagSampleRate8000)
		}
		s.g722.Encode(dst, samples)
	default:
		return false
	}
	return true
}

// hearer turns payloads into samples of 8 kHz.
type hearer struct{ g722 *g722.Decoder }

func (h *hearer) decode(payload int, b []byte) []int16 {
	if payload != payloadG722 {
		return decode(payload, b)
	}
	if h.g722 == nil {
		h.g722 = g722.NewDecoder(g722.Rate64000, g722.FlagSampleRate8000)
	}
	out := make([]int16, len(b))
	return out[:h.g722.Decode(out, b)]
}

// codecsOf are the codecs of a call with an account.
func (p *Phone) codecsOf(a Account) []string {
	if len(p.opts.Codecs) > 0 {
		return p.opts.Codecs
	}
	return a.Codecs
}
