package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// RateFields is what a client may write.
type RateFields struct {
	Prefix string `json:"prefix,omitempty" doc:"+ and the first digits of numbers in E.164, such as +4989; + alone is every number. Taken from the path in PUT and PATCH"`
	Price  int    `json:"price,omitempty" minimum:"0" maximum:"1000000000" doc:"Of a minute that has begun, in thousandths of the unit that all rates above a tenant share"`
}

// Rate is what a client reads.
type Rate struct {
	Prefix   string     `json:"prefix"`
	Price    int        `json:"price" doc:"Of a minute that has begun, in thousandths"`
	Reseller string     `json:"reseller,omitempty" doc:"Owner; absent: the platform"`
	Apply    ApplyBlock `json:"apply"`
}

// maxRateFile is the longest file of rates, in bytes: pbx.MaxRates rows and room for blanks.
const maxRateFile = 1 << 20

// RateUpload says what became of a file of rates.
type RateUpload struct {
	Rates int `json:"rates" doc:"How many there are now"`
}

// registerRates declares the rates of the platform and those of resellers.
func registerRates(a *api) {
	k := kind[pbx.Rate, RateFields, Rate]{
		name: "rate", plural: "rates", path: "/v1/rates", keyName: "prefix", rows: a.ctl.Rates, who: onlyPlatform,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckRatePrefix(field, s) },
		fresh:    func(reseller, prefix string) *pbx.Rate { return &pbx.Rate{Reseller: reseller, Prefix: prefix} },
		revision: func(r *pbx.Rate) int64 { return r.Revision },
		apply:    func(v *Rate) *ApplyBlock { return &v.Apply },
	}
	registerKind(a, newKind(k))
	k.name, k.plural, k.path, k.who = "reseller-rate", "reseller-rates", "/v1/resellers/{reseller}/rates", ofBranch
	registerKind(a, newKind(k))
	a.registerRateUploads()
}

func (a *api) registerRateUploads() {
	op := func(path, id string) huma.Operation {
		return huma.Operation{Method: "POST", Path: path, OperationID: id, Summary: "Replace all rates by those of a CSV file",
			Description: "Each row is a prefix and a price in whole thousandths; a first row with the word prefix is a head. " +
				"A prefix without + gets one. A wrong row is named, and nothing changes then.",
			Tags: []string{"rates"}, Errors: []int{401, 404, 413, 422}, DefaultStatus: http.StatusOK,
			MaxBodyBytes: maxRateFile, BodyReadTimeout: numberFileWithin}
	}
	declare(a, platformAdmins, op("/v1/rates/upload", "upload-rates"), func(ctx context.Context, in *struct {
		RawBody []byte `contentType:"text/csv"`
	}) (*struct{ Body RateUpload }, error) {
		return a.uploadRates(ctx, "", in.RawBody)
	})
	ofReseller := op("/v1/resellers/{reseller}/rates/upload", "upload-reseller-rates")
	declare(a, branchAdmins, ofReseller, func(ctx context.Context, in *struct {
		Reseller string `path:"reseller"`
		RawBody  []byte `contentType:"text/csv"`
	}) (*struct{ Body RateUpload }, error) {
		return a.uploadRates(ctx, in.Reseller, in.RawBody)
	})
}

func (a *api) uploadRates(ctx context.Context, reseller string, file []byte) (*struct{ Body RateUpload }, error) {
	n, err := a.ctl.UploadRates(ctx, author(ctx), reseller, file)
	if err != nil {
		return nil, a.problem(err)
	}
	return &struct{ Body RateUpload }{RateUpload{n}}, nil
}
