package db

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	texted = "+493012345600"
	aPeer  = "+4915112345678"
)

// texting is a filled database where the number texted leads to extension 101, with a profile.
func texting(t *testing.T) *DB {
	t.Helper()
	db := openDB(t, Options{})
	fill(t, db)
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		c := sampleProfile()
		c.Reseller = ""
		return all(func() error { return tx.PutCarrier(ctx, c) }, func() error {
			_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: texted, Voice: true, SMS: true},
				Assignment{Tenant: "default", Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"}})
			return err
		})
	})
	return db
}

// fillTexts stores one message and what belongs to it.
func fillTexts(ctx context.Context, tx *Tx) error {
	return all(func() error { return tx.addText(ctx, aText("hello")) },
		func() error { return tx.exec(ctx, `INSERT INTO text_seen VALUES ('', 'texts', 'SM1', '+4930', 1)`) },
		func() error { return tx.exec(ctx, `INSERT INTO text_stops VALUES ('+4930', '+4931', 1)`) },
		func() error { return tx.exec(ctx, `INSERT INTO text_counts VALUES ('default', '2026-11-30', 1)`) })
}

func aText(text string) *pbx.TextMessage {
	m := &pbx.TextMessage{Tenant: "default", Extension: "101", Number: texted, Peer: aPeer, Text: text, By: "tester",
		State: pbx.TextQueued}
	m.Encoding, m.Segments = pbx.TextSegments(text)
	return m
}

func queueText(t *testing.T, db *DB, text string) *pbx.TextMessage {
	t.Helper()
	m := aText(text)
	if _, err := db.QueueText(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

// take brings notes and returns what is new, as "id state".
func take(t *testing.T, db *DB, notes ...pbx.TextNote) string {
	t.Helper()
	ms, err := db.TakeTexts(t.Context(), "", "texts", notes)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		out = append(out, fmt.Sprint(m.ID, " ", m.State))
	}
	return strings.Join(out, ", ")
}

func came(id, text string) pbx.TextNote {
	return pbx.TextNote{CarrierID: id, State: pbx.TextReceived, From: aPeer, To: texted, Text: text}
}

// A message that a carrier repeats comes once, in one request or in several, after it was deleted as
// well; the same id by another profile is another message.
func TestTextComesOnce(t *testing.T) {
	db := texting(t)
	if got := take(t, db, came("SM1", "hello"), came("SM2", "again"), came("SM1", "hello")); got != "1 received, 2 received" {
		t.Errorf("came: %s", got)
	}
	if err := db.DeleteText(t.Context(), "default", "101", 1); err != nil {
		t.Fatal(err)
	}
	if got := take(t, db, came("SM1", "hello")); got != "" {
		t.Errorf("after it was deleted: %s", got)
	}
	if _, err := db.TakeTexts(t.Context(), "north", "texts", []pbx.TextNote{came("SM1", "x")}); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("by a profile that the number does not have: %v", err)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		ms, err := tx.TextMessages(ctx, "default", TextFilter{Extension: "101", Unread: true, Limit: 9})
		if len(ms) != 1 || ms[0].Text != "again" || ms[0].Extension != "101" || ms[0].Segments != 1 || ms[0].Encoding != pbx.GSM7 {
			t.Errorf("the inbox has %+v", ms)
		}
		return err
	})
}

// All that one request brings is stored, or nothing of it.
func TestTextsOfARequest(t *testing.T) {
	db := texting(t)
	lost := came("SM2", "x")
	lost.To = "+493099999"
	if _, err := db.TakeTexts(t.Context(), "", "texts", []pbx.TextNote{came("SM1", "hello"), lost}); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("a number that nobody has: %v", err)
	}
	if got := take(t, db, came("SM1", "hello")); !strings.HasSuffix(got, " received") {
		t.Errorf("the first one is known: %s", got)
	}
}

// States follow each other in one direction, whatever order the callbacks have, and a callback that
// is quicker than our own commit is understood by its reference.
func TestTextStates(t *testing.T) {
	db := texting(t)
	for order, want := range map[string]string{"sent delivered": "sent delivered", "delivered sent": "delivered",
		"sent sent failed delivered": "sent failed", "failed delivered": "failed", "delivered failed": "delivered"} {
		m := queueText(t, db, "hello")
		var got []string
		for state := range strings.FieldsSeq(order) {
			ms, err := db.TakeTexts(t.Context(), "", "texts", []pbx.TextNote{{CarrierID: fmt.Sprint("SM", m.ID),
				Reference: pbx.TextReference(m.ID), State: pbx.TextState(state), Reason: "why"}})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range ms {
				got = append(got, string(m.State))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", order, got)
		}
		m.State, m.CarrierID, m.Attempts = pbx.TextSent, fmt.Sprint("SM", m.ID), 1
		if changed, err := db.EndTextAttempt(t.Context(), m); changed || err != nil {
			t.Errorf("%s: the attempt that ends later changes it: %v", order, err)
		}
	}
	foreign := pbx.TextNote{CarrierID: "SM9", Reference: pbx.TextReference(1), State: pbx.TextFailed}
	for _, p := range []struct{ reseller, name string }{{"", "texts"}, {"north", "texts"}} {
		if _, err := db.TakeTexts(t.Context(), p.reseller, p.name, []pbx.TextNote{foreign}); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("another message's reference by %+v: %v", p, err)
		}
	}
}

// STOP holds for the number and the peer until START, also for what waits already.
func TestTextStop(t *testing.T) {
	db := texting(t)
	queueText(t, db, "hello")
	take(t, db, came("SM1", " stop. "))
	_, err := db.QueueText(t.Context(), aText("again"))
	want := aPeer + " has sent STOP to " + texted + ": only START from there lets messages through again"
	if err == nil || err.Error() != want {
		t.Errorf("after STOP: %v", err)
	}
	d, err := db.FirstText(t.Context(), "default", texted)
	if err != nil || d.Refused != want {
		t.Errorf("what waits: %+v, %v", d, err)
	}
	take(t, db, came("SM2", "Start"))
	queueText(t, db, "again")
}

// What may not be sent says why.
func TestTextsThatAreRefused(t *testing.T) {
	const us = "+12125550100"
	for name, c := range map[string]struct {
		change func(ctx context.Context, tx *Tx) error
		order  func(m *pbx.TextMessage)
		want   string
	}{
		"another extension's number": {nil, func(m *pbx.TextMessage) { m.Number = "+493099999" },
			"number +493099999 is not one of extension 101"},
		"a number that leads elsewhere": {func(ctx context.Context, tx *Tx) error {
			_, err := tx.LeadNumber(ctx, texted, Assignment{Tenant: "default", Destination: pbx.Destination{Kind: pbx.ToHangup}})
			return err
		}, nil, "extension 101 has no number with SMS and a carrier profile"},
		"no SMS": {func(ctx context.Context, tx *Tx) error {
			return tx.exec(ctx, `UPDATE inventory SET sms = 0, sms_profile = '' WHERE number = ?`, texted)
		}, func(m *pbx.TextMessage) { m.Number = texted },
			"number +493012345600 has no SMS carrier profile that messages can be sent by"},
		"a profile that is a name": {func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, `UPDATE carriers SET adapter = ''`) },
			nil, "number +493012345600 has no SMS carrier profile that messages can be sent by"},
		"the limit of the day": {func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, `UPDATE tenants SET max_texts = 0`) },
			nil, "tenant default has sent 0 segments today, and max_texts is 0: the account above sets it"},
		"two numbers": {func(ctx context.Context, tx *Tx) error {
			_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: us, Voice: true, SMS: true},
				Assignment{Tenant: "default", Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"}})
			return err
		}, nil, "extension 101 has several numbers: name one of +12125550100, +493012345600"},
		"not registered": {func(ctx context.Context, tx *Tx) error {
			_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: us, Voice: true, SMS: true},
				Assignment{Tenant: "default", Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"}})
			return err
		}, func(m *pbx.TextMessage) { m.Number, m.Peer = us, "+13105550100" },
			"number +12125550100 is not registered for text messages to the United States (10DLC), where carriers block it: " +
				"its brand and campaign are to be registered with the carrier first"},
		"too many wait": {func(ctx context.Context, tx *Tx) error {
			return tx.exec(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
				INSERT INTO text_messages (tenant, incoming, number, peer, text, encoding, segments, state, at, reseller, profile)
				SELECT 'default', 0, '+4930', '+4931', 'x', 'GSM-7', 1, 'queued', 0, '', 'texts' FROM n`)
		}, nil, "1000 text messages of tenant default wait already"},
	} {
		t.Run(name, func(t *testing.T) {
			db := texting(t)
			if c.change != nil {
				do(t, db, tester, c.change)
			}
			m := aText("hello")
			m.Number = ""
			if c.order != nil {
				c.order(m)
			}
			if _, err := db.QueueText(t.Context(), m); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// What is deleted stays counted: a token that was stolen cannot make room.
func TestTextsAreCounted(t *testing.T) {
	db := texting(t)
	do(t, db, tester, func(ctx context.Context, tx *Tx) error { return tx.exec(ctx, `UPDATE tenants SET max_texts = 3`) })
	m := queueText(t, db, strings.Repeat("x", 161))
	if err := db.DeleteText(t.Context(), "default", "101", m.ID); err != nil {
		t.Fatal(err)
	}
	m = aText("hello")
	if use, err := db.QueueText(t.Context(), m); err != nil || use != (TextUse{Before: 2, Used: 3, Most: 3}) {
		t.Errorf("%+v, %v", use, err)
	}
	if _, err := db.QueueText(t.Context(), aText("more")); pbx.KindOf(err) != pbx.TooMany {
		t.Error(err)
	}
}

// An extension takes its messages with it, and its next owner sees none of them.
func TestTextsOfAnExtension(t *testing.T) {
	db := texting(t)
	take(t, db, came("SM1", "secret"))
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "202")
		return err
	})
	count := func() string { return strings.Join(rawQuery(t, db, `SELECT extension FROM text_messages`), " ") }
	if got := count(); got != "202" {
		t.Errorf("after it was renumbered: %s", got)
	}
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "default", "202") },
			func() error { return tx.DeleteExtension(ctx, "default", "202") })
	})
	if got := count(); got != "" {
		t.Errorf("after it was deleted: %s", got)
	}
}

// A database from before lets tenants send as new ones, has names for profiles, and no number
// registered.
func TestNoTextMessagesFromBefore(t *testing.T) {
	db, s := writtenBy(t, 61,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO carriers VALUES ('', 'texts', 'sms', 1, '', 1, 1)`,
		`INSERT INTO inventory (number, kind, kind_guessed, voice, sms, fax, voice_carrier, voice_defaulted, sms_profile, sms_defaulted, state, uploaded_by, version, revision)
			VALUES ('+493012345678', 'local', 1, 1, 1, 0, '', 0, 'texts', 0, 'available', '', 1, 1)`)
	if got := s.Tenant("old").MaxTexts; got != pbx.DefaultTextsPerDay {
		t.Errorf("max_texts is %d", got)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		c, err := tx.Carrier(ctx, "", "texts")
		if err != nil || c.Adapter != "" || !c.Secret.IsZero() || c.Validate() != nil {
			t.Errorf("the profile is %+v, %v", c, err)
		}
		n, err := tx.InventoryNumber(ctx, Reach{}, "+493012345678")
		if n == nil || n.Registered || n.Validate() != nil {
			t.Errorf("the number is %+v", n)
		}
		return err
	})
}
