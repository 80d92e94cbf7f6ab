package api

import (
	"fmt"
	"strings"
	"testing"
)

// resellerPerson makes a user of a reseller with a password and returns how to sign in.
func (l *lab) resellerPerson(reseller, username string) func() string {
	l.t.Helper()
	path := "/v1/resellers/" + reseller + "/users/" + username
	l.must(201, "PUT", path, `{"full_name":"`+username+`","role":"reseller-admin"}`)
	once := l.must(200, "POST", path+"/reset-password", "").text("password")
	l.must(200, "POST", path+"/password", fmt.Sprintf(`{"current":"%s","new":"%s"}`, once, chosen))
	return func() string { return l.resellerSignIn(reseller, username, chosen) }
}

func (l *lab) resellerSignIn(reseller, username, password string) string {
	l.t.Helper()
	return l.must(200, "POST", "/v1/sign-in", fmt.Sprintf(`{"reseller":"%s","username":"%s","password":"%s"}`, reseller,
		username, password), "Authorization: ").text("token")
}

// A reseller's users sign in, work in the branch, and are named in the audit.
func TestUsersOfAReseller(t *testing.T) {
	l := newLab(t)
	l.branches()
	const ada = "/v1/resellers/north/users/ada"
	made := l.must(201, "POST", "/v1/resellers/north/users", `{"username":"ada","full_name":"Ada","role":"reseller-admin"}`)
	if made.Header.Get("Location") != ada || made.json()["reseller"] != "north" {
		t.Errorf("made %s %s", made.Header.Get("Location"), made.Body)
	}
	once := l.must(200, "POST", ada+"/reset-password", "").text("password")
	first := "Authorization: Bearer " + l.resellerSignIn("north", "ada", once)
	if p := l.must(403, "GET", "/v1/tenants", "", first).problem(); !strings.Contains(p.Detail, ada+"/password") {
		t.Errorf("before a password was chosen: %+v", p)
	}
	// A user of a tenant in the branch with the same name is somebody else.
	l.must(201, "PUT", "/v1/tenants/shop-north/users/ada", `{"full_name":"Ada","role":"user"}`)
	l.must(403, "POST", "/v1/tenants/shop-north/users/ada/password", `{"current":"x","new":"0123456789"}`, first)
	l.must(200, "POST", ada+"/password", fmt.Sprintf(`{"current":"%s","new":"%s"}`, once, chosen), first)

	auth := "Authorization: Bearer " + l.resellerSignIn("north", "ada", chosen)
	who := l.must(200, "GET", "/v1/sign-in", "", auth).json()
	if who["role"] != "reseller-admin" || who["reseller"] != "north" || who["tenant"] != nil || who["username"] != "ada" {
		t.Errorf("the caller is %v", who)
	}
	l.must(201, "PUT", "/v1/tenants/shop-north/extensions/102", `{"name":"Bob"}`, auth)
	l.must(404, "PUT", "/v1/tenants/shop-south/extensions/102", `{"name":"Bob"}`, auth)
	l.must(201, "PUT", "/v1/resellers/below-north/users/bob", `{"full_name":"Bob","role":"reseller-admin"}`, auth)
	l.must(404, "PUT", "/v1/resellers/south/users/bob", `{"full_name":"Bob","role":"reseller-admin"}`, auth)
	changes := l.must(200, "GET", "/v1/changes?limit=2", "", auth).Body
	if !strings.Contains(changes, `"actor":"user ada of reseller north"`) || !strings.Contains(changes, `"key":"bob"`) {
		t.Errorf("the audit says %s", changes)
	}

	// Sessions are listed, and end one by one.
	sessions := l.must(200, "GET", ada+"/sessions", "", auth).items()
	if len(sessions) != 2 || sessions[0]["current"] != true || sessions[1]["current"] != false || sessions[0]["address"] == "" {
		t.Fatalf("the sessions are %v", sessions)
	}
	l.must(204, "DELETE", ada+"/sessions/"+sessions[1]["id"].(string), "", auth)
	l.must(404, "DELETE", ada+"/sessions/"+sessions[1]["id"].(string), "", auth)
	l.must(401, "GET", "/v1/tenants", "", first)
	l.must(204, "DELETE", "/v1/sign-in", "", auth)
	l.must(401, "GET", "/v1/tenants", "", auth)
}

// What only phones use is refused for people without one, and roles that are not for them.
func TestUsersOfAResellerHaveNoPhone(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{}`)
	for body, field := range map[string]string{`"role":"tenant-admin"`: "role", `"role":"reseller-admin","extension":"101"`: "extension",
		`"role":"reseller-admin","desk_pin":"4711"`: "desk_pin", `"role":"reseller-admin","language":"de"`: "language",
		`"role":"reseller-admin","timezone":"UTC"`: "timezone"} {
		if p := l.must(422, "PUT", "/v1/resellers/north/users/ada", `{"full_name":"Ada",`+body+`}`).problem(); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if p := l.must(422, "PUT", "users/ada", `{"full_name":"Ada","role":"reseller-admin"}`).problem(); p.Field != "role" {
		t.Errorf("a tenant's user as reseller-admin: %+v", p)
	}
	l.must(422, "POST", "/v1/sign-in", `{"tenant":"default","reseller":"north","username":"ada","password":"x"}`, "Authorization: ")
}

// With a user of a reseller the sessions and tokens end; with the reseller its users do.
func TestRightsOfAResellersUsersEnd(t *testing.T) {
	l := newLab(t)
	l.branches()
	l.must(201, "PUT", "/v1/resellers/west", `{"parent":"north"}`)
	ada, bob := l.resellerPerson("north", "ada"), l.resellerPerson("west", "bob")
	session := "Authorization: Bearer " + ada()
	made := map[string]string{}
	for name, body := range map[string]string{"branch": `{"name":"x"}`, "tenant": `{"name":"x","tenant":"shop-north"}`} {
		made[name] = "Authorization: Bearer " + l.must(201, "POST", "/v1/tokens", body, session).text("token")
	}
	// A tenant that leaves the branch takes no token of its users along.
	l.must(200, "GET", "/v1/tenants/shop-north", "", made["tenant"])
	l.must(200, "DELETE", "/v1/tenants/shop-north/numbers/+493012345600?confirm=%2B493012345600", "")
	l.must(200, "DELETE", "/v1/numbers/+493012345600", "")
	l.must(200, "PATCH", "/v1/tenants/shop-north", `{"reseller":"below-south"}`)
	l.must(401, "GET", "/v1/tenants/shop-north", "", made["tenant"])
	l.must(200, "PATCH", "/v1/resellers/north/users/ada", `{"login":false}`)
	l.must(401, "GET", "/v1/tenants", "", session)
	l.must(401, "GET", "/v1/tenants", "", made["branch"])

	session = "Authorization: Bearer " + bob()
	token := "Authorization: Bearer " + l.must(201, "POST", "/v1/tokens", `{"name":"y"}`, session).text("token")
	l.must(403, "DELETE", "/v1/resellers/west", "", session)
	l.must(200, "DELETE", "/v1/resellers/west", "")
	for what, auth := range map[string]string{"session": session, "token": token} {
		if r := l.do("GET", "/v1/tenants", "", auth); r.Status != 401 {
			t.Errorf("the %s of a user of a deleted reseller: %d", what, r.Status)
		}
	}
	l.must(401, "POST", "/v1/sign-in", fmt.Sprintf(`{"reseller":"west","username":"bob","password":"%s"}`, chosen), "Authorization: ")
	// One of the same name that comes later has none of the users.
	l.must(201, "PUT", "/v1/resellers/west", `{"parent":"south"}`)
	if users := l.must(200, "GET", "/v1/resellers/west/users", "").items(); len(users) != 0 {
		t.Errorf("a new reseller has the users %v", users)
	}
}
