package seeds

import (
	"errors"
	"maps"
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
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// The seeds are the documents that ask for settings. Each setting of 000 (external
// numbers), 001 and 002 (extensions), 003 (numbers) and 004 (numbers of a developer) that works is
// a row here, in the document's own words: what is written to the API, and what is seen of it in a call, in a
// registration or in a file. everythingAsked is the list of what the documents ask for,
// with what shows it, and what waits for other features of the catalogue.

// row is a setting of a document.
type row struct {
	setting string // its heading and name
	write   []written
	see     string // what is seen
	how     func(t *testing.T)
}

// written is a call of the API below the tenant.
type written struct {
	method, path string
	body         Object
}

func put(path string, body Object) written   { return written{"PUT", path, body} }
func post(path string, body Object) written  { return written{"POST", path, body} }
func patch(path string, body Object) written { return written{"PATCH", path, body} }

// seedOffice is the office that the rows of one document share. Extension 500
// calls; what else a row needs it writes.
type seedOffice struct {
	*Lab
	*Carrier
	mail     *MailServer
	caller   *phone.Phone
	outdoors *phone.Phone             // Ada's mobile, while a row uses it
	accounts map[string]phone.Account // of devices, by name
	tokens   map[string]string        // of accounts, by name
	clerk    *phone.Phone             // of tenant shop
}

func openSeeds(t *testing.T) *seedOffice {
	t.Helper()
	mail := NewMailServer(t)
	o := &seedOffice{mail: mail, accounts: map[string]phone.Account{}, tokens: map[string]string{}, Carrier: OpenCarrier(t),
		Lab: Open(t, box.Asterisk22, mail.Flags()...)}
	o.Trunk(o.Lab, "carrier", Object{"register": true})
	o.Do(t, "PATCH", Tenant, Object{"country": "DE"}, nil)
	o.Extension(t, "500", "", Object{"name": "Caller"})
	o.caller = o.Register(t, o.Device(t, "caller", "500", nil), phone.Options{})
	o.Registered()
	return o
}

// try writes and looks, row by row. What was patched or forwarded is taken back
// after the row.
func (o *seedOffice) try(t *testing.T, rows []row) {
	for _, r := range rows {
		t.Run(r.setting, func(t *testing.T) {
			defer o.takeBack(t, r.write)
			for _, w := range r.write {
				o.send(t, w)
			}
			o.Applied(t)
			r.how(t)
			if !t.Failed() {
				t.Log("seen:", r.see)
			}
			o.NoChannels(t)
		})
	}
}

func (o *seedOffice) send(t *testing.T, w written) {
	t.Helper()
	if name, ok := strings.CutPrefix(w.path, "devices/"); ok && w.method == "PUT" {
		o.accounts[name] = o.Device(t, name, "", w.body)
		return
	}
	o.Do(t, w.method, Tenant+"/"+w.path, w.body, nil)
}

// takeBack deletes forwards and sets patched fields to what they are when left out.
func (o *seedOffice) takeBack(t *testing.T, ws []written) {
	for _, w := range slices.Backward(ws) {
		switch {
		case strings.HasPrefix(w.path, "forwards/") && w.method == "PUT":
			o.Do(t, "DELETE", Tenant+"/"+w.path, nil, nil)
		case !strings.HasPrefix(w.path, "forwards/") && w.method == "PATCH":
			old := maps.Clone(w.body)
			for field := range old {
				old[field] = nil
			}
			o.Do(t, "PATCH", Tenant+"/"+w.path, old, nil)
		}
	}
}

// phone is a phone that is registered as a device of the table until the row ends.
func (o *seedOffice) phone(t *testing.T, device string) *phone.Phone {
	t.Helper()
	p := NewPhone(t, phone.Options{})
	if err := p.Register(Within(t, 10*time.Second), o.accounts[device]); err != nil {
		t.Fatalf("%s does not register: %v", device, err)
	}
	return p
}

// ada is her mobile, outside, until the row ends.
func (o *seedOffice) ada(t *testing.T) *phone.Phone {
	t.Helper()
	if o.outdoors == nil {
		o.outdoors = o.Mobile(t, "ada", phone.Options{})
		t.Cleanup(func() { o.outdoors = nil })
	}
	return o.outdoors
}

// registers reports whether a device may register.
func (o *seedOffice) registers(t *testing.T, device string) bool {
	t.Helper()
	var refused *phone.StatusError
	err := NewPhone(t, phone.Options{}).Register(Within(t, 10*time.Second), o.accounts[device])
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return err == nil
}

// takes calls a number and checks that this phone rings, and talks.
func (o *seedOffice) takes(t *testing.T, number string, p *phone.Phone) *phone.Call {
	t.Helper()
	out, in := Connect(t, o.caller, p, number)
	converse(t, out, in)
	HangUp(t, out, in)
	return in
}

// converse is talk with both listening at the same time.
func converse(t *testing.T, out, in *phone.Call) {
	t.Helper()
	out.Tone(CallerTone)
	in.Tone(CalleeTone)
	ctx := Within(t, 10*time.Second)
	callee := make(chan error, 1)
	go func() { callee <- in.Hear(ctx, CallerTone, time.Second) }()
	err := out.Hear(ctx, CalleeTone, time.Second)
	if err := <-callee; err != nil {
		t.Fatalf("the callee: %v", err)
	}
	if err != nil {
		t.Fatalf("the caller: %v", err)
	}
}

// ends calls a number and checks how the call ends.
func (o *seedOffice) ends(t *testing.T, number string, want int) {
	t.Helper()
	if got := Refusal(t, o.caller, number); got != want {
		t.Errorf("calling %s ends with %d, want %d", number, got, want)
	}
}

// takesMessage calls a number and checks that voicemail takes the call.
func (o *seedOffice) takesMessage(t *testing.T, number, mailbox string) {
	t.Helper()
	out := Dial(t, o.caller, number)
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("%s takes no message: %v", number, err)
	}
	o.ShowsChannel(t, "!VoiceMail!"+mailbox+"@default,")
	Leave(t, out)
}

// refuses checks that a write is refused and names the field.
func (o *seedOffice) refuses(t *testing.T, w written, status int, field string) *office.Refused {
	t.Helper()
	r := o.Lab.Refused(t, w.method, Tenant+"/"+w.path, w.body)
	if r == nil || r.Status != status || r.Field != field {
		t.Fatalf("%s %s %v is answered by %+v", w.method, w.path, w.body, r)
	}
	return r
}

// file is one that Asterisk reads of ours.
func (o *seedOffice) file(t *testing.T, name string) string {
	t.Helper()
	return ReadFile(t, filepath.Join(o.Asterisk.Dir(), "etc", "dialtone", name))
}

// person is what is written of a user, with what is required of everybody.
func person(body Object) Object {
	body["role"] = "user"
	return body
}

// quiet checks that no call came to a phone.
func quiet(t *testing.T, who string, p *phone.Phone) {
	t.Helper()
	select {
	case <-p.Incoming():
		t.Errorf("%s rings", who)
	default:
	}
}

// TestSeedsRealAsterisk is the table of the seeds.
func TestSeedsRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		name string
		open func(*testing.T) (*seedOffice, []row)
	}{{"000", open000}, {"001", open001}, {"002", open002}, {"003", open003}, {"004", open004}} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			o, rows := d.open(t)
			o.try(t, rows)
		})
	}
}

// TestSeedNames compares the table's words with the documents, where these are:
// they are no part of this repository.
func TestSeedNames(t *testing.T) {
	o := &seedOffice{}
	for number, rows := range map[string][]row{"000": o.rows000(), "001": o.rows001(), "002": o.rows002(), "003": o.rows003(), "004": o.rows004()} {
		found, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "..", "shared", "seeds", number+"_*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			checkNames(t, string(text), number, rows)
		}
	}
}

var markup = regexp.MustCompile(`<[^>]*>|[*\s\p{Z}]+`)

func checkNames(t *testing.T, text, number string, rows []row) {
	t.Helper()
	text = markup.ReplaceAllString(text, " ")
	seen := map[string]bool{}
	for _, r := range rows {
		heading, name, _ := strings.Cut(r.setting, "/")
		if !strings.Contains(text, heading) || !strings.Contains(text, name) {
			t.Errorf("document %s does not say %q", number, r.setting)
		}
		if seen[r.setting] {
			t.Errorf("%s/%s is there twice", number, r.setting)
		}
		seen[r.setting] = true
	}
}
