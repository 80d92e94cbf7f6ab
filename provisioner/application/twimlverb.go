package application

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func (t *twiml) play(e *element) pbx.Verb {
	sound := e.takeText()
	if strings.Contains(sound, "://") {
		e.fail("takes no URL: make an announcement of the sound, and play announcement:NAME")
	}
	return pbx.Verb{Verb: pbx.VerbPlay, Sound: sound}
}

// gather always asks next at a path when keys were pressed, as TwiML has it. Without a key the verbs
// after it are carried out.
func (t *twiml) gather(e *element) pbx.Verb {
	e.word("input", "dtmf")
	e.word("finishOnKey", "#")
	v := pbx.Verb{Verb: pbx.VerbGather, Digits: e.number("numDigits", twimlDigits), Seconds: e.number("timeout", 5),
		Path: t.action(e)}
	for _, inside := range e.elements {
		switch {
		case inside.name != "Play":
			e.fail("takes Play alone, not <%s>", short(inside.name))
		case v.Sound != "":
			e.fail("takes one Play")
		}
		v.Sound = t.play(inside).Sound
		if err := inside.rest(); err != nil && e.err == nil {
			e.err = err
		}
	}
	e.elements = nil
	return v
}

// dial goes on with the next verb only if it has no action.
func (t *twiml) dial(e *element) pbx.Verb {
	v := pbx.Verb{Verb: pbx.VerbDial}
	if _, there := e.attrs["action"]; there {
		v.Path = t.action(e)
	}
	number := e.takeText()
	if len(e.elements) > 0 {
		inside := e.elements[0]
		switch {
		case len(e.elements) > 1 || number != "":
			e.fail("takes one number: make a ring group to ring more")
		case inside.name != "Number" && inside.name != "Sip":
			e.fail("takes Number or Sip, not <%s>", short(inside.name))
		}
		number = inside.takeText()
		if inside.name == "Sip" {
			number = strings.TrimPrefix(number, "sip:")
			if strings.Contains(number, "@") {
				e.fail("cannot call another host: write sip:NUMBER")
			}
		}
		if err := inside.rest(); err != nil && e.err == nil {
			e.err = err
		}
		e.elements = nil
	}
	v.To = t.callee(number)
	return v
}

// callee is what a number calls: an extension or a ring group of the tenant, otherwise a number outside.
// Text with a kind, such as ring-group:sales, is a destination already.
func (t *twiml) callee(number string) string {
	if number == "" || strings.Contains(number, ":") {
		return number
	}
	number = pbx.PlainNumber(number)
	if t.s.Extension(t.tenant, number) != nil {
		return pbx.Destination{Kind: pbx.ToExtension, Key: number}.String()
	}
	if g := t.s.RingGroupAt(t.tenant, number); g != nil {
		return pbx.Destination{Kind: pbx.ToRingGroup, Key: g.Name}.String()
	}
	return pbx.Destination{Kind: pbx.ToExternal, Key: number}.String()
}

// record always asks next at a path, also when nothing was said.
func (t *twiml) record(e *element) pbx.Verb {
	e.word("finishOnKey", "#")
	beep := e.word("playBeep", "true", "false")
	return pbx.Verb{Verb: pbx.VerbRecord, Seconds: e.number("maxLength", twimlRecordSeconds),
		Silence: e.number("timeout", twimlSilence), Quiet: beep == "false", Path: t.action(e)}
}

// redirect leads to an address of the application, or to a destination.
func (t *twiml) redirect(e *element) pbx.Verb {
	text := e.takeText()
	kind, _, named := strings.Cut(text, ":")
	if _, err := pbx.ParseDestination("", text); named && (err == nil || kind != "http" && kind != "https" &&
		!strings.ContainsAny(kind, "/?")) {
		return pbx.Verb{Verb: pbx.VerbRedirect, To: text}
	}
	return pbx.Verb{Verb: pbx.VerbRedirect, Path: t.path(e, text)}
}

func (t *twiml) pause(e *element) pbx.Verb {
	return pbx.Verb{Verb: pbx.VerbPause, Seconds: e.number("length", 1)}
}

func (t *twiml) reject(e *element) pbx.Verb {
	reason := e.word("reason", "rejected", "busy")
	if reason == "rejected" {
		reason = "refused"
	}
	return pbx.Verb{Verb: pbx.VerbReject, Reason: reason}
}

func (t *twiml) hangup(*element) pbx.Verb { return pbx.Verb{Verb: pbx.VerbHangup} }
