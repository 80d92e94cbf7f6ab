package api

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// csvFile answers with a file to save.
func csvFile(name string, write func(io.Writer)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		hc.SetHeader("Cache-Control", "no-store")
		write(hc.BodyWriter())
	}}
}

func (a *api) exportInventory(ctx context.Context, in *InventoryFilter) (*huma.StreamResponse, error) {
	reach, f := branchOf(ctx), in.rows()
	f.Limit = exportPage
	first, err := a.ctl.Inventory.List(ctx, reach, f)
	if err != nil {
		return nil, a.problem(err)
	}
	return csvFile("numbers.csv", func(to io.Writer) {
		w := csv.NewWriter(to)
		w.UseCRLF = true
		_ = w.Write([]string{"Country Code", "Phone Number", "Voice", "SMS", "Fax", "Kind", "State", "Reseller", "Tenant",
			"Destination", "Voice Carrier", "SMS Carrier Profile", "Uploaded By"}) // a client that has left shows at the flush
		for ns := first; ; {
			for _, n := range ns {
				_ = w.Write(inventoryCells(n))
			}
			if w.Flush(); w.Error() != nil || len(ns) < exportPage {
				return
			}
			f.After = ns[len(ns)-1].Number
			if ns, err = a.ctl.Inventory.List(ctx, reach, f); err != nil {
				a.Logger.Error("exporting the inventory", "error", err)
				return
			}
		}
	}), nil
}

func inventoryCells(n *pbx.InventoryNumber) []string {
	flag := func(b bool) string { return strings.ToUpper(strconv.FormatBool(b)) }
	cells := []string{strconv.Itoa(e164.CallingCode(n.Number)), n.Number, flag(n.Voice), flag(n.SMS), flag(n.Fax), n.Kind,
		string(n.State), n.Reseller, n.Tenant, n.Destination.String(), n.VoiceCarrier, n.SMSProfile, n.UploadedBy.String()}
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return cells
}
