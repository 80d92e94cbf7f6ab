package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PortEvent is one line of the history of a port request: its begin, a state of a number, or a
// document.
type PortEvent struct {
	At            time.Time
	Actor         string
	Number        string // "" for the whole request
	State, Detail string
}

func (tx *Tx) portHappened(ctx context.Context, r *pbx.PortRequest, n pbx.PortNumber, detail string) error {
	err := tx.exec(ctx, `INSERT INTO port_history (tenant, request, at, actor, number, state, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, r.Tenant, r.Name, millis(tx.start), tx.author.Actor, n.Number, string(n.State), detail)
	if err != nil {
		return fmt.Errorf("writing the history of port request %s: %w", r.Name, err)
	}
	return nil
}

// PortHistory returns what happened to a request, oldest first.
func (tx *Tx) PortHistory(ctx context.Context, tenant, name string) ([]PortEvent, error) {
	if _, err := tx.PortRequest(ctx, tenant, name); err != nil {
		return nil, err
	}
	es, err := query(ctx, tx, func(row scanner) (e PortEvent, err error) {
		return e, row.Scan(instant{&e.At}, &e.Actor, &e.Number, &e.State, &e.Detail)
	}, `SELECT at, actor, number, state, detail FROM port_history WHERE tenant = ? AND request = ? ORDER BY id`, tenant, name)
	if err != nil {
		return nil, fmt.Errorf("reading the history of port request %s: %w", name, err)
	}
	return es, nil
}

// PortDocument is a paper of a port request.
type PortDocument struct {
	Name    string
	Type    string // media type
	Size    int    // bytes
	At      time.Time
	Actor   string
	Content []byte // nil in a list
}

// mostPortDocuments is how many documents a request has at most.
const mostPortDocuments = 10

// PortDocuments returns the documents of a request by name, without their content.
func (tx *Tx) PortDocuments(ctx context.Context, tenant, request string) ([]PortDocument, error) {
	if _, err := tx.PortRequest(ctx, tenant, request); err != nil {
		return nil, err
	}
	ds, err := query(ctx, tx, func(row scanner) (d PortDocument, err error) {
		return d, row.Scan(&d.Name, &d.Type, &d.Size, instant{&d.At}, &d.Actor)
	}, `SELECT name, type, length(content), at, actor FROM port_documents WHERE tenant = ? AND request = ? ORDER BY name`,
		tenant, request)
	if err != nil {
		return nil, fmt.Errorf("listing the documents of port request %s: %w", request, err)
	}
	return ds, nil
}

// PortDocument returns one document, or a NotFound error.
func (tx *Tx) PortDocument(ctx context.Context, tenant, request, name string) (*PortDocument, error) {
	if _, err := tx.PortRequest(ctx, tenant, request); err != nil {
		return nil, err
	}
	d := &PortDocument{Name: name}
	err := tx.sql.QueryRowContext(ctx, `SELECT type, length(content), at, actor, content FROM port_documents
		WHERE tenant = ? AND request = ? AND name = ?`, tenant, request, name).
		Scan(&d.Type, &d.Size, instant{&d.At}, &d.Actor, &d.Content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("port request %s has no document %s", request, name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading document %s of port request %s: %w", name, request, err)
	}
	return d, nil
}

// PutPortDocument stores a document, in place of one of its name; nil removes it. It is no
// change of the configuration.
func (tx *Tx) PutPortDocument(ctx context.Context, tenant, request, name string, d *PortDocument) error {
	if err := tx.writable(); err != nil {
		return err
	}
	r, err := tx.PortRequest(ctx, tenant, request)
	if err != nil {
		return err
	}
	done, err := tx.sql.ExecContext(ctx, `DELETE FROM port_documents WHERE tenant = ? AND request = ? AND name = ?`, tenant,
		request, name)
	if err != nil {
		return fmt.Errorf("removing document %s of port request %s: %w", name, request, err)
	}
	if d == nil {
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(pbx.NotFoundf("port request %s has no document %s", request, name), err)
		}
		return tx.portHappened(ctx, r, pbx.PortNumber{}, "document "+name+" was removed")
	}
	ds, err := tx.PortDocuments(ctx, tenant, request)
	if err != nil {
		return err
	}
	if len(ds) >= mostPortDocuments {
		return pbx.Conflictf("", "port request %s has %d documents, and can have no more", request, len(ds))
	}
	err = tx.exec(ctx, `INSERT INTO port_documents (tenant, request, name, type, at, actor, content)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, tenant, request, name, d.Type, millis(tx.start), tx.author.Actor, d.Content)
	if err != nil {
		return fmt.Errorf("writing document %s of port request %s: %w", name, request, err)
	}
	return tx.portHappened(ctx, r, pbx.PortNumber{}, "document "+name)
}
