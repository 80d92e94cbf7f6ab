package phone

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fileServer serves fixed files and notes what was asked.
type fileServer struct {
	*httptest.Server
	mu     sync.Mutex
	files  map[string]string // path → body
	basic  string            // user:password, if wanted
	asked  []string          // path of each request, with its status
	agents map[string]bool
}

func serveFiles(t *testing.T, files map[string]string) *fileServer {
	s := &fileServer{files: files, agents: map[string]bool{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *fileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agents[r.UserAgent()] = true
	code := http.StatusOK
	body, ok := s.files[r.URL.Path]
	user, password, _ := r.BasicAuth()
	switch {
	case !ok:
		code = http.StatusNotFound
	case s.basic != "" && s.basic != user+":"+password:
		code = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="phones"`)
	case body == "500":
		code = http.StatusInternalServerError
	case r.Header.Get("If-None-Match") == `"`+body+`"`:
		code = http.StatusNotModified
	default:
		if len(body) < 20 || !strings.Contains(body, "\n") {
			w.Header().Set("ETag", `"`+body+`"`)
		}
	}
	s.asked = append(s.asked, fmt.Sprintf("%s %d", r.URL.Path, code))
	w.WriteHeader(code)
	if code == http.StatusOK {
		fmt.Fprint(w, body)
	}
}

func (s *fileServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

func newPhone(t *testing.T, o Options) *Phone {
	t.Helper()
	if o.MAC == "" {
		o.MAC = "80:5E:C0:AA:BB:01"
	}
	if o.Model == "" {
		o.Model = "T46U"
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Logf("closing: %v", err)
		}
	})
	return p
}

const yealinkAccount = `#!version:1.0.0.1
account.1.enable = 1
account.1.label = Anna
account.1.display_name = Anna Arm
account.1.user_name = 101
account.1.auth_name = auth101
account.1.password = s3cret
account.1.sip_server.1.address = pbx.example.com
account.1.sip_server.1.port = 5070
account.1.sip_server.1.expires = 600
account.2.enable = 0
account.2.user_name = 102
voice_mail.number.1 = *97
local_time.time_zone = +1
linekey.1.type = 15
linekey.2.type = 16
linekey.2.value = 102
linekey.2.label = Bert
linekey.2.line = 1
linekey.2.extension = **
linekey.3.type = 0
linekey.3.value = %NULL%
`

func TestFetchYealinkWithoutBootFile(t *testing.T) {
	s := serveFiles(t, map[string]string{
		"/p/y000000000108.cfg": "#!version:1.0.0.1\naccount.1.label = common\nx = 1\n",
		"/p/805ec0aabb01.cfg":  yealinkAccount,
	})
	p := newPhone(t, Options{ProvisioningURL: s.URL + "/p"})
	c, log, err := p.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/p/805ec0aabb01.boot 404", "/p/y000000000000.boot 404", "/p/y000000000108.cfg 200", "/p/805ec0aabb01.cfg 200"}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"Yealink SIP-T46U 108.86.0.90 80:5e:c0:aa:bb:01": true}, s.agents); diff != "" {
		t.Error(diff)
	}
	if len(log) != 4 || log[3].Size != len(yealinkAccount) || len(log[3].SHA256) != 64 || log[0].SHA256 != "" || log[3].Path != "/p/805ec0aabb01.cfg" {
		t.Errorf("log: %+v", log)
	}
	account := Account{Index: 1, Label: "Anna", DisplayName: "Anna Arm", UserName: "101", AuthName: "auth101", Password: "s3cret",
		Server: "pbx.example.com", Port: 5070, Transport: "udp", Expires: 600, VoicemailNumber: "*97"}
	if diff := cmp.Diff([]Account{account}, c.Accounts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]LineKey{{Index: 2, Kind: "blf", Value: "102", Label: "Bert", Line: 1, Pickup: "**"}}, c.BLF()); diff != "" {
		t.Error(diff)
	}
	if c.Value("x") != "1" || c.Value("account.1.label") != "Anna" || c.TimeZone["local_time.time_zone"] != "+1" || len(c.LineKeys) != 2 {
		t.Errorf("config: %+v", c)
	}
}

func TestFetchYealinkBootFileStopsThePair(t *testing.T) {
	s := serveFiles(t, map[string]string{
		"/y000000000000.boot": "#!version:1.0.0.1\ninclude:config <one.cfg>\n[T48U]include:config <no.cfg>\ninclude:config \"two.cfg\"\n",
		"/one.cfg":            "#!version:1.0.0.1\na = 1\n", "/two.cfg": "#!version:1.0.0.1\na = 2\n", "/805ec0aabb01.cfg": yealinkAccount,
	})
	c, _, err := newPhone(t, Options{ProvisioningURL: s.URL}).Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/805ec0aabb01.boot 404", "/y000000000000.boot 200", "/one.cfg 200", "/two.cfg 200"}, s.requests()); diff != "" {
		t.Error(diff)
	}
	if c.Value("a") != "2" {
		t.Errorf("a = %q: the last file has to win", c.Value("a"))
	}
}

const polycomAccount = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<PHONE_CONFIG reg.1.address="101" reg.1.auth.userId="auth101" reg.1.auth.password="s&amp;cret" reg.1.displayName="Anna" reg.1.label="101"
 reg.1.server.1.address="192.0.2.1" reg.1.server.1.port="5060" reg.1.server.1.expires="600" msg.mwi.1.callBack="*97" first="user"
 attendant.resourceList.1.address="102" attendant.resourceList.1.label="Bert" tcpIpApp.sntp.gmtOffset="3600"/>`

func TestFetchPolycom(t *testing.T) {
	s := serveFiles(t, map[string]string{
		"/000000000000.cfg":               `<APPLICATION APP_FILE_PATH="" CONFIG_FILES="[PHONE_MAC_ADDRESS]-user.cfg, [PHONE_MODEL].cfg, gone.cfg" CONTACTS_DIRECTORY="dir"/>`,
		"/0004f2aabb01-user.cfg":          polycomAccount,
		"/VVX450.cfg":                     `<x first="model" second="model" third="model"/>`,
		"/0004f2aabb01-phone.cfg":         `<PHONE_CONFIG><OVERRIDES third="own"/></PHONE_CONFIG>`,
		"/dir/0004f2aabb01-directory.xml": `<directory><item_list/></directory>`,
	})
	p := newPhone(t, Options{MAC: "0004F2AABB01", Model: "VVX450", ProvisioningURL: s.URL, SerialInUA: true})
	c, _, err := p.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/0004f2aabb01.cfg 404", "/000000000000.cfg 200", "/0004f2aabb01-user.cfg 200", "/VVX450.cfg 200", "/gone.cfg 404",
		"/0004f2aabb01-phone.cfg 200", "/0004f2aabb01-web.cfg 404", "/0004f2aabb01-license.cfg 404", "/dir/0004f2aabb01-directory.xml 200"}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453 (SN:0004f2aabb01) Type/Application": true}, s.agents); diff != "" {
		t.Error(diff)
	}
	account := Account{Index: 1, Label: "101", DisplayName: "Anna", UserName: "101", AuthName: "auth101", Password: "s&cret",
		Server: "192.0.2.1", Port: 5060, Transport: "udp", Expires: 600, VoicemailNumber: "*97"}
	if diff := cmp.Diff([]Account{account}, c.Accounts); diff != "" {
		t.Error(diff)
	}
	if c.Value("first") != "user" || c.Value("second") != "model" || c.Value("third") != "own" {
		t.Errorf("the first file has to win: %v", c.Values)
	}
	if blf := c.BLF(); len(blf) != 1 || blf[0].Value != "102" {
		t.Errorf("BLF: %+v", blf)
	}
}

func TestFetchPolycomNamedMaster(t *testing.T) {
	s := serveFiles(t, map[string]string{"/p/0004f2aabb01.cfg": `<APPLICATION CONFIG_FILES=""/>`})
	p := newPhone(t, Options{MAC: "0004F2AABB01", Model: "VVX450", ProvisioningURL: s.URL + "/p/special.cfg"})
	if _, _, err := p.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.requests()[:2]; !cmp.Equal(got, []string{"/p/special.cfg 404", "/p/0004f2aabb01.cfg 200"}) {
		t.Error(got)
	}
}

func TestFetchFollowsMoves(t *testing.T) {
	s := serveFiles(t, nil)
	s.files = map[string]string{
		"/805ec0aabb01.cfg":        "#!version:1.0.0.1\nstatic.auto_provision.server.url = " + s.URL + "/secret/\nstatic.auto_provision.server.username = u\nstatic.auto_provision.server.password = p\n",
		"/secret/805ec0aabb01.cfg": yealinkAccount + "static.auto_provision.server.url = " + s.URL + "/secret\n",
	}
	p := newPhone(t, Options{ProvisioningURL: s.URL + "/"})
	c, log, err := p.Fetch(t.Context())
	if err != nil || len(c.Accounts) != 1 {
		t.Fatalf("accounts %v, error %v", c, err)
	}
	if len(log) != 8 || log[3].Hop != 0 || log[4].Hop != 1 || log[7].Path != "/secret/805ec0aabb01.cfg" {
		t.Errorf("log: %+v", log)
	}
	s.requests()
	s.mu.Lock()
	s.basic = "u:p"
	s.mu.Unlock()
	if _, _, err = p.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"/secret/805ec0aabb01.boot 404", "/secret/y000000000000.boot 404", "/secret/y000000000108.cfg 404",
		"/secret/805ec0aabb01.cfg 401", "/secret/805ec0aabb01.cfg 200"}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Errorf("the phone has to remember URL and credentials: %s", diff)
	}
}

func TestPolycomMoveNeedsSet(t *testing.T) {
	v := map[string]string{"device.prov.serverName": "h/p", "device.prov.serverType": "HTTPS"}
	steps := []struct{ set, want string }{{"", ""}, {"device.set", ""}, {"device.prov.serverName.set", "http://h/p"}, {"device.prov.serverType.set", "https://h/p"}}
	for _, step := range steps {
		if step.set != "" {
			v[step.set] = "1"
		}
		if got, _, _ := polycomMove(v, "http://old/"); got != step.want {
			t.Errorf("after %q: moved to %q, want %q", step.set, got, step.want)
		}
	}
}

func TestFetchStopsAfterTwoMoves(t *testing.T) {
	s := serveFiles(t, nil)
	s.files = map[string]string{}
	for i := range 4 {
		s.files[fmt.Sprintf("/%d/805ec0aabb01.cfg", i)] = fmt.Sprintf("#!version:1.0.0.1\nstatic.auto_provision.server.url = %s/%d/\n", s.URL, i+1)
	}
	_, log, err := newPhone(t, Options{ProvisioningURL: s.URL + "/0/"}).Fetch(t.Context())
	wantError(t, err, "more than 2 times")
	if len(log) != 12 {
		t.Errorf("%d requests, want 12", len(log))
	}
}

func TestFetchErrors(t *testing.T) {
	s := serveFiles(t, map[string]string{"/bad/805ec0aabb01.cfg": "<html>", "/broken/805ec0aabb01.boot": "500"})
	for path, want := range map[string]string{"/bad/": "first line", "/broken/": "status 500"} {
		_, log, err := newPhone(t, Options{ProvisioningURL: s.URL + path}).Fetch(t.Context())
		wantError(t, err, want)
		if len(log) == 0 {
			t.Error("requests were not reported")
		}
	}
	for _, o := range []Options{{}, {MAC: "0004F2AABB01", Model: "VVX450"}} {
		o.ProvisioningURL = s.URL + "/nothing/"
		if _, _, err := newPhone(t, o).Fetch(t.Context()); !errors.Is(err, ErrNoConfiguration) {
			t.Errorf("got %v, want ErrNoConfiguration", err)
		}
	}
	if _, err := New(Options{MAC: "12", Model: "T46U"}); err == nil {
		t.Error("short MAC accepted")
	}
	if _, err := New(Options{MAC: "0004F2AABB01", Model: "T1000"}); err == nil {
		t.Error("unknown model accepted")
	}
}

func TestFetchConditional(t *testing.T) {
	s := serveFiles(t, map[string]string{"/805ec0aabb01.cfg": "#!version:1.0.0.1"})
	p := newPhone(t, Options{ProvisioningURL: s.URL, Conditional: true})
	for _, want := range []string{"200", "304", "304"} {
		if _, _, err := p.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.requests()[3]; got != "/805ec0aabb01.cfg "+want {
			t.Errorf("got %s, want status %s", got, want)
		}
	}
}
