package phones

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// resyncs is what the API says that a phone was told, newest first.
type resyncs struct {
	Items []struct{ State, Reason, Action, Error, SHA256 string }
}

// deskLife is one phone on its way from the carton to being proved in sync.
type deskLife struct {
	*lab
	t        *testing.T
	mac      string
	model    string
	vendor   string
	number   string
	firmware string
	phone    *phone.Phone
}

// TestYealinkLifeRealAsterisk: an unknown phone asks the generic URL, shows up in
// the inbox, is adopted in one call, boots again, gets its own URL and there its
// full file, registers with it, is told of a changed button, fetches it, and its
// lamp lights on a call. Then what else a phone lives through, with proof.
func TestYealinkLifeRealAsterisk(t *testing.T) {
	t.Parallel()
	(&deskLife{mac: "001565f00001", model: "T46U", vendor: "yealink", number: "101", firmware: "108.86.0.90"}).live(t)
}

// TestPolycomLifeRealAsterisk is the same with a Polycom.
func TestPolycomLifeRealAsterisk(t *testing.T) {
	t.Parallel()
	(&deskLife{mac: "64167ff00001", model: "VVX450", vendor: "polycom", number: "102", firmware: "6.4.6.2453"}).live(t)
}

func (d *deskLife) live(t *testing.T) {
	suite, err := box.SuiteNamed("22")
	if err != nil {
		t.Fatal(err)
	}
	d.lab, d.t = openLab(t, suite), t
	d.phone = d.boots(t)
	d.unknown()
	d.adopted()
	d.windowClosed()
	d.button()
	d.changed()
	d.enrolledAgain()
	d.told()
	d.noDrift()
	d.ownSettings()
	d.ownTemplate()
	d.runsFirmware()
	d.sendsItsLog()
	d.deleted()
}

// boots is the phone, factory fresh, with the generic URL from DHCP.
func (d *deskLife) boots(t *testing.T) *phone.Phone {
	return NewPhone(t, phone.Options{MAC: d.mac, Model: d.model, ProvisioningURL: d.Phones + "/",
		SerialInUA: true, RefetchOnCheckSync: true, Left: leftBehind[d.vendor]})
}

func (d *deskLife) unknown() {
	d.t.Helper()
	if _, _, err := d.phone.Fetch(Within(d.t, 15*time.Second)); !errors.Is(err, phone.ErrNoConfiguration) {
		d.t.Fatalf("an unknown phone gets %v", err)
	}
	var inbox struct {
		Items []struct{ MAC, Vendor, Model, Firmware, Address string }
	}
	Eventually(d.t, 5*time.Second, func() string {
		d.Do(d.t, "GET", "/v1/inbox", nil, &inbox)
		if len(inbox.Items) != 1 || inbox.Items[0].Vendor != d.vendor || inbox.Items[0].Model != d.model ||
			inbox.Items[0].Firmware != d.firmware || inbox.Items[0].Address != "127.0.0.1" {
			return fmt.Sprintf("the inbox has %+v", inbox.Items)
		}
		return ""
	})
}

func (d *deskLife) adopted() {
	d.t.Helper()
	d.Extension(d.t, d.number, "", nil)
	d.Device(d.t, "desk-"+d.number, d.number, nil)
	d.Do(d.t, "POST", "/v1/inbox/"+d.mac+"/adopt", Object{"tenant": "default", "lines": []any{Object{"registration": 1, "device": "desk-" + d.number}}}, nil, "Prefer", "wait=30")
	strangers := d.strangersURL()
	config, files, err := d.phone.Fetch(Within(d.t, 15*time.Second))
	if err != nil || len(config.Accounts) != 1 {
		d.t.Fatalf("booting again: %v, files %+v", err, files)
	}
	full := ".cfg"
	if d.vendor == "polycom" {
		full = "-reg.cfg"
	}
	if i := slices.IndexFunc(files, func(f phone.Fetched) bool {
		return strings.Contains(f.Path, "/p/") && strings.HasSuffix(f.Path, "/"+d.mac+full) && f.Status == 200
	}); i < 0 || strings.Contains(files[0].Path, "/p/") {
		d.t.Fatalf("from the generic URL to the full file on its own: %+v", files)
	}
	if now := d.phone.ProvisioningURL(); !strings.Contains(now, "/p/") || strings.Contains(strangers, strings.TrimSuffix(now, "/")) {
		d.t.Fatalf("it still asks at %s", now)
	}
	d.strangerIsOut(strangers + full)
	if err := d.phone.Register(Within(d.t, 15*time.Second), config.Accounts[0]); err != nil {
		d.t.Fatal(err)
	}
	d.WaitStatus(d.t, "desk-"+d.number, 15*time.Second, "OK", IsOK)
}

// strangersURL is the URL that a stranger with the MAC gets before the phone boots.
func (d *deskLife) strangersURL() string {
	d.t.Helper()
	file := map[string]string{"yealink": ".cfg", "polycom": "-enrol.cfg"}[d.vendor]
	status, body := asks(d.t, "127.0.0.2", d.Phones+"/"+d.mac+file)
	path := regexp.MustCompile("/p/[a-z2-7]+/?").FindString(body)
	if status != 200 || path == "" {
		d.t.Fatalf("the generic URL in the window: %d\n%s", status, body)
	}
	return d.Phones + strings.TrimSuffix(path, "/") + "/" + d.mac
}

// givenToTwo names both addresses. A request counts after its answer, so the later one may
// count first.
var givenToTwo = regexp.MustCompile(`given to 127\.0\.0\.(2 and to 127\.0\.0\.1|1 and to 127\.0\.0\.2):`)

// strangerIsOut: the stranger's URL has ended, and people see that two addresses got it. A
// request counts when it was answered, which the phone may notice first.
func (d *deskLife) strangerIsOut(url string) {
	d.t.Helper()
	Eventually(d.t, 5*time.Second, func() string {
		if status, _ := asks(d.t, "127.0.0.2", url); status != 404 {
			return fmt.Sprintf("a stranger who asked in the window keeps the phone's files: %d", status)
		}
		var drift struct {
			Items []struct{ Reasons []struct{ Detail string } }
		}
		d.Do(d.t, "GET", Tenant+"/drift?kind=enrolled-twice", nil, &drift)
		if len(drift.Items) != 1 || !givenToTwo.MatchString(drift.Items[0].Reasons[0].Detail) {
			return fmt.Sprintf("two asked the generic URL, and drift says %+v", drift.Items)
		}
		return ""
	})
}

// asks gets a URL from an address of this machine.
func asks(t *testing.T, from, url string) (int, string) {
	t.Helper()
	dial := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{DialContext: dial.DialContext, DisableKeepAlives: true}
	req, err := http.NewRequestWithContext(Within(t, 15*time.Second), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// windowClosed: nobody else gets the address of the phone's own URL any more.
func (d *deskLife) windowClosed() {
	d.t.Helper()
	if _, files, err := d.boots(d.t).Fetch(Within(d.t, 15*time.Second)); !errors.Is(err, phone.ErrNoConfiguration) {
		d.t.Errorf("a second one with that MAC gets %+v, %v", files, err)
	}
	var p struct {
		EnrolledAt time.Time `json:"enrolled_at"`
	}
	Eventually(d.t, 5*time.Second, func() string {
		if d.Do(d.t, "GET", Tenant+"/phones/"+d.mac, nil, &p); p.EnrolledAt.IsZero() {
			return "the phone is not shown as enrolled"
		}
		return ""
	})
}

// sync waits until the phone was told and has fetched its files again.
func (d *deskLife) sync() phone.CheckSync {
	d.t.Helper()
	select {
	case c := <-d.phone.CheckSyncs():
		if c.Err != nil {
			d.t.Fatal(c.Err)
		}
		return c
	case <-time.After(Patience):
		d.t.Fatal("the phone was not told")
	}
	return phone.CheckSync{}
}

// proved waits until the newest order is in state fetched.
func (d *deskLife) proved(reason, action string) {
	d.t.Helper()
	Eventually(d.t, 10*time.Second, func() string {
		var r resyncs
		d.Do(d.t, "GET", Tenant+"/phones/"+d.mac+"/resyncs", nil, &r)
		if len(r.Items) == 0 || r.Items[0].State != "fetched" || r.Items[0].Reason != reason || r.Items[0].Action != action || len(r.Items[0].SHA256) != 64 {
			return fmt.Sprintf("orders: %+v", r.Items)
		}
		return ""
	})
}

func (d *deskLife) changed() {
	d.t.Helper()
	d.Extension(d.t, d.number, "", Object{"name": "Somebody New"})
	c := d.sync()
	if c.Reboot || c.Config.Accounts[0].DisplayName != "Somebody New" {
		d.t.Errorf("told to reboot %v, account %v", c.Reboot, c.Config.Accounts[0])
	}
	d.proved("change", "resync")
	d.away(c.Config.Accounts[0])
}

// away: a change while the phone is away is told when it registers again.
func (d *deskLife) away(account phone.Account) {
	d.t.Helper()
	if err := d.phone.Unregister(Within(d.t, 15*time.Second)); err != nil {
		d.t.Fatal(err)
	}
	d.WaitStatus(d.t, "desk-"+d.number, 15*time.Second, "no address", func(s Status) bool { return s.IP == "" })
	d.Extension(d.t, d.number, "", Object{"name": "Somebody Newer"})
	Eventually(d.t, 10*time.Second, func() string {
		var r resyncs
		if d.Do(d.t, "GET", Tenant+"/phones/"+d.mac+"/resyncs", nil, &r); len(r.Items) == 0 || r.Items[0].State != "away" {
			return fmt.Sprintf("orders: %+v", r.Items)
		}
		return ""
	})
	if err := d.phone.Register(Within(d.t, 15*time.Second), account); err != nil {
		d.t.Fatal(err)
	}
	if c := d.sync(); c.Config.Accounts[0].DisplayName != "Somebody Newer" {
		d.t.Errorf("back, it has the account %v", c.Config.Accounts[0])
	}
	d.proved("change", "resync")
}

// enrolledAgain: a phone that works gets its new URL from its own files, at the URL that it
// has, which ends then. One that is stolen gets no more.
func (d *deskLife) enrolledAgain() {
	d.t.Helper()
	before := strings.TrimSuffix(d.phone.ProvisioningURL(), "/")
	d.Do(d.t, "POST", Tenant+"/phones/"+d.mac+"/enrol", nil, nil)
	d.sync()
	if _, _, err := d.phone.Fetch(Within(d.t, 15*time.Second)); err != nil {
		d.t.Fatalf("a phone that works was to enrol again: %v", err)
	}
	now := strings.TrimSuffix(d.phone.ProvisioningURL(), "/")
	full := "/" + d.mac + map[string]string{"yealink": ".cfg", "polycom": "-reg.cfg"}[d.vendor]
	d.answers(now+full, 200)
	d.answers(before+full, 404)
	if now == before {
		d.t.Errorf("it still asks at %s", now)
	}
}

// answers waits until a URL gives a status. A request counts when it was answered, which
// the phone may notice first.
func (d *deskLife) answers(url string, want int) {
	d.t.Helper()
	if !strings.Contains(url, "://") {
		url = "http://" + url
	}
	Eventually(d.t, 5*time.Second, func() string {
		if status, _ := asks(d.t, "127.0.0.1", url); status != want {
			return fmt.Sprintf("%s gives %d, want %d", url, status, want)
		}
		return ""
	})
}

func (d *deskLife) told() {
	d.t.Helper()
	d.Do(d.t, "POST", Tenant+"/phones/"+d.mac+"/resync", nil, nil)
	if c := d.sync(); c.Reboot {
		d.t.Error("a resync is a reboot")
	}
	d.proved("request", "resync")
	if d.vendor == "yealink" {
		d.Do(d.t, "POST", Tenant+"/phones/"+d.mac+"/reboot", nil, nil)
		if c := d.sync(); !c.Reboot {
			d.t.Error("a reboot is none")
		}
		d.proved("request", "reboot")
	}
	var p struct {
		Batch                  string
		Total, Fetched, Failed int
		Done                   bool
	}
	d.Do(d.t, "POST", Tenant+"/resync", Object{"filter": Object{"vendor": d.vendor}}, &p)
	d.sync()
	Eventually(d.t, 10*time.Second, func() string {
		if d.Do(d.t, "GET", "/v1/resyncs/"+p.Batch, nil, &p); !p.Done || p.Total != 1 || p.Fetched != 1 {
			return fmt.Sprintf("%+v", p)
		}
		return ""
	})
}

// noDrift: what the phone fetched is what it would get now.
func (d *deskLife) noDrift() {
	d.t.Helper()
	Eventually(d.t, 5*time.Second, func() string {
		var drift struct{ Items []Object }
		if d.Do(d.t, "GET", Tenant+"/drift?kind=old-file", nil, &drift); len(drift.Items) != 0 {
			return fmt.Sprintf("in sync, and yet %v", drift.Items)
		}
		return ""
	})
}

// sendsItsLog: under its own URL, and people read it over the API.
func (d *deskLife) sendsItsLog() {
	d.t.Helper()
	name := d.mac + "-boot.log"
	url := strings.TrimSuffix(d.phone.ProvisioningURL(), "/") + "/" + name
	if !strings.Contains(url, "://") { // a Polycom keeps the host and the path
		url = "http://" + url
	}
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPut, url, strings.NewReader("booted"))
	if err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	resp.Body.Close()
	if got := d.Get(d.t, Tenant+"/phones/"+d.mac+"/files/"+name); resp.StatusCode != http.StatusCreated || got != "booted" {
		d.t.Errorf("sent with %d, kept %q", resp.StatusCode, got)
	}
}

// button: a key changed by the API is fetched by itself, and lights on a call.
func (d *deskLife) button() {
	d.t.Helper()
	d.Extension(d.t, "151", "", nil)
	d.Extension(d.t, "152", "", nil)
	caller, called := d.Register(d.t, d.Device(d.t, "caller", "151", nil), phone.Options{}),
		d.Register(d.t, d.Device(d.t, "called", "152", nil), phone.Options{})
	w := &watcher{Phone: d.phone, path: Tenant + "/phones/" + d.mac}
	d.Do(d.t, "PATCH", w.path, Object{"buttons": Object{"2": Object{"kind": "blf", "value": "152"}}}, nil)
	config := d.sync().Config
	keys := config.BLF()
	if len(keys) != 1 || keys[0].Value != "152" || keys[0].Index != 2 && d.vendor == "yealink" {
		d.t.Fatalf("its keys watch %+v", keys)
	}
	d.proved("change", "resync")
	w.watch(d.t, keys[0].Value)
	out := Dial(d.t, caller, "152")
	in := Rings(d.t, out, called)
	w.shows(d.t, "ringing")
	Answer(d.t, out, in)
	w.shows(d.t, "busy")
	HangUp(d.t, out, in)
	w.shows(d.t, "idle")

	d.asServed("another system's phone", config)
	box := d.box(config)
	out = Dial(d.t, caller, box.OffHook("152", time.Second).Number)
	in = Rings(d.t, out, called)
	w.shows(d.t, "ringing")
	taken := Dial(d.t, d.phone, box.RingingLamp(keys[0].Value)) // its key is pressed
	if err := taken.WaitAnswer(); err != nil {
		d.t.Fatal(err)
	}
	Hears(d.t, in.Done(), in, "the end of the ringing")
	Hears(d.t, out.Answered(), out, "that the call is taken") // or it would be cancelled, and answered as well
	HangUp(d.t, out, taken)
	w.shows(d.t, "idle")
}

// beside writes a file into a folder beside the database.
func (d *deskLife) beside(path, text string) {
	d.t.Helper()
	full := filepath.Join(filepath.Dir(d.Database), path)
	for _, err := range []error{os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(text), 0o600)} {
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// ownTemplate: a line that the site adds for this phone reaches it by itself; a
// broken one costs it nothing and is named; mended, it goes on.
func (d *deskLife) ownTemplate() {
	d.t.Helper()
	path, line, parameter := "phones/"+d.mac+"/more.tmpl", "site.parameter = %s\n", "site.parameter"
	if d.vendor == "polycom" {
		path, line = "phones/"+d.mac+"/more-site.tmpl", "site.parameter=\"%s\"\n"
	}
	d.beside("dialtone-templates/"+path, fmt.Sprintf(line, "one"))
	if got := d.sync().Config.Value(parameter); got != "one" {
		d.t.Errorf("the site's line is %q", got)
	}
	d.proved("template", "resync")
	d.beside("dialtone-templates/"+path, "\n{{ nonsense }} longer")
	Eventually(d.t, 10*time.Second, func() string {
		if list := d.Get(d.t, "/v1/templates"); !strings.Contains(list, `"state":"last-good"`) || !strings.Contains(list, `"line":2`) || !strings.Contains(list, path) {
			return list
		}
		return ""
	})
	Eventually(d.t, 5*time.Second, func() string {
		if drift := d.Get(d.t, Tenant+"/drift?kind=template"); !strings.Contains(drift, path+", line 2") {
			return "drift: " + drift
		}
		return ""
	})
	config, _, err := d.phone.Fetch(Within(d.t, 15*time.Second))
	if err != nil || config.Value(parameter) != "one" {
		d.t.Errorf("with a broken template: %v", err)
	}
	d.beside("dialtone-templates/"+path, fmt.Sprintf(line, "three"))
	if got := d.sync().Config.Value(parameter); got != "three" {
		d.t.Errorf("the mended line is %q", got)
	}
	if out := (Program{Path: Binary(d.t), Env: []string{"DIALTONE_DB=" + d.Database}}).Must(d.t, "render", "--phone", d.mac); !strings.Contains(out, strings.TrimSpace(fmt.Sprintf(line, "three"))) {
		d.t.Error("render does not use the folder")
	}
}

// runsFirmware: a file put beside the database has an address of its own, which the
// phones of the model find in their files once they are to run it.
func (d *deskLife) runsFirmware() {
	d.t.Helper()
	name := d.model + "-" + d.firmware + map[string]string{"yealink": ".rom", "polycom": ".ld"}[d.vendor]
	d.beside("dialtone-firmware/"+name, "firmware")
	d.Do(d.t, "PATCH", Tenant+"/phone-settings", Object{"firmware": Object{d.model: name}, "uploads": []string{"logs"}}, nil)
	config := d.sync().Config
	url := config.Value("static.firmware.url")
	if d.vendor == "polycom" {
		own := strings.TrimSuffix(d.phone.ProvisioningURL(), "/") + "/" + d.mac + ".cfg"
		_, rest, _ := strings.Cut(FetchFile(d.t, "http://"+strings.TrimPrefix(own, "http://")), `APP_FILE_PATH="`)
		url, _, _ = strings.Cut(rest, `"`)
	} else if got := config.Value("static.auto_provision.local_log.backup.path"); got != d.phone.ProvisioningURL() || config.Value("static.auto_provision.local_log.backup.enable") != "1" {
		d.t.Errorf("it sends its log to %s and asks at %s", got, d.phone.ProvisioningURL())
	}
	resp, err := http.Get(url)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "firmware" {
		d.t.Errorf("%s gives %d %q, %v", url, resp.StatusCode, body, err)
	}
	if drift := d.Get(d.t, Tenant+"/drift?kind=firmware"); strings.Contains(drift, "is to run") {
		d.t.Errorf("it runs %s: %s", d.firmware, drift)
	}
}

// deleted: nothing that the phone sent is left.
func (d *deskLife) deleted() {
	d.t.Helper()
	folder := filepath.Join(filepath.Dir(d.Database), "dialtone-phones", "default", d.mac)
	if _, err := os.Stat(folder); err != nil {
		d.t.Error(err)
	}
	d.Do(d.t, "DELETE", Tenant+"/phones/"+d.mac, nil, nil)
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		d.t.Errorf("a deleted phone leaves its files: %v", err)
	}
}
