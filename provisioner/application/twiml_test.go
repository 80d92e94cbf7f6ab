package application

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// callCentre has what the documents of the tests lead to.
func callCentre() *pbx.Snapshot {
	return pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "acme"}, {Name: "other"}},
		Extensions: []*pbx.Extension{{Tenant: "acme", Number: "101"}, {Tenant: "other", Number: "900"}},
		RingGroups: []*pbx.RingGroup{{Tenant: "acme", Name: "sales", Number: "600"}},
		Announcements: []*pbx.Announcement{{Tenant: "acme", Name: "welcome", Sound: strings.Repeat("0a", 32)},
			{Tenant: "other", Name: "theirs", Sound: strings.Repeat("0b", 32)}}})
}

// readTwiML reads an answer of https://app.example/calls/voice?of=acme.
func readTwiML(document string) ([]pbx.Verb, error) {
	s := callCentre()
	at := &url.URL{Scheme: "https", Host: "app.example", Path: "/calls/voice", RawQuery: "of=acme"}
	verbs, err := answer{kind: "text/xml; charset=utf-8", at: at, text: []byte(document)}.verbs(s, "acme")
	if err == nil {
		err = s.CheckVerbs("acme", verbs)
	}
	return verbs, err
}

const endOfCall = `{"verb":"hangup"}`

// twimlAnswers are what stands in a Response, and the JSON that says the same.
var twimlAnswers = map[string]string{
	"":                                      endOfCall,
	"<Hangup/>":                             endOfCall,
	"<Play>announcement:welcome</Play>":     `{"verb":"play","sound":"announcement:welcome"},` + endOfCall,
	"<Play> vm-goodbye\n</Play>":            `{"verb":"play","sound":"vm-goodbye"},` + endOfCall,
	"<Play><![CDATA[vm-goodbye]]></Play>":   `{"verb":"play","sound":"vm-goodbye"},` + endOfCall,
	"<!-- a comment --><Pause/>":            `{"verb":"pause","seconds":1},` + endOfCall,
	`<Pause length="3"/><Reject/>`:          `{"verb":"pause","seconds":3},{"verb":"reject","reason":"refused"}`,
	`<Reject reason="busy"/>`:               `{"verb":"reject","reason":"busy"}`,
	"<Gather/>":                             `{"verb":"gather","digits":32,"seconds":5,"path":"/calls/voice?of=acme"},` + endOfCall,
	`<Gather action="/keys" method="GET"/>`: `{"verb":"gather","digits":32,"seconds":5,"path":"/keys"},` + endOfCall,
	`<Gather input="dtmf" numDigits="4" timeout="9" finishOnKey="#" action="keys?a=1&amp;b=2"><Play>beep</Play></Gather>` +
		`<Redirect>voice</Redirect>`: `{"verb":"gather","sound":"beep","digits":4,"seconds":9,"path":"/calls/keys?a=1\u0026b=2"},` +
		`{"verb":"redirect","path":"/calls/voice"}`,
	"<Dial>101</Dial>":                             `{"verb":"dial","to":"extension:101"},` + endOfCall,
	`<Dial action="done">101</Dial>`:               `{"verb":"dial","to":"extension:101","path":"/calls/done"},` + endOfCall,
	`<Dial action="">101</Dial>`:                   `{"verb":"dial","to":"extension:101","path":"/calls/voice?of=acme"},` + endOfCall,
	"<Dial>\n <Number>600</Number>\n</Dial>":       `{"verb":"dial","to":"ring-group:sales"},` + endOfCall,
	"<Dial>+49 (30) 123-4567</Dial>":               `{"verb":"dial","to":"external:+49301234567"},` + endOfCall,
	"<Dial>900</Dial>":                             `{"verb":"dial","to":"external:900"},` + endOfCall,
	"<Dial><Sip>sip:101</Sip></Dial>":              `{"verb":"dial","to":"extension:101"},` + endOfCall,
	"<Dial>ring-group:sales</Dial>":                `{"verb":"dial","to":"ring-group:sales"},` + endOfCall,
	"<Record/>":                                    `{"verb":"record","seconds":3600,"silence":5,"path":"/calls/voice?of=acme"}`,
	"<Redirect>extension:101</Redirect>":           `{"verb":"redirect","to":"extension:101"}`,
	"<Redirect/>":                                  `{"verb":"redirect","path":"/calls/voice?of=acme"}`,
	"<Redirect>?time=10:30</Redirect>":             `{"verb":"redirect","path":"/calls/voice?time=10:30"}`,
	"<Redirect>https://APP.example/x#y</Redirect>": `{"verb":"redirect","path":"/x"}`,
	`<Record action="/r" maxLength="30" timeout="2" playBeep="false" finishOnKey="#"/>`: `{"verb":"record","seconds":30,` +
		`"silence":2,"quiet":true,"path":"/r"}`,
}

func TestTwiML(t *testing.T) {
	for inside, want := range twimlAnswers {
		for _, before := range []string{"", `<?xml version="1.0" encoding="UTF-8"?>`, "\ufeff\n", "<!-- x -->\n"} {
			verbs, err := readTwiML(before + "<Response>" + inside + "</Response>\n")
			if text, _ := json.Marshal(verbs); err != nil || string(text) != "["+want+"]" {
				t.Errorf("%s%s: %s, %v", before, inside, text, err)
			}
		}
	}
}

// The document that the manual prints welcomes the tenant's callers.
func TestTwiMLOfTheManual(t *testing.T) {
	verbs, err := readTwiML(lab.Printed(t, "applications", "xml"))
	if err != nil || len(verbs) != 3 || verbs[0].Path != "/keys" || verbs[1].To != "extension:101" {
		t.Errorf("%+v, %v", verbs, err)
	}
}

// twimlRefused are what stands in a Response, and the sentence that refuses it.
var twimlRefused = map[string]string{
	"<Hangup/>\n<Say>Hello</Say>":                "line 2: <Say> cannot be carried out",
	"<Enqueue>support</Enqueue>":                 "<Enqueue> cannot be",
	"<play>beep</play>":                          "<play> cannot be",
	"<Play>https://app.example/hello.mp3</Play>": "<Play> takes no URL",
	"<Play/>":                                                              "is not the name of a sound",
	"<Play>announcement:theirs</Play>":                                     "does not exist",
	"<Play>beep,1)&amp;System(id)</Play>":                                  "is not the name of a sound",
	`<Play loop="2">beep</Play>`:                                           "attribute that cannot be carried out: loop",
	"<Play>beep<Play>beep</Play></Play>":                                   "<Play> takes no <Play> here",
	`<Gather input="dtmf speech"/>`:                                        `has input "dtmf speech": use dtmf`,
	`<Gather finishOnKey="*"/>`:                                            "has finishOnKey",
	`<Gather timeout="0"/>`:                                                "a number from 1",
	`<Gather numDigits="-1"/>`:                                             "a number from 1",
	`<Gather numDigits="99999999999999999999"/>`:                           "a number from 1",
	`<Gather numDigits="33"/>`:                                             "[0].digits",
	`<Gather action="https://evil.example/x"/>`:                            "leads to another host",
	`<Gather action="//evil.example/x"/>`:                                  "leads to another host",
	`<Gather action="https://app.example@evil.example/"/>`:                 "leads to another host",
	`<Gather action="https:x"/>`:                                           "leads to another host",
	`<Gather action="/.//evil.example/x"/>`:                                "[0].path",
	`<Gather action="%zz"/>`:                                               "address that cannot be read",
	`<Gather action="/` + strings.Repeat("x", 500) + `"/>`:                 "[0].path",
	"<Gather><Say>Press 1</Say></Gather>":                                  "<Gather> takes Play alone, not <Say>",
	"<Gather><Play>beep</Play><Play>beep</Play></Gather>":                  "<Gather> takes one Play",
	"<Gather><Play>http://x/y</Play></Gather>":                             "<Play> takes no URL",
	"<Gather><Play><b/></Play></Gather>":                                   "<b> stands too deep",
	"<Gather>now</Gather>":                                                 "takes no text: now",
	`<Gather hints="a"/>`:                                                  "attribute that cannot be carried out: hints",
	"<Dial/>":                                                              "is required",
	"<Dial>operator</Dial>":                                                "[0].to",
	`<Dial callerId="+1" timeout="9">101</Dial>`:                           "carried out: callerId",
	"<Dial><Number>1</Number><Number>2</Number></Dial>":                    "make a ring group",
	"<Dial>101<Number>101</Number></Dial>":                                 "takes one number",
	"<Dial><Conference>room</Conference></Dial>":                           "not <Conference>",
	`<Dial><Number url="/x">101</Number></Dial>`:                           "<Number> has an attribute",
	"<Dial><Sip>sip:101@evil.example</Sip></Dial>":                         "cannot call another host",
	"<Dial>extension:900</Dial>":                                           "does not exist",
	"<Dial>voicemail:101</Dial>":                                           "cannot be dialled",
	`<Record finishOnKey="1"/>`:                                            "has finishOnKey",
	`<Record maxLength="9999"/>`:                                           "[0].seconds",
	`<Record transcribe="true"/>`:                                          "carried out: transcribe",
	"<Redirect>http://evil.example/</Redirect>":                            "leads to another host",
	"<Redirect>queue:absent</Redirect>":                                    "does not exist",
	"<Redirect>javascript:x</Redirect>":                                    "is not a destination",
	`<Pause length="61"/>`:                                                 "[0].seconds",
	`<Reject reason="tired"/>`:                                             "use rejected or busy",
	"<Hangup>now</Hangup>":                                                 "<Hangup> takes no text",
	`<Hangup xml:space="default"/>`:                                        "attribute that cannot be carried out",
	"now":                                                                  "<Response> takes no text",
	`<t:Hangup xmlns:t="x"/>`:                                              "of another namespace",
	`<Pause length="1" length="2"/>`:                                       "length of <Pause> stands twice",
	"&evil;":                                                               "invalid character entity",
	"<Play>\xff</Play>":                                                    "invalid UTF-8",
	"<Play>\x01</Play>":                                                    "illegal character",
	"<Play>beep":                                                           "no TwiML",
	"<Play>beep</Dial>":                                                    "no TwiML",
	"</Response><Response>":                                                "follows the document",
	"</Response>x<!--":                                                     "no TwiML",
	strings.Repeat("<Hangup/>", 21):                                        "21 verbs",
	strings.Repeat("<a>", 1000) + strings.Repeat("</a>", 1000):             "stands too deep",
	strings.Repeat(`<Gather action='/`+strings.Repeat(`"`, 140)+`'/>`, 19): "the verbs are longer",
	strings.Repeat(" ", 10<<20):                                            "longer than 8192 bytes",
}

// twimlDocuments are whole documents that are refused.
var twimlDocuments = map[string]string{
	"":                                "no element",
	"<html><body>Error</body></html>": "not with <Response>",
	`[{"verb":"hangup"}]`:             "no TwiML",
	`<Response xmlns="x"/>`:           "of another namespace",
	`<Response version="1"/>`:         "carried out: version",
	"<Response/><Response/>":          "follows the document",
	"<Response/>.":                    "outside of the document",
	`<?xml version="1.0" encoding="UTF-16"?><Response/>`:             "encoding",
	`<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response/>`:            "document type is not allowed",
	`<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><Response/>`: "document type is not allowed",
}

func TestTwiMLRefused(t *testing.T) {
	documents := maps.Clone(twimlDocuments)
	for inside, want := range twimlRefused {
		documents["<Response>"+inside+"</Response>"] = want
	}
	for document, want := range documents {
		verbs, err := readTwiML(document)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %+v, %v; want %q", document, verbs, err, want)
		}
	}
}

// An answer is TwiML by its type, or by how it begins. What is wrong with it is among the errors.
func TestAsksForTwiML(t *testing.T) {
	for _, c := range []struct{ kind, text, want string }{
		{"text/xml", "<Response><Redirect/></Response>", ""},
		{"application/xml; charset=utf-8", "<Response><Redirect/></Response>", ""},
		{"text/html; charset=utf-8", "\n<Response><Redirect/></Response>", ""},
		{"text/xml", `{"verb":"redirect","path":"/calls?of=acme"}`, "no TwiML"},
		{"application/json", `{"verb":"redirect","path":"/calls?of=acme"}`, ""},
		{"text/html", "<Response><Say>Hello</Say></Response>", "<Say> cannot be carried out"},
	} {
		a, _ := asks(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			_, _ = io.WriteString(w, c.text)
		})
		verbs, err := a.Ask(t.Context(), about)
		list := a.Failures("acme", "menu")
		if c.want == "" && (err != nil || len(verbs) != 1 || verbs[0].Path != "/calls?of=acme" || len(list) != 0) ||
			c.want != "" && (len(list) != 1 || !strings.Contains(list[0].Error, c.want)) {
			t.Errorf("%+v: %+v, %v, %+v", c, verbs, err, list)
		}
	}
}

// No document stops the controller. One that is taken has a few verbs with no more than JSON could say.
func FuzzTwiML(f *testing.F) {
	for _, seed := range []string{
		"<Response/>", "<Response><Say>x</Say></Response>", "\ufeff<?xml version='1.0'?><Response><Hangup/></Response>",
		`<Response><Gather numDigits="1" action="k?a=1&amp;b"><Play>beep</Play></Gather><Redirect>v:1</Redirect></Response>`,
		`<Response><Dial action=""><Sip>sip:101</Sip></Dial><Record playBeep="false"/><Reject reason="busy"/></Response>`,
		`<!DOCTYPE r [<!ENTITY a "&a;">]><Response>&a;</Response>`, "<Response><Play><![CDATA[a]]>", "<a:b xmlns:a='c'/>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		verbs, err := readTwiML(document)
		if err != nil {
			if sentence := err.Error(); sentence == "" || len(sentence) > 20*1024 {
				t.Errorf("%d bytes of an error", len(sentence))
			}
			return
		}
		text, err := json.Marshal(verbs)
		if err != nil || len(verbs) > pbx.MostVerbs+1 {
			t.Fatalf("%+v: %v", verbs, err)
		}
		if len(verbs) > pbx.MostVerbs { // the end of the call was added
			return
		}
		again, err := pbx.ParseVerbs(text)
		if err == nil {
			err = callCentre().CheckVerbs("acme", again)
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}
