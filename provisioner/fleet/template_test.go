package fleet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// template puts a file into the folder of a site's own templates, with a time of
// its own.
func (l *lab) template(path, text string) {
	l.t.Helper()
	full := filepath.Join(l.sites, path)
	at := time.Unix(1e9, 0)
	if info, err := os.Stat(full); err == nil {
		at = info.ModTime().Add(time.Second)
	}
	for _, err := range []error{os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(text), 0o600), os.Chtimes(full, at, at)} {
		if err != nil {
			l.t.Fatal(err)
		}
	}
}

// holds has a phone fetch what it would get now.
func (l *lab) holds(mac pbx.MAC) {
	l.t.Helper()
	s := l.current.Load()
	for name, hash := range l.o.wanted(s, s.Phone(mac)).hashes {
		l.Record(pbx.PhoneFetch{MAC: mac, File: name, Status: 200, Hash: hash, Own: true, At: time.Now()})
	}
}

// A template that changes the bytes of phones tells those phones and no other; one
// that fails tells none, is reported once, and again when it is mended.
func TestSiteTemplatesTellPhones(t *testing.T) {
	l := newLab(t)
	var devices []string
	macs := []pbx.MAC{"001565000001", "0004f2000002", "001565000003"}
	for i, number := range []string{"101", "102", "103"} {
		l.extension(number, "Person "+number)
		devices = append(devices, l.device("d"+number, number))
		vendor, model := pbx.Yealink, "T46U"
		if i == 1 {
			vendor, model = pbx.Polycom, "VVX450"
		}
		l.phone(macs[i], vendor, model, "d"+number)
	}
	l.template("polycom/more-site.tmpl", "a.b=\"1\"\n") // was there before the start
	l.fresh()
	l.start()
	sub := l.hub.Subscribe("")
	defer sub.Close()
	look := func() []SiteTemplate { return l.Templates.Look(t.Context()) }
	told := 0
	step := func(name string, path, text string, want ...string) {
		t.Helper()
		for _, mac := range macs[:2] { // the third has never fetched anything
			l.holds(mac)
		}
		l.template(path, text)
		look()
		var got []string
		for _, a := range l.told(told) {
			got = append(got, a.Get("Endpoint"))
		}
		told += len(got)
		if !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s: told %q, want %q", name, got, want)
		}
	}
	const path = "yealink/more.tmpl"
	if list := look(); len(list) != 1 || list[0].Phones != 1 || list[0].Fault != nil {
		t.Fatalf("%+v", list)
	}
	step("a line for Yealinks", path, "a.b = 1\n", devices[0])
	step("a comment", path, "{{- /* why */ -}}\na.b = 1\n")
	step("a broken text", path, "a.b = 2\n{{ nothing }}")
	if f := look()[1]; f.Fault == nil || f.Fault.Line != 2 || !f.LastGood || f.Phones != 2 || f.Phone != "" {
		t.Errorf("%+v", f)
	}
	drift, err := l.Drift(pbx.DefaultTenant, 7, []DriftKind{DriftTemplate}, "", 0)
	if err != nil || len(drift) != 2 || !strings.Contains(drift[0].Reasons[0].Detail, "yealink/more.tmpl, line 2") {
		t.Errorf("%+v, %v", drift, err)
	}
	step("one that fails", path, "a.b = 2\n\n{{ .Nothing }}")
	if f := look()[1]; f.Fault == nil || f.Fault.Line != 3 || f.LastGood || f.Phone != macs[0] {
		t.Errorf("%+v", f)
	}
	if drift, _ = l.Drift(pbx.DefaultTenant, 7, nil, "", 0); len(drift) != 2 || drift[0].Reasons[0].Kind != DriftTemplate || !strings.Contains(drift[0].Reasons[0].Detail, "line 3") {
		t.Errorf("%+v", drift)
	}
	l.Record(pbx.PhoneFetch{MAC: macs[0], File: "001565000001.cfg", Status: 200, Hash: "what it had", Own: true, At: time.Now()})
	l.template(path, "a.b = 3\n")
	look()
	if n := len(l.told(told)); n != 1 {
		t.Errorf("%d were told of the mended one", n)
	}
	told++
	step("a tenant's model", "tenants/default/polycom/VVX450/more-site.tmpl", "a.b=\"2\"\n", devices[1])
	var events []string
	for len(events) < 3 {
		select {
		case e := <-sub.Events():
			if d, ok := e.Data.(event.Template); ok {
				events = append(events, string(d.State)+d.Path)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("events: %q", events)
		}
	}
	if want := []string{"broken" + path, "broken" + path, "mended" + path}; !slices.Equal(events, want) {
		t.Errorf("events %q", events)
	}
	if n := strings.Count(l.log.String(), "template fails\""); n != 2 {
		t.Errorf("logged %d times: %s", n, l.log)
	}
}
