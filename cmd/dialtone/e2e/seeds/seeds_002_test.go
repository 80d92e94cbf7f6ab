package seeds

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// open002 has Ann at 201, Ben at 202 and Cid at 203, each with a desk phone whose
// device is named so.
func open002(t *testing.T) (*seedOffice, []row) {
	o := openSeeds(t)
	for number, name := range map[string]string{"201": "Ann", "202": "Ben", "203": "Cid"} {
		o.Extension(t, number, "", Object{"name": name})
		o.accounts[number] = o.Device(t, number, number, nil)
	}
	return o, o.rows002()
}

func (o *seedOffice) rows002() []row {
	rows := append(o.rows002People(), o.rows002Number()...)
	rows = append(rows, o.rows002Endpoints()...)
	rows = append(rows, o.rows002Voicemail()...)
	rows = append(rows, o.rows002Monitoring()...)
	return append(rows, o.rows002Forwarding()...)
}

// rows002People are who uses an extension, and what is done with him.
func (o *seedOffice) rows002People() []row {
	const information, profile = "Edit extension information/", "Edit extension profile/"
	return []row{
		{information + "Insert a username (mandatory)", []written{put("users/ann", person(Object{"full_name": "Ann Adams", "extension": "201", "language": "de"}))},
			"she signs in by it; without one no user is made", func(t *testing.T) {
				o.signsIn(t, "ann")
				o.refuses(t, post("users", person(Object{"full_name": "Nobody"})), 422, "username")
			}},
		{information + "Insert the user's full name", []written{patch("users/ann", Object{"email": "ann@example.org"}), post("devices/201/invite", Object{})},
			"a mailed invitation greets by it", func(t *testing.T) { o.greeted(t, "<ann@example.org>", "Hello Ann Adams,") }},
		{information + "click to upload the image file associated with the user", nil, "the picture is fetched as it was sent, as a picture only", o.pictured},
		{information + "Select if authentication is a single step process", []written{patch("users/ann", Object{"second_step": "email", "personal_contact": "ann@home.example"})},
			"after the password a code is asked for, which goes to the personal contact", o.twoSteps},
		{information + "mandatory if 2 step verification is selected", nil, "without a personal contact there is no second step", func(t *testing.T) {
			o.refuses(t, patch("users/ann", Object{"second_step": "email"}), 422, "personal_contact")
		}},
		{information + "Select if user is allowed to log in", []written{put("devices/shared", Object{"shared": true}), patch("users/ann", Object{"login": false, "desk_pin": "4711"})},
			"she can neither sign in to the API nor take a desk; allowed, she dials *11 and her calls ring there", o.logsIn},
		{information + "Select the user's role from the drop-down menu (mandatory)", []written{put("users/olga", Object{"full_name": "Olga", "role": "operator"})},
			"an operator reads what a user may not; without a role no user is made", func(t *testing.T) {
				if r := o.As(t, o.signsIn(t, "olga"), "GET", Tenant+"/extensions/202", nil, nil); r != nil {
					t.Errorf("the operator: %v", r)
				}
				if r := o.As(t, o.signsIn(t, "ann"), "GET", Tenant+"/extensions/202", nil, nil); r == nil || r.Status != http.StatusForbidden {
					t.Errorf("the user: %v", r)
				}
				o.refuses(t, put("users/nobody", Object{"full_name": "Nobody"}), 422, "role")
			}},
		{profile + "Reset password", nil, "the one-time password opens nothing but the choice of a new one", o.resets},
		{profile + "Duplicate", []written{post("users/ann/duplicate", Object{"username": "anna"}), patch("users/anna", Object{"extension": "203"})},
			"the new user's phone has the old one's language", func(t *testing.T) {
				if shown := o.Console(t, "pjsip show endpoint "+o.accounts["203"].UserName); !HasField(shown, "language", "de") {
					t.Errorf("the endpoint's language is not de:\n%s", shown)
				}
			}},
		{profile + "Unregister", nil, "her phone is gone from Asterisk, others are not", func(t *testing.T) {
			o.phone(t, "201")
			o.phone(t, "202")
			o.WaitStatus(t, "201", 10*time.Second, "OK", IsOK)
			o.send(t, post("users/ann/unregister", nil))
			contacts := o.Console(t, "pjsip show contacts")
			if strings.Contains(contacts, o.accounts["201"].UserName) || !strings.Contains(contacts, o.accounts["202"].UserName) {
				t.Errorf("contacts:\n%s", contacts)
			}
			o.ends(t, "201", 480)
		}},
		{profile + "Delete the user", []written{put("users/gone", person(Object{"full_name": "Gone"}))}, "his session ends and he cannot sign in again", func(t *testing.T) {
			session := o.signsIn(t, "gone")
			o.Do(t, "DELETE", Tenant+"/users/gone", nil, nil)
			if r := o.As(t, session, "GET", "/v1/sign-in", nil, nil); r == nil || r.Status != http.StatusUnauthorized {
				t.Errorf("his session: %v", r)
			}
			if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": "gone", "password": chosen}, nil); r == nil || r.Status != http.StatusUnauthorized {
				t.Errorf("signing in: %v", r)
			}
		}},
		{"Edit members configuration/add the extension to", []written{put("groups/sales", Object{}), patch("extensions/201", Object{"groups": []string{"sales"}}),
			patch("extensions/202", Object{"groups": []string{"sales"}})}, "*8 takes a call that rings at another member", func(t *testing.T) {
			o.picksUp(t, "201", o.phone(t, "201"), o.phone(t, "202"))
		}},
		{"Edit members configuration/to delete the group from the extension's list", []written{patch("extensions/201", Object{"groups": []string{"sales"}}),
			patch("extensions/202", Object{"groups": []string{}})}, "*8 does not get the call any more", func(t *testing.T) {
			member, left := o.phone(t, "201"), o.phone(t, "202")
			out := Dial(t, o.caller, "201")
			in := Rings(t, out, member)
			if got := Refusal(t, left, "*8"); got/100 != 4 {
				t.Errorf("who has left the group picks up: %d", got)
			}
			HangUp(t, out, in)
		}},
	}
}

// chosen is the password that users of these rows choose.
const chosen = "correct horse"

// signsIn gives a user a password and returns a session.
func (o *seedOffice) signsIn(t *testing.T, username string) string {
	t.Helper()
	var u User
	o.Do(t, "POST", Tenant+"/users/"+username+"/reset-password", nil, &u)
	var s Session
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": username, "password": u.Password}, &s); r != nil {
		t.Fatalf("signing in: %v", r)
	}
	if r := o.As(t, s.Token, "POST", Tenant+"/users/"+username+"/password", Object{"current": u.Password, "new": chosen}, nil); r != nil {
		t.Fatalf("choosing a password: %v", r)
	}
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": username, "password": chosen}, &s); r != nil {
		t.Fatalf("signing in with the password chosen: %v", r)
	}
	return s.Token
}

func (o *seedOffice) greeted(t *testing.T, to, greeting string) {
	var page struct{ Items []Invitation }
	o.Do(t, "GET", Tenant+"/invitations", nil, &page)
	o.WaitInvitation(t, page.Items[0].ID, "sent", func(i Invitation) bool { return i.State == "sent" })
	if header, body := o.mail.Last(t); header.Get("To") != to || !strings.HasPrefix(body, greeting) {
		t.Errorf("the mail to %s begins with %.60q", header.Get("To"), body)
	}
	o.mail.Forget()
}

func (o *seedOffice) pictured(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := o.photo(t, "PUT", []byte("#!/bin/sh\n")); status != http.StatusUnprocessableEntity {
		t.Errorf("a script for a photo: %d", status)
	}
	if status, answer, _ := o.photo(t, "PUT", picture.Bytes()); status != http.StatusOK {
		t.Errorf("the photo: %d %s", status, answer)
	}
	if status, shown, kind := o.photo(t, "GET", nil); status != http.StatusOK || !bytes.Equal(shown, picture.Bytes()) || kind != "image/png" {
		t.Errorf("fetched: %d, %d bytes of %s", status, len(shown), kind)
	}
}

// photo sends or fetches Ann's.
func (o *seedOffice) photo(t *testing.T, method string, content []byte) (status int, answer []byte, kind string) {
	t.Helper()
	token, err := o.Token()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, o.API+Tenant+"/users/ann/photo", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer, resp.Header.Get("Content-Type")
}

func (o *seedOffice) twoSteps(t *testing.T) {
	o.mail.Forget()
	var s Session
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": "ann", "password": chosen}, &s); r != nil || s.Token != "" || s.SecondStep != "email" {
		t.Fatalf("the first step: %v, %+v", r, s)
	}
	code := o.mail.MailedCode(t, "ann@home.example")
	if r := o.As(t, "", "POST", "/v1/sign-in/code", Object{"sign_in": s.SignIn, "code": code}, &s); r != nil || s.Token == "" {
		t.Errorf("the second step: %v", r)
	}
	o.Do(t, "PATCH", Tenant+"/users/ann", Object{"second_step": nil}, nil) // before the contact goes
}

func (o *seedOffice) logsIn(t *testing.T) {
	shared := o.phone(t, "shared")
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": "ann", "password": chosen}, nil); r == nil || r.Status/100 != 4 {
		t.Errorf("the API lets her in: %v", r)
	}
	if got := o.Refused(t, "POST", Tenant+"/users/ann/desk", Object{"device": "shared"}); got == nil || got.Status != 409 {
		t.Errorf("the desk lets her in: %v", got)
	}
	o.Do(t, "PATCH", Tenant+"/users/ann", Object{"login": true}, nil)
	o.Applied(t)
	o.signsIn(t, "ann")
	TypeAt(t, shared, "*11", "201", "4711")
	o.isAt(t, "ann", "shared")
	o.takes(t, "201", shared)
	o.Do(t, "DELETE", Tenant+"/users/ann/desk", nil, nil)
}

func (o *seedOffice) resets(t *testing.T) {
	var u User
	o.Do(t, "POST", Tenant+"/users/ann/reset-password", nil, &u)
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": "ann", "password": chosen}, nil); r == nil || r.Status != http.StatusUnauthorized {
		t.Errorf("the old password: %v", r)
	}
	var s Session
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": "ann", "password": u.Password}, &s); r != nil || !s.MustChange {
		t.Fatalf("the one-time password: %v %+v", r, s)
	}
	if r := o.As(t, s.Token, "GET", Tenant+"/extensions/201", nil, nil); r == nil || r.Status != http.StatusForbidden {
		t.Errorf("before a choice: %v", r)
	}
	if r := o.As(t, s.Token, "POST", Tenant+"/users/ann/password", Object{"current": u.Password, "new": chosen}, nil); r != nil {
		t.Fatal(r)
	}
	if r := o.As(t, "", "POST", "/v1/sign-in", Object{"username": "ann", "password": chosen}, nil); r != nil {
		t.Errorf("the password chosen: %v", r)
	}
}

// rows002Endpoints are which devices may be used.
func (o *seedOffice) rows002Endpoints() []row {
	const allowed = "Allowed endpoints/"
	of := func(class string) []written {
		return []written{put("devices/"+class, Object{"extension": "203", "class": class}), patch("extensions/203", Object{"allowed_devices": []string{class, "webrtc"}})}
	}
	how := func(class string) func(*testing.T) {
		return func(t *testing.T) {
			o.takes(t, "203", o.phone(t, class))
			o.Do(t, "PATCH", Tenant+"/extensions/203", Object{"allowed_devices": []string{"webrtc"}}, nil)
			o.Applied(t)
			if o.registers(t, class) {
				t.Errorf("a forbidden %s registers", class)
			}
			if s := o.Status(t, class); s.Status != "FORBIDDEN" {
				t.Errorf("its status is %q", s.Status)
			}
		}
	}
	const see = "allowed, it registers and rings; forbidden, it cannot register"
	return []row{
		{allowed + "Softphone, if a softphone can be used", of("software"), see, how("software")},
		{allowed + "Mobile application, if the mobile app can be used", of("mobile"), see, how("mobile")},
		{allowed + "Third party softphones, if a third party softphone can be used", of("third-party"), see, how("third-party")},
		{allowed + "insert the SIP username and SIP password", []written{
			put("devices/own", Object{"extension": "203", "class": "third-party", "username": "Cid_at-home", "secret": "chosen0123456789"})},
			"it registers with exactly these", func(t *testing.T) {
				if a := o.accounts["own"]; a.UserName != "Cid_at-home" || a.Password != "chosen0123456789" {
					t.Errorf("the account is %v", a)
				}
				o.takes(t, "203", o.phone(t, "own"))
			}},
		{allowed + "IP phone, if an IP phone can be used", of("hardware"), see, how("hardware")},
		{allowed + "select the device from the drop-down menu", []written{put("devices/store", Object{}), patch("devices/store", Object{"extension": "203"})},
			"the device rings for the extension", func(t *testing.T) { o.takes(t, "203", o.phone(t, "store")) }},
	}
}
