package phoneconf

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// leftovers is what provisioning systems in the field leave on a Yealink, from their
// public templates: 3CX, FusionPBX, FS PBX, NethVoice, Wazo, MikoPBX, carriers.
const leftovers = `
account.1.outbound_proxy_enable=1 account.1.outbound_proxy.1.address=sbc.example.com account.1.outbound_proxy.2.address=sbc.example.com account.1.outbound_host=sbc.example.com account.1.sip_server.2.address=old.example.com
account.1.nat.nat_traversal=1 account.1.cid_source_ppi=1 account.1.cp_source=2 account.1.auto_answer=1 account.1.direct_pickup_code=*16 account.1.group_pickup_code=*17 account.1.blf.blf_list_uri=list@old account.1.dialoginfo_callpickup=1
account.1.shared_line=1 account.1.conf_type=2 account.1.music_server_uri=moh@old account.1.unregister_on_reboot=1 account.1.sip_server_type=2 account.1.anonymous_call=1 account.1.reject_anonymous_call=1 account.1.dialplan.digitmap.enable=1
account.1.dtmf.type=2 account.1.subscribe_mwi=1 account.1.alert_info_url_enable=1 account.1.srtp.cipher_list=AES_256_CM_HMAC_SHA1_80 account.9.enable=1
forward.always.enable=1 forward.always.target=0301234 forward.always.on_code=*72 forward.always.off_code=*73 forward.busy.enable=1 forward.busy.target=1 forward.busy.on_code=*90 forward.busy.off_code=*91 forward.no_answer.enable=1
forward.no_answer.target=1 forward.no_answer.on_code=*92 forward.no_answer.off_code=*93 features.dnd.enable=1 features.dnd.on_code=*78 features.dnd.off_code=*79 features.dnd_mode=1 features.fwd_mode=1 features.dnd.allow=1 features.fwd.allow=1
call_waiting.enable=0 call_waiting.on_code=*70 call_waiting.off_code=*71 features.feature_key_sync.enable=1 bw.feature_key_sync=1 bw.enable=1 features.call_completion_enable=1 features.dtmf.replace_tran=1 features.dtmf.transfer=## features.hotline_number=100
dialplan.dialnow.rule.1=[2-9]xx[2-9]xxxxxx dialplan.dialnow.rule.2=911 dialplan.dialnow.rule.3=411 dialplan.replace.prefix.1=0 dialplan.area_code.code=030 dialplan.block_out.number.1=0900 dialplan.block_out.number.10=0190 dialplan.digitmap.enable=1
sip.listen_port=5065 sip.nat_stun.enable=1 sip.tls_cipher_list=!ECDH:AES security.tls_cipher_list=!ECDH:AES sip.trust_ctrl=0 features.direct_ip_call_enable=1 features.action_uri.enable=1 features.action_uri_limit_ip=any push_xml.server=old
ldap.enable=1 remote_phonebook.data.2.url=http://old/2 remote_phonebook.data.3.url=http://old/3 remote_phonebook.data.4.url=http://old/4 remote_phonebook.data.5.url=http://old/5 remote_phonebook.data.5.name=Old remote_phonebook.display_name=Old
softkey.1.enable=1 softkey.10.enable=1 phone_setting.custom_softkey_enable=1 features.enhanced_dss_keys.enable=1 dm.enable=1 static.managementserver.enable=1 static.auto_provision.weekly.enable=1 static.auto_provision.flexible.enable=1
static.autoprovision.1.url=http://old/ static.auto_provision.server.username=old static.auto_provision.server.password=old static.firmware.url=http://old/x.rom action_url.dnd_on=http://old/ action_url.registered=http://old/ action_url.incoming_call=http://old/
multicast.codec=PCMU multicast.listen_address.1.ip_address=224.9.9.9:9999 multicast.listen_address.10.ip_address=224.9.9.9:9998
static.auto_provision.custom.protect=1 static.network.vpn_enable=1 static.openvpn.url=http://old/vpn.tar static.network.lldp.enable=0 static.wifi.1.ssid=office static.network.802_1x.mode=1 phone_setting.phone_lock.enable=1`

// leftAlone are those that stay, with the reason.
var leftAlone = map[string]string{
	"static.network.vpn_enable": "the phone may reach us by it", "static.openvpn.url": "the phone may reach us by it", "static.wifi.1.ssid": "the phone may reach us by it",
	"static.network.802_1x.mode": "the phone may reach us by it", "static.network.lldp.enable": "the phone may reach us without it", "phone_setting.phone_lock.enable": "a person locks a phone",
}

// notThere are those that firmware or bases of an era have not, or by another name.
var notThere = map[Era][]string{
	YealinkV70:       {"account.1.outbound_proxy.", "account.1.dialplan.", "account.1.srtp.", "static.auto_provision.custom."},
	YealinkV80:       {"account.1.outbound_host"},
	YealinkDECT:      {"multicast.", "account.1.outbound_host", "static.auto_provision.custom.", "account.9.enable"},
	YealinkMulticell: {"multicast.", "account.1.outbound_host", "static.auto_provision.custom."},
}

// What another system left on a Yealink is gone after the first boot, on every model.
func TestLeftoversOfOtherSystems(t *testing.T) {
	for _, m := range Models() {
		if m.Vendor != pbx.Yealink {
			continue
		}
		f, left := flash{}, map[string]string{}
		for word := range strings.FieldsSeq(leftovers) {
			name, value, _ := strings.Cut(word, "=")
			if slices.ContainsFunc(notThere[m.Era], func(begin string) bool { return strings.HasPrefix(name, begin) }) {
				continue
			}
			if m.Era == YealinkV70 {
				name = strings.TrimPrefix(name, "static.")
			}
			f[name], left[name] = value, value
		}
		f.boot(t, nothing, m)
		for name, value := range left {
			if f[name] == value && leftAlone["static."+strings.TrimPrefix(name, "static.")]+leftAlone[name] == "" {
				t.Errorf("%s: %s is still %s", m.Name, name, value)
			}
		}
	}
}
