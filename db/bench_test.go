package db

import (
	"context"
	"fmt"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// fillMany makes n extensions, each with a mailbox, a device and a phone.
func fillMany(tb testing.TB, db *DB, n int) {
	tb.Helper()
	const batch = 250 // a transaction has a deadline
	for from := 0; from < n; from += batch {
		update(tb, db, func(ctx context.Context, tx *Tx) error { return fillRange(ctx, tx, from, min(from+batch, n)) })
	}
}

func fillRange(ctx context.Context, tx *Tx, from, to int) error {
	for i := from; i < to; i++ {
		number := fmt.Sprintf("%05d", i)
		err := all(
			func() error {
				return tx.CreateMailbox(ctx, &pbx.Mailbox{Tenant: "default", Number: number, Name: "Person " + number, PIN: pbx.NewSecret("1234")})
			},
			func() error {
				return tx.CreateExtension(ctx, &pbx.Extension{Tenant: "default", Number: number, Name: "Person " + number, RingSeconds: 20, Mailbox: number})
			},
			func() error {
				return tx.CreateDevice(ctx, &pbx.Device{Tenant: "default", Name: "desk-" + number, Extension: number, Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: 60})
			},
			func() error {
				return tx.CreatePhone(ctx, &pbx.Phone{Tenant: "default", MAC: pbx.MAC(fmt.Sprintf("001565%06x", i)), Vendor: pbx.Yealink, Model: "T46U",
					Lines: []pbx.Line{{Registration: 1, Device: "desk-" + number}}, URLSecret: pbx.NewURLSecret()})
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkSnapshot10000 is to stay well under 300 ms.
func BenchmarkSnapshot10000(b *testing.B) {
	db := openNew(b, Options{})
	fillMany(b, db, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		s, err := db.Snapshot(b.Context())
		if err != nil || len(s.Phones) != 10_000 {
			b.Fatal(err)
		}
	}
}

// BenchmarkPutExtension is one acknowledged change; its cost must not grow with
// the number of extensions.
func BenchmarkPutExtension(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := openNew(b, Options{})
			fillMany(b, db, n)
			e := &pbx.Extension{Tenant: "default", Number: "00050", RingSeconds: 20}
			for i := 0; b.Loop(); i++ {
				e.Name = fmt.Sprint("Name ", i)
				if _, err := db.Update(b.Context(), tester, func(tx *Tx) error { return tx.PutExtension(b.Context(), e) }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
