package pbx

// WithoutEffect has a sentence for each property of an extension that does nothing, because
// of another one or of the codes of its tenant.
func (e *Extension) WithoutEffect(codes *FeatureCodes) (out []string) {
	add := func(is bool, sentence string) {
		if is {
			out = append(out, sentence)
		}
	}
	add(e.RecordOnDemand && e.Record, "record_on_demand: all its calls are recorded, see record")
	add(e.RecordOnDemand && !e.Record && codes.Codes[FeatureRecord] == "", "record_on_demand: the tenant has no code record")
	add(e.BusyOnlyInCall && !e.NoCallWaiting, "busy_only_in_call: it has call_waiting")
	add(e.Monitors && codes.Codes[FeatureMonitor] == "", "monitors: the tenant has no code monitor")
	add(e.Monitored && codes.Codes[FeatureMonitor] == "", "monitored: the tenant has no code monitor")
	return out
}
