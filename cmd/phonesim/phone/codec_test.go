package phone

import (
	"slices"
	"testing"
	"time"
)

// A tone is heard through each codec that has a voice here, and both ends name it.
func TestCallsTalkInEachCodec(t *testing.T) {
	pbx := startPBX(t)
	for _, c := range []struct {
		offered []string
		want    string
	}{{nil, "PCMU"}, {[]string{"PCMA", "PCMU"}, "PCMA"}, {[]string{"G722", "PCMA"}, "G722"}} {
		out, in := connectAs(t, pbx, Options{Codecs: c.offered}, Options{Codecs: []string{"PCMU", "PCMA", "G722"}})
		if a, b := out.Stats().Codec, in.Stats().Codec; a != c.want || b != c.want {
			t.Errorf("offered %v: they talk in %s and %s, want %s", c.offered, a, b, c.want)
		}
		if got := in.Stats().Offered; len(c.offered) > 0 && !slices.Equal(got, c.offered) {
			t.Errorf("offered %v: the callee read %v", c.offered, got)
		}
		out.Tone(1000)
		if err := in.Hear(patience(t), 1000, 300*time.Millisecond); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

// Files of both makes name the codecs and their order; 0 is off.
func TestFilesNameCodecs(t *testing.T) {
	yealink := map[string]string{"account.1.enable": "1", "account.1.user_name": "d1",
		"account.1.codec.g722.enable": "1", "account.1.codec.g722.priority": "1", "account.1.codec.opus.enable": "1", "account.1.codec.opus.priority": "3",
		"account.1.codec.pcma.enable": "1", "account.1.codec.pcma.priority": "2", "account.1.codec.pcmu.enable": "0", "account.1.codec.pcmu.priority": "1"}
	polycom := map[string]string{"reg.1.address": "d1", "voice.codecPref.G711_Mu": "0", "voice.codecPref.G711_A": "2", "voice.codecPref.G722": "1",
		"voice.codecPref.G729_AB": "3"}
	for name, c := range map[string]struct {
		config *Config
		want   []string
	}{
		"yealink": {yealinkConfig(yealink, Model{Accounts: 1}), []string{"G722", "PCMA", "opus"}},
		"polycom": {polycomConfig(polycom, Model{Accounts: 1}), []string{"G722", "PCMA", "G729"}},
	} {
		if len(c.config.Accounts) != 1 || !slices.Equal(c.config.Accounts[0].Codecs, c.want) {
			t.Errorf("%s: %+v, want %v", name, c.config.Accounts, c.want)
		}
	}
}
