package phone

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadYealink(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []parameter
		bad  string
	}{
		"both styles, last stays last": {
			text: "#!version:1.0.0.1\n## a comment\naccount.1.label = Anna = Boss # 1 \r\naccount.1.label=x\n\n",
			want: []parameter{{"account.1.label", "Anna = Boss # 1"}, {"account.1.label", "x"}},
		},
		"header with CR":    {text: "#!version:1.0.0.1\r\na=%NULL%\r\n", want: []parameter{{"a", "%NULL%"}}},
		"no header":         {text: "a = b\n", bad: "first line"},
		"header not first":  {text: "\n#!version:1.0.0.1\na=b\n", bad: "first line"},
		"BOM":               {text: "\ufeff#!version:1.0.0.1\n", bad: "first line"},
		"wrong version":     {text: "#!version:1.0.0.2\n", bad: "first line"},
		"no equals sign":    {text: "#!version:1.0.0.1\nhello\n", bad: "line 2"},
		"no name":           {text: "#!version:1.0.0.1\n#\n = x\n", bad: "line 3"},
		"two words as name": {text: "#!version:1.0.0.1\na b = x\n", bad: "line 2"},
		"empty":             {bad: "first line"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readYealink([]byte(tt.text))
			wantError(t, err, tt.bad)
			if tt.bad == "" && !cmp.Equal(got, tt.want, cmp.AllowUnexported(parameter{})) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReadYealinkBoot(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
		bad  string
	}{
		"both quotes, in order": {
			text: "#!version:1.0.0.1\n# c\ninclude:config <a.cfg>\ninclude:config \"http://h/b.cfg\"\noverwrite_mode = 1\n",
			want: []string{"a.cfg", "http://h/b.cfg"},
		},
		"model filter": {
			text: "#!version:1.0.0.1\n[T46S, t46u]include:config \"mine.cfg\"\n[T48U]include:config \"other.cfg\"\n",
			want: []string{"mine.cfg"},
		},
		"not a cfg":     {text: "#!version:1.0.0.1\ninclude:config <a.txt>\n", bad: ".cfg"},
		"no quotes":     {text: "#!version:1.0.0.1\ninclude:config a.cfg\n", bad: "neither"},
		"half a filter": {text: "#!version:1.0.0.1\n[T46U include:config <a.cfg>\n", bad: "without ]"},
		"something":     {text: "#!version:1.0.0.1\naccount.1.label = x\n", bad: "no include"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readYealinkBoot([]byte(tt.text), "T46U")
			wantError(t, err, tt.bad)
			if tt.bad == "" && !cmp.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReadPolycom(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []parameter
		bad  string
	}{
		"names of elements do not matter, order does": {
			text: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><anything x="1"><y reg.1.label="A &amp; B" /><z x="2"/></anything>`,
			want: []parameter{{"x", "1"}, {"reg.1.label", "A & B"}, {"x", "2"}},
		},
		"raw line break is a blank, a written one is not": {
			text: "<a c=\"one\ntwo&#10;three\"/>", want: []parameter{{"c", "one two\nthree"}},
		},
		"comment keeps its quotes": {text: "<!-- don't \"\n --><a b=\"c\"/>", want: []parameter{{"b", "c"}}},
		"namespace declarations are no parameters": {
			text: `<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x.xsd" b="c"/>`, want: []parameter{{"b", "c"}},
		},
		"attribute twice":   {text: `<a b="1" b="2"/>`, bad: "twice"},
		"bare ampersand":    {text: `<a b="1 & 2"/>`, bad: "reading XML"},
		"bare less-than":    {text: `<a b="1 < 2"/>`, bad: "reading XML"},
		"not closed":        {text: `<a b="1">`, bad: "reading XML"},
		"two roots":         {text: `<a/><b/>`, bad: "2 root"},
		"nothing":           {text: ``, bad: "0 root"},
		"text outside":      {text: `<a/>hello`, bad: "outside"},
		"no quotes":         {text: `<a b=1/>`, bad: "reading XML"},
		"wrong nesting":     {text: `<a><b></a></b>`, bad: "reading XML"},
		"control character": {text: "<a b=\"\x01\"/>", bad: "reading XML"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readPolycom([]byte(tt.text))
			wantError(t, err, tt.bad)
			if tt.bad == "" && !cmp.Equal(got, tt.want, cmp.AllowUnexported(parameter{})) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReadMaster(t *testing.T) {
	m, _ := findModel("VVX450")
	got, err := m.readMaster([]byte(`<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="[PHONE_MAC_ADDRESS]-user.cfg, [PHONE_MODEL].cfg , "
 OVERRIDES_DIRECTORY="o" CONTACTS_DIRECTORY="c/"><APPLICATION_VVX450 APP_FILE_PATH_VVX450=""/><APPLICATION_VVX150 CONFIG_FILES_VVX150="x.cfg"/></APPLICATION>`), "0004f2aabbcc")
	if err != nil {
		t.Fatal(err)
	}
	want := master{configs: []string{"0004f2aabbcc-user.cfg", "VVX450.cfg"}, overrides: "o/", contacts: "c/"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(master{})); diff != "" {
		t.Error(diff)
	}
	if _, err := m.readMaster([]byte(`<PHONE reg.1.label="x"/>`), "0004f2aabbcc"); err == nil {
		t.Error("a parameter file passed for a master file")
	}
}

func TestAccountHidesPassword(t *testing.T) {
	a := Account{UserName: "101", Password: "s3cret"}
	for _, text := range []string{fmt.Sprint(a), fmt.Sprintf("%+v", a), fmt.Sprintf("%#v", a), fmt.Sprint([]Account{a})} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("password shown: %s", text)
		}
	}
}

func FuzzReaders(f *testing.F) {
	for _, s := range []string{"#!version:1.0.0.1\na = b\n", "#!version:1.0.0.1\n[T46U]include:config <a.cfg>", `<APPLICATION CONFIG_FILES="a,b"/>`,
		"<a b='<' c=\"\n\"/>", "<!--", "<![CDATA[", "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4000 RTP/AVP 0\r\n", "Voice-Message: 1/2 (0/0)\r\n"} {
		f.Add([]byte(s))
	}
	m, _ := findModel("VVX450")
	f.Fuzz(func(t *testing.T, b []byte) {
		if params, err := readYealink(b); err == nil {
			values := map[string]string{}
			for _, p := range params {
				values[p.name] = p.value
				if strings.ContainsAny(p.name+p.value, "\n") {
					t.Errorf("line break in %q", p)
				}
			}
			yealinkConfig(values, m)
		}
		if params, err := readPolycom(b); err == nil {
			polycomConfig(firstWins(params), m)
		}
		_, _ = readYealinkBoot(b, "T46U")
		_, _ = m.readMaster(b, "0004f2aabbcc")
		_, _ = readSDP(b)
		_, _ = readRTP(b)
		_, _ = readDialogInfo(b)
		readSummary(b)
	})
}

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if part == "" && err != nil {
		t.Errorf("unexpected error: %v", err)
	}
	if part != "" && (err == nil || !strings.Contains(err.Error(), part)) {
		t.Errorf("got error %v, want one with %q", err, part)
	}
}
