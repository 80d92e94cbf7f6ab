package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NumberUpload brings many numbers in one transaction. The audit has one row for all, the
// history one for each.
type NumberUpload struct {
	tx         *Tx
	to         Assignment
	voice, sms *pbx.Carrier // nil for none
	// voiceNamed and smsNamed say that the carrier was named, and is not the default one.
	voiceNamed, smsNamed bool
	added                int
}

// UploadNumbers begins an upload for a reseller or a tenant, with carriers by name; "" is the
// default ones.
func (tx *Tx) UploadNumbers(ctx context.Context, to Assignment, voice, sms string) (*NumberUpload, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	if err := tx.mayTarget(ctx, to); err != nil {
		return nil, err
	}
	u := &NumberUpload{tx: tx, to: to, voiceNamed: voice != "", smsNamed: sms != ""}
	if to.Tenant != "" {
		t, err := tx.Tenant(ctx, to.Tenant)
		if err != nil {
			return nil, err
		}
		if tx.author.Account.Tenant() != "" && !t.AllowExternalNumbers {
			return nil, &pbx.Error{Kind: pbx.Forbidden,
				Message: "numbers from elsewhere need allow_external_numbers of the tenant, which the account above sets"}
		}
		u.to.Reseller = t.Reseller
	}
	var err error
	if u.voice, err = tx.carrierFor(ctx, u.to.Reseller, "voice", voice); err != nil {
		return nil, fmt.Errorf("looking for carrier %s: %w", voice, err)
	}
	if u.sms, err = tx.carrierFor(ctx, u.to.Reseller, "sms", sms); err != nil {
		return nil, fmt.Errorf("looking for carrier %s: %w", sms, err)
	}
	if u.voice == nil && u.voiceNamed {
		return nil, pbx.Refusedf("voice_carrier", "carrier %s does not exist, or is not for voice", voice)
	}
	if u.sms == nil && u.smsNamed {
		return nil, pbx.Refusedf("sms_profile", "carrier %s does not exist, or is not for sms", sms)
	}
	return u, nil
}

// Add brings one number. A Conflict error, after which the upload can go on, says that an
// account has it already.
func (u *NumberUpload) Add(ctx context.Context, n *pbx.InventoryNumber) error {
	if err := u.tx.uploads(ctx, n); err != nil {
		return err
	}
	n.Reseller, n.Tenant, n.State = u.to.Reseller, u.to.Tenant, pbx.NumberAvailable
	if n.Tenant != "" {
		n.State = pbx.NumberAssigned
	}
	if n.Voice && u.voice != nil {
		n.VoiceCarrier, n.VoiceDefaulted = u.voice.Name, !u.voiceNamed
	}
	if n.SMS && u.sms != nil {
		n.SMSProfile, n.SMSDefaulted = u.sms.Name, !u.smsNamed
	}
	if err := n.Validate(); err != nil {
		return err
	}
	if err := inventoryTable.write(ctx, u.tx, nil, n); err != nil {
		return err
	}
	if n.Tenant != "" {
		if err := numberTable.write(ctx, u.tx, nil, &pbx.Number{Tenant: n.Tenant, Number: n.Number}); err != nil {
			return err
		}
	}
	u.added++
	return u.tx.numberHappened(ctx, n, "uploaded")
}

// Added is how many numbers it has brought so far.
func (u *NumberUpload) Added() int { return u.added }

// Done checks the limits of the accounts and writes the audit.
func (u *NumberUpload) Done(ctx context.Context) error {
	if u.added == 0 {
		return nil
	}
	if u.to.Tenant != "" {
		t, err := u.tx.Tenant(ctx, u.to.Tenant)
		if err != nil {
			return err
		}
		var has int
		err = u.tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM numbers WHERE tenant = ?`, t.Name).Scan(&has)
		if err != nil {
			return fmt.Errorf("counting the numbers of tenant %s: %w", t.Name, err)
		}
		if t.MaxNumbers > 0 && has > t.MaxNumbers {
			return pbx.Conflictf("tenant", "tenant %s may have %d numbers, and would have %d", t.Name, t.MaxNumbers, has)
		}
	}
	if err := u.tx.checkPools(ctx, u.to.Reseller); err != nil {
		return err
	}
	after, err := json.Marshal(map[string]any{"numbers": u.added, "reseller": u.to.Reseller, "tenant": u.to.Tenant})
	if err != nil {
		return fmt.Errorf("writing an upload as JSON: %w", err)
	}
	return u.tx.audit(ctx, auditRow{"create", kindInventory, u.to.Tenant, "upload", "", nil, string(after)})
}
