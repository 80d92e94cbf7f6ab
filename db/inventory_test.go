package db

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleCarrier() *pbx.Carrier {
	return &pbx.Carrier{Reseller: "north", Name: "telco", Service: "voice", Standard: true, Description: "our first"}
}

// sampleProfile is the SMS carrier profile of a number of tenant default.
func sampleProfile() *pbx.Carrier {
	return &pbx.Carrier{Reseller: "north", Name: "texts", Service: "sms", Standard: true, Description: "our second",
		Adapter: pbx.AdapterTwilio, URL: "https://api.example.com", PublicURL: "https://pbx.example.com", Account: "AC1",
		Secret: pbx.NewSecret("0123456789abcdef"), CallbackKey: pbx.NewSecret("fedcba9876543210")}
}

// as returns an author of an account.
func as(reseller, tenant string) pbx.Author {
	return pbx.Author{Actor: "tester", Account: pbx.AccountOf(reseller, tenant)}
}

const aNumber = "+493012345600"

// pool is a filled database with a carrier of north and a number of south, which stands below.
func pool(t *testing.T) *DB {
	t.Helper()
	db := openDB(t, Options{})
	fill(t, db)
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.PutReseller(ctx, &pbx.Reseller{Name: "east"}) },
			func() error { return tx.PutCarrier(ctx, sampleCarrier()) })
	})
	do(t, db, as("north", ""), func(ctx context.Context, tx *Tx) error {
		return tx.AddInventoryNumber(ctx, &pbx.InventoryNumber{Number: aNumber, Reseller: "south", Voice: true, State: pbx.NumberAvailable})
	})
	return db
}

func do(t *testing.T, db *DB, by pbx.Author, step func(context.Context, *Tx) error) {
	t.Helper()
	if err := try(t, db, by, step); err != nil {
		t.Fatal(err)
	}
}

func try(t *testing.T, db *DB, by pbx.Author, step func(context.Context, *Tx) error) error {
	t.Helper()
	_, err := db.Update(t.Context(), by, func(tx *Tx) error { return step(t.Context(), tx) })
	return err
}

// The way of a number: uploaded, handed on, used, given back, and each step in its history.
func TestNumberIsHandedOn(t *testing.T) {
	db := pool(t)
	checkEveryFieldSet(t, sampleProfile())
	north, south := Reach{Reseller: "north"}, Reach{Reseller: "south"}
	at := func(want pbx.InventoryNumber) {
		t.Helper()
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.InventoryNumber(ctx, south, aNumber)
			if err != nil {
				return err
			}
			want.Number, want.Kind, want.KindGuessed, want.Voice, want.UploadedBy = aNumber, "local", true, true, "reseller north"
			want.VoiceCarrier, want.VoiceDefaulted, want.Reseller = "telco", true, "south"
			want.Version, want.Revision = got.Version, got.Revision
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Error(diff)
			}
			return nil
		})
	}
	at(pbx.InventoryNumber{State: pbx.NumberAvailable})
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return tx.PutGroup(ctx, &pbx.Group{Tenant: "acme", Name: "sales"})
	})
	do(t, db, as("south", ""), func(ctx context.Context, tx *Tx) error {
		_, err := tx.AssignNumber(ctx, south, aNumber, Assignment{Tenant: "acme"})
		return err
	})
	at(pbx.InventoryNumber{State: pbx.NumberAssigned, Tenant: "acme"})
	do(t, db, as("", "acme"), func(ctx context.Context, tx *Tx) error {
		return tx.PutNumber(ctx, &pbx.Number{Tenant: "acme", Number: aNumber, Destination: pbx.Destination{Kind: pbx.ToHangup}})
	})
	at(pbx.InventoryNumber{State: pbx.NumberAssigned, Tenant: "acme", Destination: pbx.Destination{Kind: pbx.ToHangup}})
	if err := try(t, db, as("north", ""), func(ctx context.Context, tx *Tx) error {
		return tx.DeleteInventoryNumber(ctx, north, aNumber)
	}); err == nil || err.Error() != "number "+aNumber+" is assigned to hangup of tenant acme: unassign it first" {
		t.Error(err)
	}
	do(t, db, as("south", ""), func(ctx context.Context, tx *Tx) error {
		_, err := tx.UnassignNumber(ctx, south, aNumber)
		return err
	})
	at(pbx.InventoryNumber{State: pbx.NumberAvailable})
	for name, c := range map[string]struct {
		by    pbx.Author
		reach Reach
		kind  pbx.Kind
	}{"below the uploader": {as("south", ""), south, pbx.Forbidden}, "beside": {as("east", ""), Reach{Reseller: "east"}, pbx.NotFound}} {
		if err := try(t, db, c.by, func(ctx context.Context, tx *Tx) error {
			return tx.DeleteInventoryNumber(ctx, c.reach, aNumber)
		}); pbx.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		es, err := tx.NumberHistory(ctx, south, aNumber)
		var got []string
		for _, e := range es {
			got = append(got, fmt.Sprintf("%s %s %s%s", e.Action, e.State, e.Tenant, e.Destination))
		}
		want := []string{"uploaded available ", "assigned assigned acme", "assigned assigned acmehangup", "unassigned available "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	do(t, db, tester, func(ctx context.Context, tx *Tx) error { return tx.DeleteInventoryNumber(ctx, Reach{}, aNumber) })
	do(t, db, as("east", ""), func(ctx context.Context, tx *Tx) error {
		return tx.AddInventoryNumber(ctx, &pbx.InventoryNumber{Number: aNumber, Reseller: "east", State: pbx.NumberAvailable})
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if es, err := tx.NumberHistory(ctx, Reach{Reseller: "east"}, aNumber); err != nil || len(es) != 1 {
			t.Errorf("who gets a number next sees %d lines of its history, %v", len(es), err)
		}
		return nil
	})
	if err := db.write(t.Context(), func(tx *Tx) error { return tx.exec(t.Context(), `DELETE FROM number_history`) }); err == nil {
		t.Error("the history of numbers can be deleted")
	}
}

// Each refusal with its rule.
func TestInventoryRefusals(t *testing.T) {
	south := Reach{Reseller: "south"}
	get := func(ctx context.Context, tx *Tx) *pbx.InventoryNumber {
		n, err := tx.InventoryNumber(ctx, Reach{}, aNumber)
		if err != nil {
			panic(err)
		}
		return n
	}
	change := func(how func(*pbx.InventoryNumber)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			old := get(ctx, tx)
			n := *old
			how(&n)
			return tx.ChangeInventoryNumber(ctx, old, &n)
		}
	}
	teams := func(ctx context.Context, tx *Tx) error {
		return all(
			func() error {
				return tx.PutExternalNumber(ctx, &pbx.ExternalNumber{Tenant: "acme", Number: "+4930777", Type: pbx.NumberTeams})
			},
			func() error {
				return tx.PutExtension(ctx, &pbx.Extension{Tenant: "acme", Number: "7", Name: "T", Type: pbx.TypeSIP, RingSeconds: 20, Ring: pbx.RingAll})
			},
			func() error {
				return tx.PutDevice(ctx, &pbx.Device{Tenant: "acme", Name: "t", Kind: pbx.DeviceExternal, ExternalNumber: "+4930777", Extension: "7", Endpoint: "tteams", Secret: pbx.NewSecret("abcdefgh01234567")})
			},
			func() error {
				_, err := tx.AssignNumber(ctx, Reach{}, aNumber, Assignment{Tenant: "acme", Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "7"}})
				return err
			},
			func() error { return change(func(n *pbx.InventoryNumber) { n.SMS = true })(ctx, tx) })
	}
	for name, c := range map[string]struct {
		by   pbx.Author
		do   func(context.Context, *Tx) error
		says string
	}{
		"taken": {as("east", ""), func(ctx context.Context, tx *Tx) error {
			return tx.AddInventoryNumber(ctx, &pbx.InventoryNumber{Number: aNumber, Reseller: "east", State: pbx.NumberAvailable})
		}, "number +493012345600 belongs to an account already"},
		"another branch's, for a tenant": {as("east", ""), func(ctx context.Context, tx *Tx) error {
			return tx.PutNumber(ctx, &pbx.Number{Tenant: "default", Number: aNumber})
		}, "number +493012345600 belongs to another tenant"},
		"the reseller's, by the tenant itself": {as("", "acme"), func(ctx context.Context, tx *Tx) error {
			return tx.PutNumber(ctx, &pbx.Number{Tenant: "acme", Number: aNumber})
		}, "number +493012345600 belongs to another tenant"},
		"from elsewhere, by a tenant that may not": {as("", "default"), func(ctx context.Context, tx *Tx) error {
			return tx.PutNumber(ctx, &pbx.Number{Tenant: "default", Number: "+493012345699"})
		}, "number +493012345699 is not one of the tenant's: numbers from elsewhere need allow_external_numbers of the tenant"},
		"a carrier of another branch": {as("east", ""), func(ctx context.Context, tx *Tx) error {
			return tx.AddInventoryNumber(ctx, &pbx.InventoryNumber{Number: "+493012345699", Reseller: "east", Voice: true, VoiceCarrier: "telco", State: pbx.NumberAvailable})
		}, "carrier telco does not exist, or is not for voice"},
		"a carrier for SMS that is for voice": {tester, change(func(n *pbx.InventoryNumber) { n.SMS, n.SMSProfile = true, "telco" }),
			"carrier telco does not exist, or is not for sms"},
		"a carrier without the capability": {tester, change(func(n *pbx.InventoryNumber) { n.Voice = false }),
			"a number without voice has no voice carrier"},
		"a state of no number": {tester, change(func(n *pbx.InventoryNumber) { n.State = pbx.NumberPortingIn }),
			"state of a number that is available can become reserved, porting-out, aging, released, not porting-in"},
		"assigned by hand": {tester, change(func(n *pbx.InventoryNumber) { n.State = pbx.NumberAssigned }),
			"state of a number that is available can become reserved, porting-out, aging, released, not assigned"},
		"of a Teams user": {tester, teams,
			"capabilities and carriers of a number stay while it is assigned to a Teams user: unassign it from extension 7 first"},
		"to a reseller of another branch": {as("south", ""), func(ctx context.Context, tx *Tx) error {
			_, err := tx.AssignNumber(ctx, south, aNumber, Assignment{Reseller: "nobody"})
			return err
		}, "reseller nobody does not exist"},
		"to where no number leads": {tester, func(ctx context.Context, tx *Tx) error {
			_, err := tx.AssignNumber(ctx, Reach{}, aNumber, Assignment{Tenant: "acme", Destination: pbx.Destination{Kind: pbx.ToExternal, Key: "+190012345"}})
			return err
		}, "destination leads outside: name an extension that is forwarded there, whose rights the call then has"},
		"what is not assigned": {as("south", ""), func(ctx context.Context, tx *Tx) error {
			_, err := tx.UnassignNumber(ctx, south, aNumber)
			return err
		}, "number +493012345600 is not assigned"},
		"the carrier that numbers have": {tester, func(ctx context.Context, tx *Tx) error { return tx.DeleteCarrier(ctx, "north", "telco") },
			"carrier telco is still used by number +493012345600"},
		"a second default": {tester, func(ctx context.Context, tx *Tx) error {
			return tx.PutCarrier(ctx, &pbx.Carrier{Reseller: "north", Name: "other", Service: "voice", Standard: true})
		}, "carrier telco is the default for voice: take that from it first"},
		"a tenant that leaves with the reseller's numbers": {tester, func(ctx context.Context, tx *Tx) error {
			t := sampleTenant()
			t.Reseller = "east"
			return all(func() error { return tx.PutNumber(ctx, &pbx.Number{Tenant: "acme", Number: aNumber}) },
				func() error { return tx.PutTenant(ctx, t) })
		}, "tenant acme has numbers of a reseller that it would leave: unassign number +493012345600"},
		"more than the branch may have": {tester, func(ctx context.Context, tx *Tx) error {
			return all(func() error { return tx.PutReseller(ctx, &pbx.Reseller{Name: "small", MaxNumbers: 1}) },
				func() error { return tx.PutReseller(ctx, &pbx.Reseller{Name: "tiny", Parent: "small", MaxNumbers: 1}) },
				func() error {
					for _, n := range []string{"+493012345611", "+493012345612"} {
						if _, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: n, Voice: true}, Assignment{Reseller: "tiny"}); err != nil {
							return err
						}
					}
					return nil
				})
		}, "reseller tiny may have 1 numbers in its branch, and would have 2"},
	} {
		t.Run(name, func(t *testing.T) {
			db := pool(t)
			if err := try(t, db, c.by, c.do); err == nil || err.Error() != c.says {
				t.Errorf("%v, want %s", err, c.says)
			}
		})
	}
}

// The history of a number tells that what it led to is gone, or has another number.
func TestHistoryTellsOfTheDestination(t *testing.T) {
	db := pool(t)
	seven := pbx.Destination{Kind: pbx.ToExtension, Key: "7"}
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return all(func() error {
			return tx.PutExtension(ctx, &pbx.Extension{Tenant: "acme", Number: "7", Name: "T", Type: pbx.TypeSIP,
				RingSeconds: 20, Ring: pbx.RingAll})
		}, func() error {
			return tx.PutNumber(ctx, &pbx.Number{Tenant: "acme", Number: aNumber, Destination: seven})
		})
	})
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "acme", "7", "8")
		return err
	})
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "acme", "8") }, func() error { return tx.DeleteExtension(ctx, "acme", "8") })
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		es, err := tx.NumberHistory(ctx, Reach{}, aNumber)
		var got []string
		for _, e := range es[2:] {
			got = append(got, fmt.Sprintf("%s %s %s", e.Action, e.Destination, e.Detail))
		}
		want := []string{"assigned extension:8 extension:7 became extension:8", "unassigned  extension:8 was deleted"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

// A default carrier that changes later does not rewrite what numbers have, and the nearest one
// counts.
func TestDefaultCarriers(t *testing.T) {
	db := pool(t)
	add := func(number string) {
		do(t, db, tester, func(ctx context.Context, tx *Tx) error {
			return tx.AddInventoryNumber(ctx, &pbx.InventoryNumber{Number: number, Reseller: "south", Voice: true, SMS: true, State: pbx.NumberAvailable})
		})
	}
	put := func(c pbx.Carrier) {
		do(t, db, tester, func(ctx context.Context, tx *Tx) error { return tx.PutCarrier(ctx, &c) })
	}
	put(pbx.Carrier{Name: "platform-sms", Service: "sms", Standard: true})
	add("+493012345601")
	put(pbx.Carrier{Reseller: "south", Name: "near", Service: "voice", Standard: true})
	add("+493012345602")
	view(t, db, func(ctx context.Context, tx *Tx) error {
		ns, err := tx.Inventory(ctx, Reach{}, InventoryFilter{Reseller: "south", Capability: "sms"})
		var got []string
		for _, n := range ns {
			got = append(got, fmt.Sprint(n.Number, n.VoiceCarrier, n.VoiceDefaulted, n.SMSProfile, n.SMSDefaulted))
		}
		if diff := cmp.Diff([]string{"+493012345601telcotrueplatform-smstrue", "+493012345602neartrueplatform-smstrue"}, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

// A tenant goes to another reseller with the numbers of an account that is above it there too.
func TestTenantMovesWithItsNumbers(t *testing.T) {
	db := pool(t)
	do(t, db, as("north", ""), func(ctx context.Context, tx *Tx) error {
		moved := sampleTenant()
		moved.Reseller = "north"
		return all(func() error { return tx.PutNumber(ctx, &pbx.Number{Tenant: "acme", Number: aNumber}) },
			func() error { return tx.PutTenant(ctx, moved) })
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.InventoryNumber(ctx, Reach{Reseller: "south"}, aNumber); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("the reseller that the tenant left: %v", err)
		}
		n, err := tx.InventoryNumber(ctx, Reach{Reseller: "north"}, aNumber)
		if err == nil && (n.Reseller != "north" || n.Tenant != "acme") {
			t.Errorf("%+v", n)
		}
		return err
	})
}

// A number that another reseller gets has no carrier which that one may not have. It gets the
// default one, and the next change is not refused for a name that nobody wrote.
func TestCarriersStayBehind(t *testing.T) {
	db := pool(t) // telco is of north, and the number of south below it
	carrier := func() string {
		n := ""
		view(t, db, func(ctx context.Context, tx *Tx) error {
			row, err := tx.InventoryNumber(ctx, Reach{}, aNumber)
			n = fmt.Sprint(row.Reseller, " ", row.VoiceCarrier, " ", row.VoiceDefaulted)
			return err
		})
		return n
	}
	step := func(want string, how func(context.Context, *Tx) error) {
		t.Helper()
		do(t, db, tester, how)
		if got := carrier(); got != want {
			t.Errorf("the number is %s, want %s", got, want)
		}
		do(t, db, tester, func(ctx context.Context, tx *Tx) error {
			old, err := tx.InventoryNumber(ctx, Reach{}, aNumber)
			if err != nil {
				return err
			}
			n := *old
			n.Kind, n.Fax = map[string]string{"local": "vanity", "vanity": "local"}[n.Kind], !n.Fax
			return tx.ChangeInventoryNumber(ctx, old, &n)
		})
	}
	give := func(reseller string) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			_, err := tx.AssignNumber(ctx, Reach{}, aNumber, Assignment{Reseller: reseller})
			return err
		}
	}
	parent := func(name, of string) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			return tx.PutReseller(ctx, &pbx.Reseller{Name: name, Parent: of})
		}
	}
	step("south telco true", func(context.Context, *Tx) error { return nil })
	step("north telco true", give("north"))
	step("east  false", give("east"))
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return all(func() error {
			return tx.PutCarrier(ctx, &pbx.Carrier{Reseller: "east", Name: "telco", Service: "voice"})
		}, func() error {
			return tx.PutCarrier(ctx, &pbx.Carrier{Reseller: "east", Name: "easy", Service: "voice", Standard: true})
		})
	})
	step("east  false", func(context.Context, *Tx) error { return nil }) // and the change fills in the default one
	step("south telco true", give("south"))
	step("east easy true", give("east")) // telco of east is another one
	step("south telco true", give("south"))
	step("south easy true", parent("south", "east"))
	step("south telco true", parent("south", "north"))
	do(t, db, tester, func(ctx context.Context, tx *Tx) error { // as from before numbers lost their carriers
		return tx.exec(ctx, `UPDATE inventory SET voice_carrier = 'gone' WHERE number = ?`, aNumber)
	})
	step("south gone true", func(context.Context, *Tx) error { return nil })
	if got := carrier(); got != "south telco true" {
		t.Errorf("after a change the number is %s", got)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		es, err := tx.NumberHistory(ctx, Reach{}, aNumber)
		var got []string
		for _, e := range es {
			if e.Detail != "" {
				got = append(got, e.Action+": "+e.Detail)
			}
		}
		want := []string{"assigned: carrier telco stayed behind, without another one",
			"assigned: carrier easy stayed behind, the default one is telco", "assigned: carrier telco stayed behind, the default one is easy",
			"assigned: carrier easy stayed behind, the default one is telco", "changed: carrier telco stayed behind, the default one is easy",
			"changed: carrier easy stayed behind, the default one is telco", "changed: carrier gone stayed behind, the default one is telco"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

// TestNumbersFromBefore migrates a number of version 40: its tenant has it as before, and the
// platform has it in the inventory.
func TestNumbersFromBefore(t *testing.T) {
	path, raw := databaseOf(t, 40)
	for _, statement := range []string{
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO numbers VALUES ('old', '+4915112345678', 'd', 'hangup', 1, 1)`,
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := openAt(t, path, Options{})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.InventoryNumber(ctx, Reach{}, "+4915112345678")
		want := &pbx.InventoryNumber{Number: "+4915112345678", Tenant: "old", Destination: pbx.Destination{Kind: pbx.ToHangup},
			Kind: "mobile", KindGuessed: true, Voice: true, State: pbx.NumberAssigned, Version: 1, Revision: 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		n, missing := tx.Number(ctx, "old", "+4915112345678")
		if missing != nil || n.Description != "d" {
			t.Errorf("%+v, %v", n, missing)
		}
		return err
	})
}
