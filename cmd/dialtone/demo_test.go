package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/demo"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestDemoRealAsterisk walks the whole way on both generations of Asterisk and
// then looks at what is left: channels, statuses and fetches in the database
// file, and secrets where none may be.
func TestDemoRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			var steps bytes.Buffer
			if err := demo.Run(Within(t, 3*time.Minute), l.Places, &steps); err != nil {
				t.Fatalf("%v\n%s", err, &steps)
			}
			t.Logf("the demo on %s:\n%s", suite, &steps)
			l.NoChannels(t)
			l.WaitStatus(t, "desk-7001", 5*time.Second, "gone", func(s Status) bool { return s.Status == "" && s.Call == "idle" })
			l.stayRegistered(t)
			public := l.everyList(t)
			if err := l.StopController(Within(t, 15*time.Second)); err != nil {
				t.Fatal(err)
			}
			store, err := db.Open(t.Context(), l.Database, db.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			checkDatabase(t, store)
			l.checkSecrets(t, store, public)
		})
	}
}

// stayRegistered boots Bob's phone once more; it is still there when the
// controller ends.
func (l *lab) stayRegistered(t *testing.T) {
	t.Helper()
	const mac = "64:16:7f:00:70:02"
	l.Do(t, "POST", Tenant+"/phones/"+mac+"/enrol", nil, nil)
	l.Applied(t)
	p := NewPhone(t, phone.Options{MAC: mac, Model: "VVX450", ProvisioningURL: l.Phones + "/"})
	config, _, err := p.Fetch(Within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Register(Within(t, 10*time.Second), config.Accounts[0]); err != nil {
		t.Fatal(err)
	}
	l.WaitStatus(t, "desk-7002", 10*time.Second, "OK with user agent", func(s Status) bool { return IsOK(s) && s.UserAgent != "" })
}

// everyList is all that the API shows without being asked for one secret.
func (l *lab) everyList(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"/v1/tenants", "/v1/tokens", "/v1/changes", "/v1/health", "/metrics", "/openapi.json",
		Tenant + "/extensions", Tenant + "/devices", Tenant + "/phones", Tenant + "/mailboxes", Tenant + "/status",
		Tenant + "/devices/desk-7001", Tenant + "/mailboxes/7001", Tenant + "/phones/001565007001", Tenant + "/phones/001565007001/fetches"} {
		all.WriteString(l.Get(t, path))
	}
	return all.String()
}

// checkDatabase looks into the file, not at the API.
func checkDatabase(t *testing.T, store *db.DB) {
	t.Helper()
	snapshot, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	statuses, err := store.Statuses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alice, bob := statuses[snapshot.Device("default", "desk-7001").Endpoint], statuses[snapshot.Device("default", "desk-7002").Endpoint]
	if alice.Reach != pbx.NeverRegistered || alice.Address.IsValid() || alice.Call != pbx.CallIdle || !strings.HasPrefix(alice.UserAgent, "Yealink SIP-T46U") {
		t.Errorf("Alice, who unregistered, is in the database as %+v", alice)
	}
	if bob.Reach != pbx.ReachOK || bob.Address.Addr().String() != "127.0.0.1" || bob.RoundTrip <= 0 || bob.Expires.Before(time.Now()) || !strings.HasPrefix(bob.UserAgent, "PolycomVVX") {
		t.Errorf("Bob, who is registered, is in the database as %+v", bob)
	}
	for _, p := range snapshot.Phones {
		fetches, err := store.Fetches(t.Context(), p.MAC, 50)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, f := range fetches {
			if f.Status == 200 && len(f.Hash) == 64 && f.Address.String() == "127.0.0.1" && f.UserAgent != "" {
				got++
			}
		}
		if got < 2 { // at least the file with its own URL, and the full one
			t.Errorf("of phone %s only %d fetches are recorded: %+v", p.MAC, got, fetches)
		}
	}
}

// checkSecrets searches the controller's log, at debug level, and everything
// public for every secret there is.
func (l *lab) checkSecrets(t *testing.T, store *db.DB, public string) {
	t.Helper()
	secrets := l.secrets(t, store)
	if len(secrets) < 10 {
		t.Fatalf("only %d secrets were found to look for", len(secrets))
	}
	log := l.Log.String()
	if !strings.Contains(log, "level=DEBUG") {
		t.Error("the log has no debug lines")
	}
	for what, secret := range secrets {
		found := regexp.MustCompile(`\b` + regexp.QuoteMeta(secret) + `\b`)
		if at := found.FindStringIndex(log); at != nil {
			t.Errorf("the log shows the %s: %s", what, around(log, at[0]))
		}
		if at := found.FindStringIndex(public); at != nil {
			t.Errorf("the API shows the %s: %s", what, around(public, at[0]))
		}
	}
}

func around(text string, at int) string { return text[max(0, at-200):min(len(text), at+100)] }

// secrets collects every secret of the office by what it is.
func (l *lab) secrets(t *testing.T, store *db.DB) map[string]string {
	t.Helper()
	snapshot, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range snapshot.Devices {
		out["SIP password of "+d.Name] = d.Secret.Reveal()
	}
	for _, p := range snapshot.Phones {
		out["URL secret of "+string(p.MAC)] = p.URLSecret.Reveal()
	}
	for _, m := range snapshot.Mailboxes {
		out["PIN of "+m.Number] = m.PIN.Reveal()
	}
	for _, e := range snapshot.Tenants {
		out["phone password of "+e.Name] = e.PhonePassword.Reveal()
	}
	if out["admin token"], err = l.Token(); err != nil {
		t.Fatal(err)
	}
	for what, file := range map[string]string{"AMI secret": "manager.conf", "ARI secret": "ari.conf"} {
		text, err := os.ReadFile(filepath.Join(l.Asterisk.Dir(), "etc", file))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`(?m)^(?:secret|password) = (\S{16,})$`).FindSubmatch(text)
		if found == nil {
			t.Fatalf("no secret in %s", file)
		}
		out[what] = string(found[1])
	}
	return out
}
