package pbx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// VerbKind is what a verb of an application does.
type VerbKind string

// The verbs.
const (
	VerbAnswer    VerbKind = "answer"
	VerbPlay      VerbKind = "play"      // a sound
	VerbGather    VerbKind = "gather"    // keys of the caller
	VerbDial      VerbKind = "dial"      // and goes on when that call is over
	VerbVoicemail VerbKind = "voicemail" // leaves the application
	VerbRecord    VerbKind = "record"    // what the caller says
	VerbPause     VerbKind = "pause"
	VerbRedirect  VerbKind = "redirect" // to a destination, or to another path of the application
	VerbReject    VerbKind = "reject"   // ends a call that is not answered, with a reason
	VerbHangup    VerbKind = "hangup"
)

// Verb is one thing that an application wants to happen to a call.
type Verb struct {
	Verb   VerbKind `json:"verb"`
	Sound  string   `json:"sound,omitempty"`  // play, gather: announcement:NAME, or a sound of Asterisk
	Digits int      `json:"digits,omitempty"` // gather: the most keys, 1–32; # ends sooner. 0 is 1
	// Seconds of gather: the longest wait for a key, 1–60, 0 is 5; of pause: 1–60; of record: the
	// most, 1–3600, 0 is 60.
	Seconds int    `json:"seconds,omitempty"`
	Silence int    `json:"silence,omitempty"` // record: seconds of silence that end it, 1–60; 0 never
	Quiet   bool   `json:"quiet,omitempty"`   // record: no beep before
	To      string `json:"to,omitempty"`      // dial: extension:NUMBER, ring-group:NAME or external:NUMBER; redirect: any destination
	Mailbox string `json:"mailbox,omitempty"` // voicemail: its number
	Path    string `json:"path,omitempty"`    // where the next requests go at the same host, such as /menu?level=2, see EndsAt
	Reason  string `json:"reason,omitempty"`  // reject: busy, no-answer, refused or unknown
}

// The bounds of an answer.
const (
	MostVerbs     = 20      // in one answer
	MostVerbBytes = 8 << 10 // of one answer, as it is kept on the channel
)

// verbField is a field of a verb, and whether it is set.
type verbField struct {
	name string
	set  bool
}

func (v *Verb) fields() []verbField {
	return []verbField{{"sound", v.Sound != ""}, {"digits", v.Digits != 0}, {"seconds", v.Seconds != 0},
		{"silence", v.Silence != 0}, {"quiet", v.Quiet}, {"to", v.To != ""}, {"mailbox", v.Mailbox != ""},
		{"path", v.Path != ""}, {"reason", v.Reason != ""}}
}

// verbFields are the fields that each verb may have.
var verbFields = map[VerbKind][]string{
	VerbAnswer: {}, VerbPlay: {"sound"}, VerbGather: {"sound", "digits", "seconds", "path"}, VerbDial: {"to", "path"},
	VerbVoicemail: {"mailbox"}, VerbRecord: {"seconds", "silence", "quiet", "path"}, VerbPause: {"seconds"},
	VerbRedirect: {"to", "path"}, VerbReject: {"reason"}, VerbHangup: {},
}

// rejectCauses are the causes of the reasons of reject.
var rejectCauses = map[string]int{"": CauseRefused, "refused": CauseRefused, "busy": CauseBusy,
	"no-answer": CauseNoAnswer, "unknown": CauseUnallocated}

// ParseVerbs reads an answer: a JSON array of verbs, or one verb alone. Its errors are about what the
// application has written.
func ParseVerbs(answer []byte) ([]Verb, error) {
	if len(answer) > MostVerbBytes {
		return nil, fmt.Errorf("the answer is longer than %d bytes", MostVerbBytes)
	}
	var verbs []Verb
	into := any(&verbs)
	if one := bytes.HasPrefix(bytes.TrimSpace(answer), []byte("{")); one {
		verbs = make([]Verb, 1)
		into = &verbs[0]
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return nil, errors.New(PlainText("the answer is no JSON array of verbs: "+err.Error(), 200))
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON array of verbs")
	}
	if len(verbs) > MostVerbs {
		return nil, fmt.Errorf("the answer has %d verbs, at most %d are allowed", len(verbs), MostVerbs)
	}
	return verbs, nil
}

// CheckVerbs refuses an answer with a verb that cannot be carried out for a call of the tenant.
func (s *Snapshot) CheckVerbs(tenant string, verbs []Verb) error {
	var es Errors
	if len(verbs) == 0 {
		es.Add(Refusedf("", "the answer has no verb: hangup ends a call"))
	}
	for i := range verbs {
		verbs[i].check(&es, fmt.Sprintf("[%d]", i), s, tenant)
	}
	return es.Err()
}

func (v *Verb) check(es *Errors, at string, s *Snapshot, tenant string) {
	allowed, known := verbFields[v.Verb]
	if !known {
		es.Add(Invalidf(at+".verb", "%s is no verb", quote(string(v.Verb))))
		return
	}
	for _, f := range v.fields() {
		if f.set && !slices.Contains(allowed, f.name) {
			es.Add(Invalidf(at+"."+f.name, "is no field of %s", v.Verb))
		}
	}
	v.checkPath(es, at)
	switch v.Verb {
	case VerbPlay, VerbGather:
		if v.Sound != "" || v.Verb == VerbPlay {
			es.Add(s.checkSound(at+".sound", tenant, v.Sound))
		}
		es.Add(CheckRange(at+".digits", v.Digits, 0, 32, "keys"))
		es.Add(CheckRange(at+".seconds", v.Seconds, 0, 60, "seconds"))
	case VerbRecord:
		es.Add(CheckRange(at+".seconds", v.Seconds, 0, 3600, "seconds"))
		es.Add(CheckRange(at+".silence", v.Silence, 0, 60, "seconds"))
	case VerbPause:
		es.Add(CheckRange(at+".seconds", v.Seconds, 1, 60, "seconds"))
	case VerbVoicemail:
		es.Add(s.reachable(at+".mailbox", tenant, Destination{ToVoicemail, v.Mailbox}))
	case VerbDial, VerbRedirect:
		v.checkTo(es, at, s, tenant)
	case VerbReject:
		if _, known := rejectCauses[v.Reason]; !known {
			es.Add(Invalidf(at+".reason", "%s is no reason: use busy, no-answer, refused or unknown", quote(v.Reason)))
		}
	}
}

// checkPath checks where the next requests go.
func (v *Verb) checkPath(es *Errors, at string) {
	if v.Path == "" {
		return
	}
	es.Add(CheckText(at+".path", v.Path, 1, 500, 500))
	if !strings.HasPrefix(v.Path, "/") || strings.HasPrefix(v.Path, "//") {
		es.Add(Invalidf(at+".path", "%s is no path at the application's host: it begins with one /", quote(v.Path)))
	}
}

// checkTo checks where dial and redirect lead.
func (v *Verb) checkTo(es *Errors, at string, s *Snapshot, tenant string) {
	if v.Verb == VerbRedirect && v.Path != "" {
		if v.To != "" {
			es.Add(Invalidf(at+".path", "stands beside to: a call goes to one of them"))
		}
		return
	}
	to, err := ParseDestination(at+".to", v.To)
	switch {
	case err != nil:
		es.Add(err)
	case to.IsZero():
		es.Add(Invalidf(at+".to", "is required"))
	case v.Verb == VerbDial && to.Kind != ToExtension && to.Kind != ToRingGroup && to.Kind != ToExternal:
		es.Add(Invalidf(at+".to", "%s cannot be dialled: use extension:NUMBER, ring-group:NAME, external:NUMBER, or redirect",
			quote(v.To)))
	default:
		es.Add(s.reachable(at+".to", tenant, to))
	}
}

// reachable refuses a destination that does not exist in the tenant.
func (s *Snapshot) reachable(field, tenant string, to Destination) *Error {
	there := true
	switch to.Kind {
	case ToExtension:
		there = s.Extension(tenant, to.Key) != nil
	case ToRingGroup:
		there = s.RingGroup(tenant, to.Key) != nil
	case ToVoicemail:
		there = s.Mailbox(tenant, to.Key) != nil
	case ToAnnouncement:
		a := s.Announcement(tenant, to.Key)
		there = a != nil && a.Sound != ""
	case ToQueue:
		there = s.Queue(tenant, to.Key) != nil
	case ToApplication:
		there = s.Application(tenant, to.Key) != nil
	}
	if !there {
		return Invalidf(field, "%s does not exist", quote(to.String()))
	}
	return nil
}

// checkSound refuses a sound that callers could not hear now.
func (s *Snapshot) checkSound(field, tenant, sound string) *Error {
	if to := OwnSoundOf(sound); !to.IsZero() {
		return s.reachable(field, tenant, to)
	}
	return checkAsterisksSound(field, sound)
}

// VerbStep is the step that carries out a verb which goes on with the application, or ends the call.
// It is false for dial, voicemail and redirect, which lead elsewhere, see VerbTo.
func (s *Snapshot) VerbStep(tenant, application string, v Verb) (Step, bool) {
	rule := "application " + application + ": " + string(v.Verb)
	out := Step{Kind: StepVerb, Verb: v, Rule: rule}
	switch v.Verb {
	case VerbHangup:
		return hangupStep(CauseNormal, "%s", rule), true
	case VerbReject:
		return hangupStep(rejectCauses[v.Reason], "%s %s", rule, v.Reason), true
	case VerbDial, VerbVoicemail, VerbRedirect:
		return out, false
	case VerbPlay, VerbGather:
		if v.Sound != "" {
			if s.checkSound("", tenant, v.Sound) == nil { // one that is gone meanwhile is not heard
				out.Sound = s.SoundOf(tenant, v.Sound)
			}
			out.Rule += " " + v.Sound
		}
	}
	return out, true
}

// EndsAt is the path at which the application is asked next, with the result of a verb. The verbs after
// it are dropped then. It is empty where they are carried out: without a path, and after a gather
// without a key.
func (r *VerbResult) EndsAt(path string) string {
	if r.Verb == VerbGather && r.Digits == "" {
		return ""
	}
	return path
}

// VerbTo is where dial, voicemail and redirect lead; zero for redirect to a path.
func (v Verb) VerbTo() Destination {
	if v.Verb == VerbVoicemail {
		return Destination{ToVoicemail, v.Mailbox}
	}
	to, err := ParseDestination("", v.To)
	if err != nil {
		return Destination{}
	}
	return to
}

// argument is the value of StepVariable for a verb that ApplicationContext carries out.
func (v Verb) argument() string {
	orElse := func(n, otherwise int) string {
		if n == 0 {
			n = otherwise
		}
		return strconv.Itoa(n)
	}
	switch v.Verb {
	case VerbGather: // of Read: digits, options, attempts, timeout
		return orElse(v.Digits, 1) + ",,1," + orElse(v.Seconds, 5)
	case VerbPause:
		return strconv.Itoa(v.Seconds)
	case VerbRecord: // of Record: silence, longest, options; k keeps it when the caller hangs up
		options := "k"
		if v.Quiet {
			options += "q"
		}
		return orElse(v.Silence, 0) + "," + orElse(v.Seconds, 60) + "," + options
	}
	return ""
}
