package phoneconf

import (
	"strings"
	"testing"
)

// The samples are those of the notes, from the sources named there.
func TestIdentify(t *testing.T) {
	for _, c := range []struct{ agent, vendor, model, firmware, mac string }{
		{"Yealink SIP-T20P 9.72.0.30 00:15:65:5e:16:7c", "yealink", "T20P", "9.72.0.30", "0015655e167c"},
		{"Yealink SIP-T21P_E2 52.80.0.3 00:15:65:4c:4c:26", "yealink", "T21P_E2", "52.80.0.3", "0015654c4c26"},
		{"yealink SIP-T28P 2.70.0.140 00:15:65:13:ae:0b", "yealink", "T28P", "2.70.0.140", "00156513ae0b"},
		{"Yealink SIP-T31G 124.85.257.55 80:5e:c0:d5:7d:72", "yealink", "T31G", "124.85.257.55", "805ec0d57d72"},
		{"Yealink SIP-T46U 108.87.0.15 24:9a:d8:00:00:01", "yealink", "T46U", "108.87.0.15", "249ad8000001"},
		{"Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44", "yealink", "T49G", "51.80.0.10", "0015659b5a44"},
		{"Yealink CP860 37.72.0.5 00:15:65:8a:37:86", "yealink", "CP860", "37.72.0.5", "0015658a3786"},
		{"Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc", "yealink", "W60B", "77.81.0.35", "805ec009abdc"},
		{"Yealink W80DM 103.87.0.10 24:9a:d8:d1:a6:31", "yealink", "W80DM", "103.87.0.10", "249ad8d1a631"},
		{"Yealink SIP-T56A  58.80.0.25 001565f429a4", "yealink", "T56A", "58.80.0.25", "001565f429a4"},
		{"Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", "yealink", "T46G", "28.71.0.81", ""},
		{"Yealink SIP-T54W 96.86.0.70", "yealink", "T54W", "96.86.0.70", ""},
		{"VP530P 23.70.0.40 00:15:65:00:00:09", "yealink", "VP530P", "23.70.0.40", "001565000009"},
		{"FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078", "polycom", "SPIP335", "3.2.1.0078", ""},
		{"FileTransport PolycomSoundPointIP-SPIP_335-UA/4.0.13.1445 (SN:0004f249d83f) Type/Application", "polycom", "SPIP335", "4.0.13.1445", "0004f249d83f"},
		{"FileTransport PolycomSoundStationIP-SSIP_6000-UA/5.0.3.1667 Type/Updater", "polycom", "SSIP6000", "5.0.3.1667", ""},
		{"FileTransport PolycomVVX-VVX_450-UA/5.9.1.0615 Type/Application", "polycom", "VVX450", "5.9.1.0615", ""},
		{"FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 (SN:64167f9f4c90) Type/Application", "polycom", "CCX500", "9.4.1.0508", "64167f9f4c90"},
		{"FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application", "polycom", "EdgeE450", "8.0.0.15602", ""},
		{"FileTransport PolycomRealPresenceTrio-Trio_8800-UA/7.2.2.1094 (SN:12345) Type/Application", "polycom", "Trio8800", "7.2.2.1094", ""},
		{"Polycom/5.4.3.2007 PolycomRealPresenceTrio-Trio_8800-UA/5.4.3.2007", "polycom", "Trio8800", "5.4.3.2007", ""},
		{"PolycomVVX-VVX_150-UA/6.4.1.2280_482567164887", "polycom", "VVX150", "6.4.1.2280", "482567164887"},
		{"curl/8.5.0", "", "", "", ""}, {"", "", "", "", ""}, {"Yealink", "", "", "", ""}, {"Mozilla/5.0 (X11; Linux x86_64)", "", "", "", ""},
		{"Yealink SIP-T46U 108.87.0.15 00:00:00:00:00:00", "yealink", "T46U", "108.87.0.15", ""},
		{"Yealink SIP-T46U 108.87.0.15 " + strings.Repeat("9", 1<<20), "", "", "", ""},
		{"FileTransport Polycom" + strings.Repeat("A", 1<<20) + "-UA/1", "", "", "", ""},
		{"Yealink SIP-T46U\x00 1.2.3.4", "", "", "", ""}, {"\xff\xfe", "", "", "", ""},
	} {
		vendor, model, firmware, mac := Identify(c.agent)
		if string(vendor) != c.vendor || model != c.model || firmware != c.firmware || string(mac) != c.mac {
			t.Errorf("%.80q: %q %q %q %q, want %q %q %q %q", c.agent, vendor, model, firmware, mac, c.vendor, c.model, c.firmware, c.mac)
		}
	}
}

func TestParsePath(t *testing.T) {
	ok := map[string]Request{
		"/001565aabbcc.cfg":                  {"", "001565aabbcc", "001565aabbcc.cfg"},
		"/001565AABBCC.cfg":                  {"", "001565aabbcc", "001565aabbcc.cfg"},
		"//001565aabbcc.boot":                {"", "001565aabbcc", "001565aabbcc.boot"},
		"/y000000000108.cfg":                 {"", "", "y000000000108.cfg"},
		"/000000000000.cfg":                  {"", "", "000000000000.cfg"},
		"/001565aabbccdd.cfg":                {"", "", "001565aabbccdd.cfg"},
		"/p/s3cret/001565AABBCC-contact.XML": {"s3cret", "001565aabbcc", "001565aabbcc-contact.xml"},
		"/p/s3cret//0004f2aabbcc-app.log":    {"s3cret", "0004f2aabbcc", "0004f2aabbcc-app.log"},
		"/p/S3cret/y000000000000.boot":       {"S3cret", "", "y000000000000.boot"},
	}
	for path, want := range ok {
		if got, fine := ParsePath(path); !fine || got != want {
			t.Errorf("%s: %+v %v, want %+v", path, got, fine, want)
		}
	}
	for _, path := range []string{"", "/", "*", "001565aabbcc.cfg", "/p/", "/p//", "/p/s3cret", "/p/s3cret/", "/p/s3cret/a/b", "/a/b", "/p/s3cret/../001565aabbcc.cfg", "/..", "/.htaccess", "/a b", "/a\x00", "/p/s%/x.cfg",
		"/p/s\\x/x.cfg", "/é.cfg", "/" + strings.Repeat("a", 65), "/p/" + strings.Repeat("a", 1<<20) + "/x.cfg", strings.Repeat("/", 1<<20)} {
		if got, fine := ParsePath(path); fine || got != (Request{}) {
			t.Errorf("%.40q: %+v", path, got)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("/p/a/001565aabbcc.cfg")
	f.Add("/../x")
	f.Fuzz(func(t *testing.T, path string) {
		r, ok := ParsePath(path)
		if !ok {
			return
		}
		if strings.ContainsAny(string(r.File), "/\\%\x00 ") || strings.HasPrefix(string(r.File), ".") || strings.Contains(r.Secret, "/") || r.File == "" {
			t.Fatalf("%q gives %+v", path, r)
		}
		if r.MAC != "" && !strings.HasPrefix(string(r.File), string(r.MAC)) {
			t.Fatalf("%q gives %+v", path, r)
		}
	})
}
