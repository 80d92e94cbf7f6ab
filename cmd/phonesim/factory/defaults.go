package factory

import (
	"regexp"
	"strings"
)

// parameter is a row of the table: what software of some eras does while no file says
// otherwise.
type parameter struct {
	name   string // N stands for any number
	eras   string // that know it, "v70 v80"
	value  string
	source string
}

// Sources that several rows share.
const (
	sipCfg    = "sip.cfg and phone1.cfg of Polycom 3.1.6 and 3.2.4"
	admin70   = "Yealink administrator's guides V70 to V73"
	admin80   = "Yealink administrator's guides V80 to V86"
	vendorCfg = "comments in Yealink's own template files"
	ucs416    = "Polycom administrator's guide, UC Software 4.1.6"
	ucsText   = "Polycom administrator's guides of UC Software; the value is unconfirmed"
)

const (
	yealinks = "v70 v80 v87 dect"
	modern   = "v80 v87 dect"
	desks    = "v70 v80 v87"
	polycoms = "sip3 ucs4 ucs5"
	ucs      = "ucs4 ucs5"
)

// FactoryMap is in force on a Polycom whose files say nothing, and, with three patterns more,
// on a Yealink whose digit map is switched on alone. plusMap is the form that the guides of UC
// Software print; which of both a phone carries is unconfirmed.
const (
	FactoryMap = "[2-9]11|0T|011xxx.T|[0-1][2-9]xxxxxxxxx|[2-9]xxxxxxxxx|[2-9]xxxT"
	plusMap    = "[2-9]11|0T|+011xxx.T|0[2-9]xxxxxxxxx|+1[2-9]xxxxxxxx|[2-9]xxxxxxxxx|[2-9]xxxT"
)

// defaults is the table. A parameter that is missing here is asked for by nothing.
var defaults = []parameter{
	// Dialling.
	{"dialplan.digitmap", "sip3 ucs4", FactoryMap, sipCfg},
	{"dialplan.digitmap", "ucs5", plusMap, ucsText},
	{"dialplan.digitmap.timeOut", polycoms, "3|3|3|3|3|3", sipCfg},
	{"dialplan.impossibleMatchHandling", polycoms, "0", sipCfg},
	{"dialplan.removeEndOfDial", polycoms, "1", sipCfg},
	{"dialplan.N.digitmap", polycoms, "", sipCfg},
	{"dialplan.digitmap.enable", modern, "0", admin80},
	{"account.N.dialplan.digitmap.enable", modern, "0", admin80},
	{"dialplan.digitmap.string", modern, FactoryMap + "|**x.T|+x.T|00x.T", admin80},
	{"dialplan.digitmap.no_match_action", modern, "0", vendorCfg},
	{"dialplan.digitmap.interdigit_short_timer", modern, "3", admin80},
	{"phone_setting.inter_digit_time", yealinks, "4", vendorCfg},
	{"phone_setting.dialnow_delay", yealinks, "1", vendorCfg},
	{"dialplan.dialnow.rule.N", yealinks, "", admin80},
	{"dialplan.replace.prefix.N", yealinks, "", admin80},
	{"dialplan.replace.replace.N", yealinks, "", admin80},
	{"dialplan.area_code.code", yealinks, "", vendorCfg},
	{"dialplan.area_code.min_len", yealinks, "1", vendorCfg},
	{"dialplan.area_code.max_len", yealinks, "15", vendorCfg},
	{"dialplan.block_out.number.N", yealinks, "", admin80},
	{"features.pound_key.mode", "v70", "1", vendorCfg},
	{"features.key_as_send", modern, "1", vendorCfg},
	{"features.hotline_number", yealinks, "", vendorCfg},

	// Pickup and messages.
	{"call.directedCallPickupString", polycoms, "*97", sipCfg},
	{"call.directedCallPickupMethod", polycoms, "legacy", sipCfg + " (empty in 3.2.4)"},
	{"attendant.restrictPickup", ucs, "0", ucsText},
	{"features.pickup.direct_pickup_enable", desks, "0", vendorCfg},
	{"features.pickup.direct_pickup_code", desks, "", vendorCfg},
	{"account.N.direct_pickup_code", desks, "", admin80},
	{"features.pickup.group_pickup_enable", desks, "0", vendorCfg},
	{"features.pickup.group_pickup_code", desks, "", vendorCfg},
	{"account.N.group_pickup_code", desks, "", admin80},
	{"features.blf_pickup_only_send_code", desks, "0", vendorCfg},
	{"account.N.dialoginfo_callpickup", desks, "0", admin80},
	{"voice_mail.number.N", yealinks, "", vendorCfg},
	{"msg.mwi.N.callBackMode", polycoms, "registration", sipCfg},
	{"msg.mwi.N.callBack", polycoms, "", sipCfg},
	{"msg.bypassInstantMessage", polycoms, "0", sipCfg},
	{"up.oneTouchVoiceMail", polycoms, "0", sipCfg},

	// Do not disturb, forwards, refusals.
	{"features.dnd.allow", modern, "1", admin80},
	{"features.dnd.enable", yealinks, "0", admin70},
	{"features.dnd_refuse_code", yealinks, "480", admin70},
	{"features.dnd.on_code", yealinks, "", admin70},
	{"features.normal_refuse_code", yealinks, "486", admin70},
	{"features.fwd.allow", modern, "1", admin80 + " (from V82; the number is from template files)"},
	{"forward.always.enable", yealinks, "0", admin70},
	{"forward.always.target", yealinks, "", admin70},
	{"forward.always.on_code", yealinks, "", admin80},
	{"feature.doNotDisturb.enable", "ucs5", "1", ucsText},
	{"call.rejectBusyOnDnd", polycoms, "1", sipCfg},
	{"voIpProt.SIP.use486forReject", polycoms, "0", sipCfg},
	{"feature.forward.enable", "ucs5", "1", ucsText},
	{"divert.fwd.N.enabled", polycoms, "1", sipCfg},
	{"divert.fwd.N.contact", polycoms, "", sipCfg},
	{"call_waiting.enable", yealinks, "1", admin70},
	{"call.callWaiting.enable", ucs, "1", ucsText},

	// Calls and identity.
	{"call.offeringTimeOut", polycoms, "60", sipCfg},
	{"call.ringBackTimeOut", polycoms, "60", sipCfg},
	{"phone_setting.ringing_timeout", yealinks, "300", vendorCfg},
	{"features.intercom.allow", desks, "1", vendorCfg},
	{"account.N.auto_answer", yealinks, "0", admin80},
	{"voIpProt.SIP.alertInfo.N.value", polycoms, "", sipCfg},
	{"voIpProt.SIP.alertInfo.N.class", polycoms, "default", sipCfg},
	{"voIpProt.SIP.CID.sourcePreference", ucs, "P-Asserted-Identity,Remote-Party-ID,From", ucsText},
	{"account.N.cid_source", yealinks, "0", admin70},
	{"sip.trust_ctrl", yealinks, "0", admin80},
	{"voIpProt.SIP.requestValidation.N.request", polycoms, "", ucs416},
	{"voIpProt.SIP.requestValidation.N.method", polycoms, "", ucs416},

	// Media and registration.
	{"account.N.srtp_encryption", yealinks, "0", vendorCfg},
	{"account.N.srtp.cipher_list", "v80 dect", "AES_CM_128_HMAC_SHA1_80,AES_CM_128_HMAC_SHA1_32,F8_128_HMAC_SHA1_80", admin80},
	{"account.N.srtp.cipher_list", "v87",
		"AES_256_CM_HMAC_SHA1_80,AES_256_CM_HMAC_SHA1_32,AES_CM_128_HMAC_SHA1_80,AES_CM_128_HMAC_SHA1_32", "reports of its users on 87.x; the list is unconfirmed"},
	{"sec.srtp.enable", "sip3", "0", sipCfg},
	{"sec.srtp.enable", ucs, "1", ucsText},
	{"sec.srtp.offer", polycoms, "0", sipCfg},
	{"sec.srtp.require", polycoms, "0", sipCfg},
	{"sec.srtp.offer.HMAC_SHA1_80", polycoms, "1", ucsText},
	{"sec.srtp.offer.HMAC_SHA1_32", polycoms, "0", ucsText},
	{"account.N.session_timer.enable", yealinks, "0", vendorCfg},
	{"voIpProt.SIP.keepalive.sessionTimers", polycoms, "0", sipCfg},
	{"sip.listen_port", modern, "5060", vendorCfg},
	{"account.N.outbound_proxy_enable", yealinks, "0", vendorCfg},
}

var number = regexp.MustCompile(`\.[0-9]+(\.|$)`)

// byName is the table by parameter and era.
var byName = indexed()

func indexed() map[string]map[Era]string {
	out := map[string]map[Era]string{}
	for _, p := range defaults {
		if out[p.name] == nil {
			out[p.name] = map[Era]string{}
		}
		for era := range strings.FieldsSeq(p.eras) {
			out[p.name][Era(era)] = p.value
		}
	}
	return out
}

// factoryValue is a parameter's default; not ok when software of the era does not know it.
// It panics when no era does: the table is to be completed.
func (e Era) factoryValue(name string) (value string, ok bool) {
	eras, somewhere := byName[name]
	if !somewhere {
		eras, somewhere = byName[number.ReplaceAllString(name, ".N$1")]
	}
	if !somewhere {
		panic("factory: no row for " + name)
	}
	value, ok = eras[e]
	return value, ok
}
