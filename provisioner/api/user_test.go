package api

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner"
)

type object = map[string]any

// people is a lab whose bodies are objects, or bytes that are no JSON.
type people struct{ *lab }

func (d people) send(t *testing.T, method, path string, body any) reply {
	t.Helper()
	if content, raw := body.([]byte); raw {
		return d.do(method, path, string(content), "Content-Type: application/octet-stream")
	}
	if body == nil {
		return d.do(method, path, "")
	}
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return d.do(method, path, string(content))
}

// want calls the API and checks the status.
func (d people) want(t *testing.T, status int, method, path string, body any) object {
	t.Helper()
	r := d.send(t, method, path, body)
	if r.Status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, r.Status, r.Body, status)
	}
	return r.json()
}

func TestUserLife(t *testing.T) {
	d := people{newLab(t)}
	d.want(t, 201, "PUT", "extensions/101", object{"name": "Alice"})
	u := d.want(t, 201, "PUT", "users/alice", object{"full_name": "Alice Adams", "role": "user", "email": "a@example.org", "language": "pt_BR",
		"timezone": "America/Sao_Paulo", "extension": "101", "desk_pin": "4711", "login": false})
	if u["has_desk_pin"] != true || u["desk_pin"] != nil || u["login"] != false || u["timezone"] != "America/Sao_Paulo" {
		t.Errorf("created: %v", u)
	}
	again := d.want(t, 200, "PATCH", "users/alice", object{"desk_pin": "4711"})
	if a, b := again["apply"].(object)["revision"], u["apply"].(object)["revision"]; a != b {
		t.Errorf("the same PIN again made revision %v of %v", a, b)
	}
	// A one-time password is shown once and must be changed by who knows it.
	first, _ := d.want(t, 200, "POST", "users/alice/reset-password", nil)["password"].(string)
	if u = d.want(t, 200, "GET", "users/alice", nil); len(first) != 16 || u["password"] != nil || u["must_change_password"] != true {
		t.Errorf("after a reset (%d characters): %v", len(first), u)
	}
	for _, bad := range []object{{"current": "wrong", "new": "0123456789"}, {"current": first, "new": "short"}, {"current": first, "new": first}} {
		if out := d.want(t, 422, "POST", "users/alice/password", bad); out["field"] == "" {
			t.Errorf("%v: %v", bad, out)
		}
	}
	u = d.want(t, 200, "POST", "users/alice/password", object{"current": first, "new": "correct horse"})
	if u["must_change_password"] != false {
		t.Errorf("after a change: %v", u)
	}
	d.want(t, 422, "POST", "users/alice/password", object{"current": first, "new": "0123456789"})
	// The copy has all but what can be one user's only.
	copied := d.want(t, 201, "POST", "users/alice/duplicate", object{"username": "bob"})
	if copied["full_name"] != "Alice Adams" || copied["language"] != "pt_BR" || copied["login"] != false || copied["extension"] != nil || copied["has_desk_pin"] != false {
		t.Errorf("duplicate: %v", copied)
	}
	d.want(t, 409, "POST", "users/alice/duplicate", object{"username": "bob"})
	d.want(t, 404, "POST", "users/nobody/duplicate", object{"username": "carol"})
	d.want(t, 409, "DELETE", "extensions/101", nil)
	d.want(t, 200, "DELETE", "users/alice", nil)
	d.want(t, 200, "DELETE", "extensions/101", nil)
	d.want(t, 200, "DELETE", "users/bob", nil)
}

func TestUserBadInput(t *testing.T) {
	d := people{newLab(t)}
	d.want(t, 201, "PUT", "/v1/tenants/other", object{})
	d.want(t, 201, "PUT", "/v1/tenants/other/extensions/500", object{"name": "Elsewhere"})
	d.want(t, 201, "PUT", "extensions/101", object{"name": "Alice"})
	good := object{"full_name": "Alice", "role": "user", "extension": "101"}
	before := d.want(t, 201, "PUT", "users/alice", good)["apply"]
	for field, values := range map[string][]any{
		"full_name":        {"", strings.Repeat("x", 101), "a\nb", 7, nil},
		"email":            {"nobody", "a@b@c", strings.Repeat("x", 250) + "@example.org", "a\r\n@example.org", true},
		"personal_contact": {"nobody", "a b@example.org", 7},
		"language":         {"german", "DE", "de;", "d", 1},
		"timezone":         {"Mars/Olympus", "Local", "UTC\n", 1},
		"extension":        {"500", "999", "x y", strings.Repeat("1", 21), 101},
		"login":            {"yes", 1},
		"desk_pin":         {"", "123", "12345678901", "12a4", 4711},
		"password":         {"secret"}, // is set by its own actions only
		"desk":             {"desk-a"},
	} {
		for _, value := range values {
			body := object{"full_name": "Alice", "role": "user", "extension": "101"}
			body[field] = value
			if r := d.send(t, "PUT", "users/alice", body); r.Status < 400 || r.Status > 499 || r.problem().Field != field {
				t.Errorf("%s = %v: %d %s", field, value, r.Status, r.Body)
			}
		}
	}
	d.want(t, 409, "PUT", "users/bob", object{"full_name": "Bob", "role": "user", "extension": "101"})
	d.want(t, 422, "PUT", "users/Bob!", object{"full_name": "Bob", "role": "user"})
	d.want(t, 404, "PUT", "/v1/tenants/nobody/users/bob", object{"full_name": "Bob", "role": "user"})
	if after := d.want(t, 200, "GET", "users/alice", nil)["apply"]; after.(object)["revision"] != before.(object)["revision"] {
		t.Errorf("something was changed: %v, before %v", after, before)
	}
}

func TestPhoto(t *testing.T) {
	d := people{newLab(t)}
	d.want(t, 201, "PUT", "users/alice", object{"full_name": "Alice", "role": "user"})
	d.want(t, 404, "GET", "users/alice/photo", nil)
	small := image.NewGray(image.Rect(0, 0, 16, 16))
	var asPNG, asJPEG, wide bytes.Buffer
	for _, err := range []error{png.Encode(&asPNG, small), jpeg.Encode(&asJPEG, small, nil), png.Encode(&wide, image.NewGray(image.Rect(0, 0, 5000, 1)))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for kind, content := range map[string][]byte{"image/png": asPNG.Bytes(), "image/jpeg": asJPEG.Bytes()} {
		if u := d.want(t, 200, "PUT", "users/alice/photo", content); u["has_photo"] != true {
			t.Errorf("%s: %v", kind, u)
		}
		r := d.send(t, "GET", "users/alice/photo", nil)
		if r.Status != 200 || r.Header.Get("Content-Type") != kind || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Body != string(content) {
			t.Errorf("%s: %d %v", kind, r.Status, r.Header)
		}
	}
	for what, content := range map[string][]byte{
		"a page": []byte("<html><script>alert(1)</script>"), "half a picture": asPNG.Bytes()[:40], "only a head": asPNG.Bytes()[:asPNG.Len()-20],
		"a wide picture": wide.Bytes(), "a GIF": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
	} {
		if out := d.want(t, 422, "PUT", "users/alice/photo", content); out["field"] != "photo" {
			t.Errorf("%s: %v", what, out)
		}
	}
	d.want(t, 400, "PUT", "users/alice/photo", []byte{})
	d.want(t, 413, "PUT", "users/alice/photo", append(asPNG.Bytes(), make([]byte, provisioner.MaxPhotoBytes)...))
	d.want(t, 404, "PUT", "users/nobody/photo", asPNG.Bytes())
	if u := d.want(t, 200, "DELETE", "users/alice/photo", nil); u["has_photo"] != false {
		t.Errorf("deleted: %v", u)
	}
	d.want(t, 404, "GET", "users/alice/photo", nil)
}

func TestDeskRefusals(t *testing.T) {
	d := people{newLab(t)}
	d.want(t, 201, "PUT", "extensions/101", object{"name": "Alice"})
	d.want(t, 201, "PUT", "extensions/102", object{"name": "Bob"})
	d.want(t, 201, "PUT", "devices/desk", object{"shared": true})
	d.want(t, 201, "PUT", "devices/own", object{})
	d.want(t, 201, "PUT", "users/alice", object{"full_name": "Alice", "role": "user", "extension": "101"})
	d.want(t, 201, "PUT", "users/bob", object{"full_name": "Bob", "role": "user", "extension": "102"})
	d.want(t, 201, "PUT", "users/carol", object{"full_name": "Carol", "role": "user"})
	d.want(t, 201, "PUT", "users/dan", object{"full_name": "Dan", "role": "user", "login": false})
	sign := func(status int, username, device string) {
		t.Helper()
		d.want(t, status, "POST", "users/"+username+"/desk", object{"device": device})
	}
	sign(422, "alice", "own")     // nobody can sign in there
	sign(422, "alice", "nowhere") // no such device
	sign(409, "carol", "desk")    // has no extension
	sign(409, "dan", "desk")      // may not
	sign(404, "nobody", "desk")
	sign(200, "alice", "desk")
	sign(200, "alice", "desk") // again is as good
	sign(409, "bob", "desk")   // taken
	d.want(t, 422, "PATCH", "devices/desk", object{"extension": "102"})
	if out := d.want(t, 200, "PUT", "devices/desk", object{"shared": true, "qualify_seconds": 30}); out["extension"] != "101" {
		t.Errorf("a write of the device moved its owner: %v", out)
	}
	d.want(t, 409, "DELETE", "users/alice", nil)
	d.want(t, 409, "POST", "extensions/101/renumber", object{"number": "201"})
	d.want(t, 200, "DELETE", "users/alice/desk", nil)
	sign(200, "bob", "desk")
	d.want(t, 200, "POST", "extensions/101/renumber", object{"number": "201"})
	d.want(t, 409, "POST", "extensions/201/renumber", object{"number": "102"})
	d.want(t, 422, "POST", "extensions/201/renumber", object{"number": "h"})
	if out := d.want(t, 200, "GET", "users/alice", nil); out["extension"] != "201" {
		t.Errorf("the user did not follow: %v", out)
	}
}
