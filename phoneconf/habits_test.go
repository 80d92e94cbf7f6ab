package phoneconf

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// habit is something that Dialtone does, and what phones of each era must be told so
// that their factory's way does not stay in force.
type habit struct {
	does string
	// codes, numbers and sip are what of Dialtone the row answers for: feature codes,
	// kinds of numbers that are dialled, and options of endpoints in pjsip.conf.
	codes, numbers, sip string
	// cells are by eras, "v80 dect". A cell has parameters as name=value, or, after "- ", the
	// reason why none is needed. In values {x} is what the tenant has.
	cells map[string]string
}

const (
	allYealink = "v70 v80 dect multicell"
	allPolycom = "sip3 ucs4 ucs"
)

// habits is the one table of behaviour by make and era.
var habits = []habit{
	{does: "numbers and codes leave whole when they are typed off hook",
		codes:   "voicemail pickup directed_pickup sign_in sign_out forward_all forward_all_off forward_busy forward_busy_off forward_no_answer forward_no_answer_off forward_unreachable forward_unreachable_off do_not_disturb do_not_disturb_off call_waiting call_waiting_off intercom echo_test monitor",
		numbers: "extension group slot external emergency code outside",
		cells: map[string]string{
			allPolycom:           "dialplan.digitmap={map} dialplan.digitmap.timeOut=3 dialplan.impossibleMatchHandling=2 dialplan.removeEndOfDial={hash} dialplan.applyToCallListDial=0 dialplan.applyToDirectoryDial=0",
			"v80 dect multicell": "dialplan.digitmap.enable=0 account.1.dialplan.digitmap.enable=0 phone_setting.inter_digit_time=4 features.key_as_send={hash} dialplan.dialnow.rule.1= dialplan.replace.prefix.1= dialplan.area_code.code= dialplan.block_out.number.1=",
			"v70":                "phone_setting.inter_digit_time=4 features.pound_key.mode={hash} dialplan.dialnow.rule.1= dialplan.replace.prefix.1= dialplan.area_code.code= dialplan.block_out.number.1=",
		}},
	{does: "emergency numbers are the country's", numbers: "emergency", cells: map[string]string{
		allPolycom: "dialplan.routing.emergency.1.value=110 dialplan.routing.emergency.2.value=112",
		allYealink: "phone_setting.emergency.number=110,112 dialplan.emergency.enable=0"}},
	{does: "the key of a ringing lamp takes the call", codes: "directed_pickup", sip: "named_call_group set_var", cells: map[string]string{
		allPolycom:       "call.directedCallPickupMethod=legacy call.directedCallPickupString={directed} attendant.restrictPickup=0",
		"v70 v80":        "features.pickup.direct_pickup_enable=1 features.pickup.direct_pickup_code={directed} account.1.direct_pickup_code= account.1.dialoginfo_callpickup=0 features.blf_pickup_only_send_code=0",
		"dect multicell": "- handsets have no lamps"}},
	{does: "a call of one's group is taken by the code", codes: "pickup", sip: "named_pickup_group", cells: map[string]string{
		"v70 v80": "features.pickup.group_pickup_enable=1 features.pickup.group_pickup_code={pickup} account.1.group_pickup_code=", "dect multicell": "- handsets have no key for it: the code is dialled",
		allPolycom: "- a key of kind pickup dials the code; the phone's own soft key is off and speaks another system's language"}},
	{does: "lamps follow the server and cover no screen", sip: "subscribe_context context", cells: map[string]string{
		allPolycom: "attendant.behaviors.display.spontaneousCallAppearances.normal=0 attendant.behaviors.display.spontaneousCallAppearances.automata=0", "v70 v80": "account.1.blf.blf_list_uri=", "dect multicell": "- handsets have no lamps"}},
	{does: "the caller's name and number follow pickup and transfer, and Privacy hides them", sip: "send_pai trust_id_inbound trust_id_outbound callerid callerid_privacy", cells: map[string]string{
		"ucs4 ucs": "voIpProt.SIP.CID.sourcePreference=P-Asserted-Identity,From", "sip3": "- the software has no parameter and reads P-Asserted-Identity first",
		allYealink: "account.1.cid_source={from} account.1.cid_source_privacy=1 account.1.cid_source_ppi=0"}},
	{does: "so do those of the party that was called", sip: "send_pai", cells: map[string]string{
		allYealink: "account.1.cp_source=0", allPolycom: "- follows P-Asserted-Identity in UPDATE; no parameter is known"}},
	{does: "forwards are the server's, by codes and API", codes: "forward_all forward_all_off forward_busy forward_busy_off forward_no_answer forward_no_answer_off forward_unreachable forward_unreachable_off", cells: map[string]string{
		"ucs":       "feature.forward.enable=0 homeScreen.forward.enable=0 softkey.feature.forward=0 divert.fwd.1.enabled=0 divert.busy.1.enabled=0 divert.noanswer.1.enabled=0 divert.dnd.1.enabled=0 divert.1.autoOnSpecificCaller=0 voIpProt.SIP.serverFeatureControl.cf=0",
		"sip3 ucs4": "softkey.feature.forward=0 divert.fwd.1.enabled=0 divert.busy.1.enabled=0 divert.noanswer.1.enabled=0 divert.dnd.1.enabled=0 divert.1.autoOnSpecificCaller=0 voIpProt.SIP.serverFeatureControl.cf=0",
		allYealink:  "features.fwd.allow=0 features.fwd_mode=0 forward.always.enable=0 forward.busy.enable=0 forward.no_answer.enable=0 forward.always.on_code= features.feature_key_sync.enable=0 bw.feature_key_sync=0"}},
	{does: "do not disturb is the server's; what is left of the phone's answers busy", codes: "do_not_disturb do_not_disturb_off", cells: map[string]string{
		"ucs": "feature.doNotDisturb.enable=0 homeScreen.doNotDisturb.enable=0 call.rejectBusyOnDnd=1 voIpProt.SIP.serverFeatureControl.dnd=0", "sip3 ucs4": "call.rejectBusyOnDnd=1 voIpProt.SIP.serverFeatureControl.dnd=0",
		allYealink: "features.dnd.allow=0 features.dnd.enable=0 features.dnd_mode=0 features.dnd_refuse_code=486 features.dnd.on_code="}},
	{does: "a call that is refused is busy at that phone alone", cells: map[string]string{allPolycom: "voIpProt.SIP.use486forReject=1", allYealink: "features.normal_refuse_code=486"}},
	{does: "a second call knocks, unless the code switched that off", codes: "call_waiting call_waiting_off", cells: map[string]string{
		allYealink: "call_waiting.enable=1 call_waiting.on_code= call_waiting.off_code=",
		allPolycom: "- the factory knocks; the server refuses where the code says so"}},
	{does: "the key of a slot parks the call that is talked in", cells: map[string]string{
		"v70 v80": "transfer.dsskey_deal_type=2", "dect multicell": "- handsets have no lamps", allPolycom: "- the type of that key alone does it: TestKeysOfSlotsAndColleagues"}},
	{does: "hanging up completes a transfer", cells: map[string]string{
		allYealink: "transfer.blind_tran_on_hook_enable=1 transfer.on_hook_trans_enable=1",
		allPolycom: "- no parameter is known: the key completes it"}},
	{does: "only the server calls", cells: map[string]string{
		allPolycom: "voIpProt.SIP.requestValidation.1.request=INVITE voIpProt.SIP.requestValidation.1.method=source voIpProt.SIP.requestValidation.2.request=NOTIFY voIpProt.SIP.requestValidation.2.method=source feature.urlDialing.enabled=0",
		allYealink: "sip.trust_ctrl=1 features.direct_ip_call_enable=0 features.action_uri.enable=0 push_xml.server="}},
	{does: "the server ends the ringing", cells: map[string]string{allPolycom: "call.offeringTimeOut=0 call.ringBackTimeOut=0", allYealink: "- the phone rings 300 s, longer than any extension"}},
	{does: "the key for messages calls the mailbox; its lamp follows unsolicited NOTIFY", codes: "voicemail", sip: "mailboxes", cells: map[string]string{
		allPolycom: "msg.mwi.1.callBackMode=contact msg.mwi.1.callBack={voicemail} msg.mwi.1.subscribe= msg.bypassInstantMessage=1 up.oneTouchVoiceMail=1", allYealink: "voice_mail.number.1={voicemail} account.1.subscribe_mwi=0"}},
	{does: "intercom and pages are answered by the phone", codes: "intercom", cells: map[string]string{
		"ucs4 ucs": "voIpProt.SIP.alertInfo.1.value={answer} voIpProt.SIP.alertInfo.1.class=ringAutoAnswer", "sip3": "voIpProt.SIP.alertInfo.1.value={answer} voIpProt.SIP.alertInfo.1.class=4",
		"v70 v80": "features.intercom.allow=1 features.intercom.mute=0 features.intercom.barge=0 account.1.auto_answer=0 account.1.alert_info_url_enable=0", "dect multicell": "- a handset is answered by its user"}},
	{does: "pages by multicast are heard at the tenant's addresses, in one codec", cells: map[string]string{
		"v70 v80": "multicast.codec=G722 multicast.listen_address.1.ip_address=224.0.1.75:10000 multicast.listen_address.2.ip_address=", "dect multicell": "- handsets hear none; Unfollowed says so",
		allPolycom: "- pages in a way of its own, which is off in the factory; Unfollowed says so"}},
	{does: "groups ring with a tone of their own", cells: map[string]string{
		"ucs4 ucs": "voIpProt.SIP.alertInfo.4.value={ring3} voIpProt.SIP.alertInfo.4.class=custom3", "v70 v80": "distinctive_ring_tones.alert_info.3.text={ring3} distinctive_ring_tones.alert_info.3.ringer=3",
		"sip3": "- its classes are numbers, of which no source has a free one", "dect multicell": "- handsets ring as their users chose"}},
	{does: "codecs are the tenant's, in its order", sip: "allow", cells: map[string]string{
		"v80 dect multicell": "account.1.codec.g722.enable=1 account.1.codec.g722.priority=1 account.1.codec.pcma.priority=2 account.1.codec.g729.enable=0", "v70": "account.1.codec.6.enable=1 account.1.codec.6.payload_type=G722 account.1.codec.6.priority=1 account.1.codec.5.enable=0",
		"ucs4 ucs": "voice.codecPref.G722=1 voice.codecPref.G711_A=2 voice.codecPref.G729_AB=0", "sip3": "voice.codecPref.G722=1 voice.codecPref.G711A=2 voice.codecPref.G729AB=0"}},
	{does: "SRTP as the tenant wants it, with ciphers that Asterisk speaks", sip: "media_encryption media_encryption_optimistic", cells: map[string]string{
		"v80 dect multicell": "account.1.srtp_encryption=1 account.1.srtp.cipher_list=AES_CM_128_HMAC_SHA1_80,AES_CM_128_HMAC_SHA1_32", "v70": "account.1.srtp_encryption=2",
		allPolycom: "sec.srtp.enable=1 sec.srtp.offer=1 sec.srtp.require=0 sec.srtp.offer.HMAC_SHA1_80=1 sec.srtp.offer.HMAC_SHA1_32=1"}},
	{does: "keys pressed in a call are telephone-events 101", codes: "record", sip: "dtmf_mode one_touch_recording record_on_feature record_off_feature", cells: map[string]string{
		allYealink: "account.1.dtmf.type=1 account.1.dtmf.dtmf_payload=101 features.dtmf.replace_tran=0",
		allPolycom: "tone.dtmf.viaRtp=1 tone.dtmf.rfc2833Control=1 tone.dtmf.rfc2833Payload=101 voIpProt.SIP.dtmfViaSignaling.rfc2976=0"}},
	{does: "a phone behind NAT stays reachable", sip: "rtp_symmetric force_rport rewrite_contact direct_media", cells: map[string]string{
		allYealink: "account.1.nat.udp_update_enable=1 account.1.nat.nat_traversal=0 sip.nat_stun.enable=0",
		"ucs4 ucs": "nat.keepalive.interval=30 tcpIpApp.keepalive.tcp.sip.persistentConnection.enable={tcp}",
		"sip3":     "nat.keepalive.interval=30"}},
	{does: "one server, without a proxy, registered for an hour at most", sip: "max_contacts remove_existing minimum_expiration default_expiration maximum_expiration auth_type qualify_frequency", cells: map[string]string{
		"v80 dect":  "account.1.outbound_proxy_enable=0 account.1.outbound_proxy.1.address= account.1.sip_server.2.address= account.1.sip_server.1.address=pbx.example.com",
		"multicell": "account.1.outbound_proxy_enable=0 account.1.outbound_proxy.1.address= account.1.sip_server.2.address= account.1.sip_server.template=1", "v70": "account.1.outbound_proxy_enable=0 account.1.outbound_host= account.1.sip_server.2.address= account.1.sip_server.1.address=pbx.example.com",
		allPolycom: "reg.1.server.1.address=pbx.example.com reg.1.server.1.expires=3600 reg.1.server.1.register=1"}},
	{does: "authorities of ours are trusted beside the phone's own", cells: map[string]string{
		"v80 dect multicell": "static.trusted_certificates.url= static.security.ca_cert=2", "v70": "trusted_certificates.url= security.ca_cert=2",
		"ucs4 ucs": "- is written where there is one: TestModelsOverTLS", "sip3": "- the software has no parameter for it"}},
	{does: "calls without a voice end; phones are asked by session timers", sip: "rtp_timeout rtp_timeout_hold timers", cells: map[string]string{
		allYealink: "- phones answer timers that the other side asks for", allPolycom: "- phones answer timers that the other side asks for"}},
	{does: "files are asked for daily and after check-sync, without a restart", cells: map[string]string{
		"v80 dect multicell": "static.auto_provision.repeat.enable=1 static.auto_provision.repeat.minutes=1440 sip.notify_reboot_enable=0 static.auto_provision.weekly.enable=0 static.auto_provision.flexible.enable=0", "v70": "auto_provision.repeat.enable=1 sip.notify_reboot_enable=0 auto_provision.weekly.enable=0",
		allPolycom: "prov.polling.enabled=1 prov.polling.period=86400 voIpProt.SIP.specialEvent.checkSync.alwaysReboot=0"}},
	{does: "nobody else's server gives it files", cells: map[string]string{
		"v80 dect multicell": "static.auto_provision.dhcp_option.enable=0 static.auto_provision.pnp_enable=0 static.zero_touch.enable=0 static.autoprovision.1.url= dm.enable=0 static.managementserver.enable=0", "v70": "auto_provision.dhcp_option.enable=0 auto_provision.pnp_enable=0 zero_touch.enable=0 autoprovision.1.url= managementserver.enable=0",
		allPolycom: "device.dhcp.bootSrvUseOpt=Static device.dhcp.bootSrvUseOpt.set=1 device.prov.ztpEnabled=0"}},
	{does: "the first boot needs no hand", cells: map[string]string{"ucs": "device.baseProfile=Generic device.baseProfile.set=1 device.eulaAccepted=1 device.eulaAccepted.set=1", "sip3 ucs4": "- the software has one profile and asks nothing", allYealink: "- asks nothing"}},
	{does: "people are found by key and while dialling", cells: map[string]string{
		"v80":                "features.remote_phonebook.enable=1 features.remote_phonebook.flash_time=3600 remote_phonebook.data.1.name=Example directory_setting.remote_phone_book.enable=1 search_in_dialing.remote_phone_book.enable=1 remote_phonebook.data.2.url= ldap.enable=0 search_in_dialing.ldap.enable=0",
		"v70 dect multicell": "features.remote_phonebook.enable=1 features.remote_phonebook.flash_time=3600 remote_phonebook.data.1.name=Example remote_phonebook.data.2.url= ldap.enable=0",
		allPolycom:           "- the directory is a file of its own, which the phone searches by itself"}},
	{does: "keys beyond the first page can be reached", cells: map[string]string{"ucs": "up.Pagination.enabled={pages}", "sip3 ucs4": "- no phone of these has pages", "v70 v80": "phone_setting.page_tip=1", "dect multicell": "- handsets have no such keys"}},
	{does: "the clock is the extension's, whatever DHCP says", cells: map[string]string{
		allYealink: "local_time.time_zone=+1 local_time.summer_time=1 local_time.dst_time_type=1 local_time.manual_ntp_srv_prior=1 local_time.dhcp_time=0", allPolycom: "tcpIpApp.sntp.gmtOffset=3600 tcpIpApp.sntp.gmtOffset.overrideDHCP=1 tcpIpApp.sntp.daylightSavings.enable=1 tcpIpApp.sntp.address.overrideDHCP=1"}},
	{does: "menus speak the tenant's language", sip: "language", cells: map[string]string{
		"v70 v80": "lang.gui=German lang.wui=German", "dect multicell": "custom.handset.language=2 lang.wui=German", allPolycom: "lcl.ml.lang=German_Germany"}},
	{does: "tones are the country's", sip: "tone_zone", cells: map[string]string{allYealink: "voice.tone.country=Germany", allPolycom: "- no parameter has a country: it keeps its tones"}},
	{does: "a phone's page has the tenant's password", cells: map[string]string{
		"v80 dect multicell": "static.security.user_password/admin=admin:Phone4Password static.security.user_password/user=user:Phone4Password", "v70": "security.user_password/admin=admin:Phone4Password security.user_password/user=user:Phone4Password",
		allPolycom: "device.auth.localAdminPassword=Phone4Password device.auth.localAdminPassword.set=1 device.auth.localUserPassword=Phone4Password"}},
}

// concernsNoPhone are options of endpoints in pjsip.conf that no phone sees.
var concernsNoPhone = strings.Fields("type aors auth username password message_context webrtc dtls_auto_generate_cert " +
	"identify_by callerid_tag mwi_subscribe_replaces_unsolicited moh_suggest")

// cell returns the cell of an era, "" for none; and whether more than one has the era.
func (h habit) cell(era Era) (cell string, twice bool) {
	for eras, text := range h.cells {
		if slices.Contains(strings.Fields(eras), string(era)) {
			twice, cell = cell != "", text
		}
	}
	return cell, twice
}

// Each model's files say what the table says, for a tenant with the usual codes and for
// one that changed them.
func TestEveryModelHasOurHabits(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureDirectedPickup], codes.Codes[pbx.FeaturePickup], codes.Codes[pbx.FeatureVoicemail],
		codes.Codes[pbx.FeatureEcho] = "*6", "*88", "*98", "*99#"
	for _, changed := range []*pbx.FeatureCodes{nil, codes} {
		for _, m := range Models() {
			r := diallingTenant("DE", "101")
			r.Tenants[0].Timezone, r.Extensions[0].Mailbox, r.Devices[0].Extension = "Europe/Berlin", "101", "101"
			settings := pbx.DefaultPhoneSettings("default")
			settings.Language, settings.SRTP, settings.Paging = "de", "optional", []string{"224.0.1.75:10000"}
			r.PhoneSettings = []*pbx.PhoneSettings{settings}
			has := map[string]string{"directed": "**", "pickup": "*8", "voicemail": "*97", "hash": "1",
				"answer": pbx.AlertAnswer, "ring3": pbx.RingWord(3), "from": "2", "tcp": "0", "pages": "0"}
			if changed != nil {
				r.FeatureCodes = []*pbx.FeatureCodes{changed}
				has["directed"], has["pickup"], has["voicemail"], has["hash"] = "*6", "*88", "*98", "0"
			}
			if m.Name == "W52P" {
				has["from"] = "0" // its list of headers has no order
			}
			if strings.HasPrefix(m.Name, "EdgeE") {
				has["pages"] = "1"
			}
			s, p := pbx.NewSnapshot(1, r), polycomOf(m)
			got := filesOf(t, s, p)
			if has["map"] = s.DiallingOf("default").Map; m.Era != PolycomSIP3 {
				has["map"] += "|+x.T"
			}
			for _, h := range habits {
				h.check(t, m, got, has)
			}
		}
	}
}

func (h habit) check(t *testing.T, m Model, got, has map[string]string) {
	t.Helper()
	cell, _ := h.cell(m.Era)
	if strings.HasPrefix(cell, "- ") {
		return
	}
	for word := range strings.FieldsSeq(cell) {
		name, value, _ := strings.Cut(word, "=")
		for key, text := range has {
			value = strings.ReplaceAll(value, "{"+key+"}", text)
		}
		if g, ok := got[name]; !ok || g != value {
			t.Errorf("%s: %s: %s is %q (present: %v), want %q", m.Name, h.does, name, g, ok, value)
		}
	}
}

// No cell of the table is empty or said twice, and nothing of Dialtone is without a row:
// no feature, no kind of number, no option of an endpoint.
func TestTableOfHabitsIsWhole(t *testing.T) {
	eras, codes, numbers, sip := map[Era]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, m := range Models() {
		eras[m.Era] = true
	}
	mark := func(set map[string]bool, words string) {
		for word := range strings.FieldsSeq(words) {
			set[word] = true
		}
	}
	for _, h := range habits {
		mark(codes, h.codes)
		mark(numbers, h.numbers)
		mark(sip, h.sip)
		for era := range eras {
			cell, twice := h.cell(era)
			if reason, is := strings.CutPrefix(cell, "-"); twice || len(strings.TrimSpace(cell)) == 0 || is &&
				len(reason) < 10 || !is && !strings.Contains(cell, "=") {
				t.Errorf("%s: the cell of %s is %q, twice: %v", h.does, era, cell, twice)
			}
		}
	}
	for _, f := range pbx.Features {
		if !codes[string(f.Feature)] {
			t.Errorf("no row answers for the code of %s", f.Feature)
		}
	}
	r := diallingTenant("DE", "101")
	r.RingGroups, r.ExternalNumbers = []*pbx.RingGroup{{Tenant: "default", Number: "400"}},
		[]*pbx.ExternalNumber{{Tenant: "default", Number: "030123"}}
	for what := range dialled(pbx.NewSnapshot(1, r), "default") {
		if !numbers[what] {
			t.Errorf("no row answers for numbers of kind %s", what)
		}
	}
	text, err := os.ReadFile("../templates/asterisk/pjsip.conf.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, devices, _ := strings.Cut(string(text), "{{end -}}") // behind the transport
	devices, _, found := strings.Cut(devices, "{{- if .Trunks}}")
	options := regexp.MustCompile(`(?m)^(\w+) = `).FindAllStringSubmatch(devices, -1)
	if !found || len(options) < 30 {
		t.Fatalf("the template of endpoints has %d options before its trunks", len(options))
	}
	for _, o := range options {
		if !sip[o[1]] && !slices.Contains(concernsNoPhone, o[1]) {
			t.Errorf("no row answers for %s of pjsip.conf", o[1])
		}
	}
}

// The key of a park slot parks the call that is talked in, on every phone with lamps; that
// of a colleague never transfers it, for a Polycom would do so at once.
func TestKeysOfSlotsAndColleagues(t *testing.T) {
	for _, m := range Models() {
		slot, colleague := pbx.Button{Key: 1, Kind: pbx.ParkedButton, Value: "701", Line: 1},
			pbx.Button{Key: 2, Kind: pbx.BLFButton, Value: "102", Line: 1}
		if m.Vendor != pbx.Polycom || !m.fits(slot) || !m.fits(colleague) {
			continue
		}
		s, p := office(m, nil, slot, colleague)
		want(t, filesOf(t, s, p), map[string]string{"attendant.resourceList.1.address": "701",
			"attendant.resourceList.1.type": "automata", "attendant.resourceList.2.address": "102",
			"attendant.resourceList.2.type": "normal"})
	}
}

// A key whose feature is off does nothing on any phone: the phone's own forward and do
// not disturb are switched off.
func TestKeysOfFeaturesThatAreOff(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureDoNotDisturb], codes.Codes[pbx.FeatureForwardAll] = "", ""
	for _, name := range []string{"T46U", "T28P", "VVX450"} {
		m, _ := LookupAny(name)
		s, p := office(m, nil, pbx.Button{Key: 2, Kind: pbx.DNDButton, Line: 1},
			pbx.Button{Key: 3, Kind: pbx.ForwardButton, Value: "102", Line: 1})
		got := filesOf(t, with(s, func(r *pbx.Rows) { r.FeatureCodes = []*pbx.FeatureCodes{codes} }), p)
		if m.Vendor == pbx.Polycom {
			want(t, got, map[string]string{"lineKey.2.category": "Unassigned", "lineKey.3.category": "Unassigned"})
		} else {
			want(t, got, map[string]string{"linekey.2.type": "0", "linekey.3.type": "0"})
		}
	}
}
