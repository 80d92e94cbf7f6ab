package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// watchers lists the buttons that watch extension ?2 of tenant ?1. They are places of
// phones and of templates: 001565aabbcc/m1-2, T46U/5.
const watchers = `UNION ALL SELECT 'button', mac || '/' || iif(module > 0, 'm' || module || '-', '') || key FROM phone_buttons WHERE tenant = ?1 AND watches = ?2
	UNION ALL SELECT 'button', model || '/' || iif(module > 0, 'm' || module || '-', '') || key FROM template_buttons WHERE tenant = ?1 AND watches = ?2`

// watching is the owners of buttons that watch an extension.
type watching struct {
	phones    []*pbx.Phone
	templates []*pbx.ButtonTemplate
}

// watchersOf returns the phones and templates with buttons that watch an extension.
func (tx *Tx) watchersOf(ctx context.Context, tenant, number string) (w watching, err error) {
	w.phones, err = phoneTable.rows(ctx, tx, `AS p WHERE tenant = ?1 AND EXISTS (
		SELECT 1 FROM phone_buttons AS b WHERE b.tenant = p.tenant AND b.mac = p.mac AND b.watches = ?2) ORDER BY mac`, tenant, number)
	if err != nil {
		return w, fmt.Errorf("listing the phones that watch extension %s: %w", number, err)
	}
	if err := tx.fillLines(ctx, w.phones); err != nil {
		return w, err
	}
	w.templates, err = buttonTable.rows(ctx, tx, `AS t WHERE tenant = ?1 AND EXISTS (
		SELECT 1 FROM template_buttons AS b WHERE b.tenant = t.tenant AND b.model = t.model AND b.watches = ?2) ORDER BY model`, tenant, number)
	if err != nil {
		return w, fmt.Errorf("listing the templates that watch extension %s: %w", number, err)
	}
	return w, tx.fillTemplates(ctx, w.templates)
}

// releaseWatchers takes the buttons that watch an extension off phones and templates.
func (tx *Tx) releaseWatchers(ctx context.Context, tenant, number string) error {
	w, err := tx.watchersOf(ctx, tenant, number)
	if err != nil {
		return err
	}
	watches := func(b pbx.Button) bool { return b.Kind == pbx.BLFButton && b.Value == number }
	for _, p := range w.phones {
		p.Buttons = slices.DeleteFunc(p.Buttons, watches)
		if err := tx.PutPhone(ctx, p); err != nil {
			return err
		}
	}
	for _, t := range w.templates {
		t.Buttons = slices.DeleteFunc(t.Buttons, watches)
		if err := tx.PutButtonTemplate(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// followWatchers writes the cascade's changes in w, which was read before it. The cause is
// an extension's new number: phones are told of a button only by a revision.
func (tx *Tx) followWatchers(ctx context.Context, w watching, from, to string) error {
	for _, before := range w.phones {
		p := *before
		p.Buttons = renumbered(p.Buttons, from, to)
		if err := tx.savePhone(ctx, before, &p, p.Lines); err != nil {
			return err
		}
	}
	for _, before := range w.templates {
		t := *before
		t.Buttons = renumbered(t.Buttons, from, to)
		if err := tx.saveButtonTemplate(ctx, before, &t); err != nil {
			return err
		}
	}
	return nil
}

// renumbered returns a copy of buttons in which those that watch from watch to.
func renumbered(bs []pbx.Button, from, to string) []pbx.Button {
	out := slices.Clone(bs)
	for i, b := range out {
		if b.Kind == pbx.BLFButton && b.Value == from {
			out[i].Value = to
		}
	}
	return out
}
