package factory

import (
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// CallerFrom lists the headers in which the phone looks for the caller, best first.
func (s *Settings) CallerFrom() []string {
	const pai, rpid, from = "P-Asserted-Identity", "Remote-Party-ID", "From"
	if s.era == PolycomSIP3 { // the software has no parameter
		return []string{pai, rpid, from}
	}
	if !s.yealink() {
		return strings.Split(s.Value("voIpProt.SIP.CID.sourcePreference"), ",")
	}
	switch s.count("account.1.cid_source") {
	case 1:
		return []string{pai}
	case 2:
		return []string{pai, from}
	case 3:
		return []string{rpid, pai, from}
	case 4:
		return []string{pai, rpid, from}
	case 5:
		return []string{rpid, from}
	}
	return []string{from}
}

// Strangers reports whether an INVITE from anywhere rings.
func (s *Settings) Strangers() bool {
	if s.yealink() {
		return s.Value("sip.trust_ctrl") == "0"
	}
	for n := 1; n <= 5; n++ {
		if s.valuef("voIpProt.SIP.requestValidation.%d.request", n) == "INVITE" &&
			s.valuef("voIpProt.SIP.requestValidation.%d.method", n) != "" {
			return false
		}
	}
	return true
}

// Refused is the status of a call that is refused by hand.
func (s *Settings) Refused() int {
	if s.yealink() {
		return s.count("features.normal_refuse_code")
	}
	if s.on("voIpProt.SIP.use486forReject") {
		return 486
	}
	return 603
}

// RingsFor is for how long the phone rings, and waits while it hears ringing; 0 is as long as
// the server wants.
func (s *Settings) RingsFor() (incoming, outgoing time.Duration) {
	if s.yealink() {
		return seconds(s.Value("phone_setting.ringing_timeout"), 0), 0
	}
	return seconds(s.Value("call.offeringTimeOut"), 0), seconds(s.Value("call.ringBackTimeOut"), 0)
}

// Knocks reports whether a second call is let in.
func (s *Settings) Knocks() bool {
	if s.yealink() {
		return s.on("call_waiting.enable")
	}
	return !s.Knows("call.callWaiting.enable") || s.on("call.callWaiting.enable")
}

// SessionTimers reports whether the phone asks for session timers (RFC 4028) by itself.
func (s *Settings) SessionTimers() bool {
	if s.yealink() {
		return s.on("account.1.session_timer.enable")
	}
	return s.on("voIpProt.SIP.keepalive.sessionTimers")
}

// SRTP is how the first account encrypts. Firmware up to V73 counts the other way round. A
// Polycom that does not demand it offers a second stream without.
func (s *Settings) SRTP() phone.SRTP {
	const cm80, cm32 = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
	if !s.yealink() {
		on := s.on("sec.srtp.enable")
		out := phone.SRTP{Offered: on && s.on("sec.srtp.offer"), Required: on && s.on("sec.srtp.require"), Twice: true}
		if on && s.on("sec.srtp.offer.HMAC_SHA1_80") {
			out.Ciphers = append(out.Ciphers, cm80)
		}
		if on && s.on("sec.srtp.offer.HMAC_SHA1_32") {
			out.Ciphers = append(out.Ciphers, cm32)
		}
		return out
	}
	n := s.count("account.1.srtp_encryption")
	if n == 0 {
		return phone.SRTP{}
	}
	if s.era == YealinkV70 {
		return phone.SRTP{Offered: true, Required: n == 1, Ciphers: []string{cm80, cm32}}
	}
	return phone.SRTP{Offered: true, Required: n == 2, Ciphers: strings.Split(s.Value("account.1.srtp.cipher_list"), ",")}
}

// factoryCodecs are what a phone offers whose files name no codec (administrators' guides
// V70 to V81; sip.cfg 3.2.4; UC Software's order is that of its first five that SDP knows
// everywhere).
var factoryCodecs = map[bool][]string{true: {"G722", "PCMU", "PCMA", "G729"}, false: {"PCMU", "PCMA", "G729"}}

// Codecs are what the first account offers, best first.
func (s *Settings) Codecs() []string {
	if len(s.config.Accounts) > 0 && len(s.config.Accounts[0].Codecs) > 0 {
		return slices.Clone(s.config.Accounts[0].Codecs)
	}
	return slices.Clone(factoryCodecs[s.era != PolycomSIP3 && s.era != PolycomUCS4])
}

// Transport is over what the first account registers: udp, tcp, tls, or dns where that decides.
func (s *Settings) Transport() string {
	if len(s.config.Accounts) == 0 {
		return ""
	}
	return s.config.Accounts[0].Transport
}
