package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// TestDeskPhoneLifeRealAsterisk: an unknown phone asks the generic URL, shows up
// in the inbox, is adopted in one call, boots again, registers with what its own
// URL gave it, and is told of changes, with proof.
func TestDeskPhoneLifeRealAsterisk(t *testing.T) {
	suite, err := box.SuiteNamed("22")
	if err != nil {
		t.Fatal(err)
	}
	l := openLab(t, suite)
	for _, d := range []*deskLife{
		{mac: "001565f00001", model: "T46U", vendor: "yealink", number: "101", firmware: "108.86.0.90"},
		{mac: "64167ff00001", model: "VVX450", vendor: "polycom", number: "102", firmware: "6.4.6.2453"},
	} {
		t.Run(d.vendor, func(t *testing.T) {
			d.lab, d.t = l, t
			d.phone = d.boots(t)
			d.unknown()
			d.adopted()
			d.windowClosed()
			d.changed()
			d.told()
			d.noDrift()
			d.sendsItsLog()
		})
	}
	l.firmware(t)
}

// boots is the phone, factory fresh, with the generic URL from DHCP.
func (d *deskLife) boots(t *testing.T) *phone.Phone {
	return newPhone(t, phone.Options{MAC: d.mac, Model: d.model, ProvisioningURL: d.Phones + "/", SerialInUA: true, RefetchOnCheckSync: true})
}

func (d *deskLife) unknown() {
	d.t.Helper()
	if _, _, err := d.phone.Fetch(within(d.t, 15*time.Second)); !errors.Is(err, phone.ErrNoConfiguration) {
		d.t.Fatalf("an unknown phone gets %v", err)
	}
	var inbox struct {
		Items []struct{ MAC, Vendor, Model, Firmware, Address string }
	}
	d.do(d.t, "GET", "/v1/inbox", nil, &inbox)
	if len(inbox.Items) != 1 || inbox.Items[0].Vendor != d.vendor || inbox.Items[0].Model != d.model || inbox.Items[0].Firmware != d.firmware || inbox.Items[0].Address != "127.0.0.1" {
		d.t.Fatalf("the inbox has %+v", inbox.Items)
	}
}

func (d *deskLife) adopted() {
	d.t.Helper()
	d.extension(d.t, d.number, "", nil)
	d.device(d.t, "desk-"+d.number, d.number, nil)
	d.do(d.t, "POST", "/v1/inbox/"+d.mac+"/adopt", object{"tenant": "default", "lines": []any{object{"registration": 1, "device": "desk-" + d.number}}}, nil, "Prefer", "wait=30")
	config, files, err := d.phone.Fetch(within(d.t, 15*time.Second))
	if err != nil || len(config.Accounts) != 1 {
		d.t.Fatalf("booting again: %v, files %+v", err, files)
	}
	if !strings.Contains(d.phone.ProvisioningURL(), "/p/") {
		d.t.Fatalf("it still asks at %s", d.phone.ProvisioningURL())
	}
	if err := d.phone.Register(within(d.t, 15*time.Second), config.Accounts[0]); err != nil {
		d.t.Fatal(err)
	}
	d.waitStatus(d.t, "desk-"+d.number, 15*time.Second, "OK", isOK)
}

// windowClosed: nobody else gets the address of the phone's own URL any more.
func (d *deskLife) windowClosed() {
	d.t.Helper()
	if _, files, err := d.boots(d.t).Fetch(within(d.t, 15*time.Second)); !errors.Is(err, phone.ErrNoConfiguration) {
		d.t.Errorf("a second one with that MAC gets %+v, %v", files, err)
	}
	var p struct {
		EnrolledAt time.Time `json:"enrolled_at"`
	}
	if d.do(d.t, "GET", tenant+"/phones/"+d.mac, nil, &p); p.EnrolledAt.IsZero() {
		d.t.Error("the phone is not shown as enrolled")
	}
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
	case <-time.After(20 * time.Second):
		d.t.Fatal("the phone was not told")
	}
	return phone.CheckSync{}
}

// proved waits until the newest order is in state fetched.
func (d *deskLife) proved(reason, action string) {
	d.t.Helper()
	eventually(d.t, 10*time.Second, func() string {
		var r resyncs
		d.do(d.t, "GET", tenant+"/phones/"+d.mac+"/resyncs", nil, &r)
		if len(r.Items) == 0 || r.Items[0].State != "fetched" || r.Items[0].Reason != reason || r.Items[0].Action != action || len(r.Items[0].SHA256) != 64 {
			return fmt.Sprintf("orders: %+v", r.Items)
		}
		return ""
	})
}

func (d *deskLife) changed() {
	d.t.Helper()
	d.extension(d.t, d.number, "", object{"name": "Somebody New"})
	c := d.sync()
	if c.Reboot || c.Config.Accounts[0].DisplayName != "Somebody New" {
		d.t.Errorf("told to reboot %v, account %v", c.Reboot, c.Config.Accounts[0])
	}
	d.proved("change", "resync")
}

func (d *deskLife) told() {
	d.t.Helper()
	d.do(d.t, "POST", tenant+"/phones/"+d.mac+"/resync", nil, nil)
	if c := d.sync(); c.Reboot {
		d.t.Error("a resync is a reboot")
	}
	d.proved("request", "resync")
	if d.vendor == "yealink" {
		d.do(d.t, "POST", tenant+"/phones/"+d.mac+"/reboot", nil, nil)
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
	d.do(d.t, "POST", tenant+"/resync", object{"filter": object{"vendor": d.vendor}}, &p)
	d.sync()
	eventually(d.t, 10*time.Second, func() string {
		if d.do(d.t, "GET", "/v1/resyncs/"+p.Batch, nil, &p); !p.Done || p.Total != 1 || p.Fetched != 1 {
			return fmt.Sprintf("%+v", p)
		}
		return ""
	})
}

// noDrift: what the phone fetched is what it would get now.
func (d *deskLife) noDrift() {
	d.t.Helper()
	var drift struct{ Items []object }
	if d.do(d.t, "GET", tenant+"/drift?kind=old-file", nil, &drift); len(drift.Items) != 0 {
		d.t.Errorf("in sync, and yet %v", drift.Items)
	}
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
	if got := d.get(d.t, tenant+"/phones/"+d.mac+"/files/"+name); resp.StatusCode != http.StatusCreated || got != "booted" {
		d.t.Errorf("sent with %d, kept %q", resp.StatusCode, got)
	}
}

// firmware: a file put beside the database has an address of its own.
func (l *lab) firmware(t *testing.T) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(l.Database), "dialtone-firmware")
	for _, err := range []error{os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "T46U.rom"), []byte("firmware"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var list struct{ Items []struct{ URL string } }
	if l.do(t, "GET", "/v1/firmware", nil, &list); len(list.Items) != 1 {
		t.Fatalf("%+v", list)
	}
	resp, err := http.Get(list.Items[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "firmware" {
		t.Errorf("%s gives %d %q, %v", list.Items[0].URL, resp.StatusCode, body, err)
	}
}
