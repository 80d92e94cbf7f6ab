package factory

import "strings"

// RingingLamp is what the key of a lamp dials while the number that it watches rings; ""
// when it takes nothing.
func (s *Settings) RingingLamp(number string) string {
	code := ""
	switch {
	case s.era == YealinkDECT: // handsets have no lamps
	case s.yealink():
		if s.on("account.1.dialoginfo_callpickup") {
			return "" // needs a Call-ID in dialog-info, which Asterisk does not send
		}
		if code = s.Value("account.1.direct_pickup_code"); code == "" {
			code = s.Value("features.pickup.direct_pickup_code")
		}
		if s.on("features.blf_pickup_only_send_code") {
			return code
		}
	case s.Value("attendant.restrictPickup") == "1" || s.Value("call.directedCallPickupMethod") == "native":
		return "" // the native way needs the same
	default:
		code = s.Value("call.directedCallPickupString")
	}
	if code == "" {
		return ""
	}
	return code + number
}

// GroupPickup is what the soft key for calls of one's group dials; "" where there is no such
// key.
func (s *Settings) GroupPickup() string {
	if s.era == YealinkDECT || !s.yealink() || !s.on("features.pickup.group_pickup_enable") {
		return ""
	}
	if code := s.Value("account.1.group_pickup_code"); code != "" {
		return code
	}
	return s.Value("features.pickup.group_pickup_code")
}

// Messages is what the key for messages dials with the first account: "" when it opens a menu
// or does nothing.
func (s *Settings) Messages() string {
	if s.yealink() {
		return s.Value("voice_mail.number.1")
	}
	switch s.Value("msg.mwi.1.callBackMode") {
	case "contact":
		return s.Value("msg.mwi.1.callBack")
	case "registration":
		if len(s.config.Accounts) > 0 {
			return s.config.Accounts[0].UserName
		}
	}
	return ""
}

// Pressed is what a key of the phone's own does.
type Pressed struct {
	Missing bool   // there is no such key, and no menu for it
	Dials   string // it dials that
	Local   bool   // the phone does it by itself
}

// DNDKey is the key for do not disturb.
func (s *Settings) DNDKey() Pressed {
	switch {
	case s.Knows("features.dnd.allow") && !s.on("features.dnd.allow"),
		s.Knows("feature.doNotDisturb.enable") && !s.on("feature.doNotDisturb.enable"):
		return Pressed{Missing: true}
	case s.yealink() && s.Value("features.dnd.on_code") != "":
		return Pressed{Dials: s.Value("features.dnd.on_code")}
	}
	return Pressed{Local: true}
}

// DoNotDisturb is the status with which the phone's own do not disturb answers; 0 lets a call
// ring unheard.
func (s *Settings) DoNotDisturb() int {
	if s.yealink() {
		return s.count("features.dnd_refuse_code")
	}
	if s.on("call.rejectBusyOnDnd") {
		return 486
	}
	return 0
}

// DNDByFiles reports whether the files alone switch a phone's own do not disturb on.
func (s *Settings) DNDByFiles() bool { return s.yealink() && s.on("features.dnd.enable") }

// ForwardKey is the phone's own forward of all calls to a number. On a Yealink up to V73 no
// parameter takes its menu away.
func (s *Settings) ForwardKey(number string) Pressed {
	switch {
	case s.Knows("features.fwd.allow") && !s.on("features.fwd.allow"),
		s.Knows("feature.forward.enable") && !s.on("feature.forward.enable"),
		s.Knows("divert.fwd.1.enabled") && !s.on("divert.fwd.1.enabled"):
		return Pressed{Missing: true}
	case s.yealink() && s.Value("forward.always.on_code") != "":
		return Pressed{Dials: s.Value("forward.always.on_code") + number}
	}
	return Pressed{Local: true}
}

// Forwarded is where a phone sends all calls by its files alone, "" for nowhere.
func (s *Settings) Forwarded() string {
	if s.yealink() {
		if s.on("forward.always.enable") {
			return s.Value("forward.always.target")
		}
		return ""
	}
	if s.on("divert.fwd.1.enabled") {
		return s.Value("divert.fwd.1.contact")
	}
	return ""
}

// Answers reports whether a call is answered by the phone itself, by what its Alert-Info says
// (a Yealink knows some words from its factory; a Polycom only those of its files).
func (s *Settings) Answers(alertInfo string) bool {
	if s.yealink() {
		return s.on("account.1.auto_answer") || s.era != YealinkDECT && s.on("features.intercom.allow") &&
			(strings.Contains(alertInfo, "alert-autoanswer") || strings.Contains(alertInfo, "answer-after=0"))
	}
	for n := 1; n <= 20; n++ {
		word := s.valuef("voIpProt.SIP.alertInfo.%d.value", n)
		if word == "" || !strings.Contains(alertInfo, word) {
			continue
		}
		class := s.valuef("voIpProt.SIP.alertInfo.%d.class", n)
		if s.era == PolycomSIP3 { // classes by number
			return class == "3" || class == "4"
		}
		return class == "autoAnswer" || class == "ringAutoAnswer"
	}
	return false
}
