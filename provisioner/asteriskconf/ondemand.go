package asteriskconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// featuresFile tells Asterisk which code is pressed during a call to have it recorded.
//
// The code is one of [applicationmap]. It runs OnDemandContext on the channel that pressed
// it. Only channels whose DYNAMIC_FEATURES name it obey: no other call
// is touched. Asterisk's own one-touch recording (automixmon) would need no file, but by
// its source (bridge_builtin_features.c) it writes into no folder, because a slash in
// the name becomes a dash, and it stops whatever recording of the other party there is.
const featuresFile = "dialtone/features.conf"

// featuresConfView is what features.conf's template sees.
type featuresConfView struct {
	Context string
	Tenants []onDemandTenant
}

// onDemandTenant is a tenant in which somebody may record on demand.
type onDemandTenant struct {
	Tenant  contextName
	Feature onDemandName
	Code    featureCode
}

func featuresConfOf(s *pbx.Snapshot, _ Options) (any, error) {
	v := featuresConfView{Context: pbx.OnDemandContext}
	allowed := map[string]bool{}
	for _, e := range s.Extensions {
		allowed[e.Tenant] = allowed[e.Tenant] || recordsOnDemand(s, e)
	}
	for _, t := range s.Tenants {
		if !allowed[t.Name] {
			continue
		}
		var es pbx.Errors
		var view onDemandTenant
		into(&es, &view.Tenant)(newContextName("name", t.Name, plainName))
		into(&es, &view.Feature)(newOnDemandName("name", t.Name))
		into(&es, &view.Code)(newFeatureCode(pbx.FeatureKind{Feature: pbx.FeatureRecord},
			s.CodesOf(t.Name).Codes[pbx.FeatureRecord]))
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("recording on demand of tenant %s: %w", t.Name, err)
		}
		v.Tenants = append(v.Tenants, view)
	}
	return v, nil
}

// recordsOnDemand reports whether the phones of an extension may start a recording.
// An extension that is always recorded could only stop its recording.
func recordsOnDemand(s *pbx.Snapshot, e *pbx.Extension) bool {
	return e.RecordOnDemand && !e.Record && s.CodesOf(e.Tenant).Codes[pbx.FeatureRecord] != ""
}

// onDemandName is the name of a tenant's code in features.conf. The zero value is none.
type onDemandName struct{ text string }

func newOnDemandName(field, tenant string) (onDemandName, *pbx.Error) {
	if err := pbx.CheckTenantName(field, tenant); err != nil {
		return onDemandName{}, err
	}
	return onDemandName{pbx.OnDemandFeature(tenant)}, nil
}

// onDemandOf is the code that the phones of an extension obey.
func onDemandOf(es *pbx.Errors, s *pbx.Snapshot, e *pbx.Extension) (v onDemandName) {
	if recordsOnDemand(s, e) {
		into(es, &v)(newOnDemandName("tenant", e.Tenant))
	}
	return v
}

func (n onDemandName) String() string { return n.text }

// Any reports whether there is a code.
func (n onDemandName) Any() bool { return n.text != "" }
