package main

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/ari/callflow"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// metrics is what /metrics shows, in a registry of its own.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.HistogramVec
}

func newMetrics(ctl *provisioner.Controller) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.decisions = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "dialtone_call_decision_seconds", Help: "Time from Asterisk's question to the step it was given, by verdict.",
		Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1},
	}, []string{"verdict"})
	m.registry.MustRegister(m.decisions, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("dialtone_asterisk_connected", "1 while AMI is connected.", func() float64 {
		if up, _ := ctl.Connected(); up {
			return 1
		}
		return 0
	})
	m.gauge("dialtone_snapshot_revision", "Configuration revision that calls and phone files follow.",
		func() float64 { return float64(ctl.Snapshot().Revision) })
	m.gauge("dialtone_applied_revision", "Configuration revision that Asterisk runs.",
		func() float64 { return float64(ctl.Apply.State().Applied) })
	m.gauge("dialtone_failed_revision", "Configuration revision that Asterisk did not take; 0 when all is well.",
		func() float64 { return float64(ctl.Apply.State().Failed) })
	m.gauge("dialtone_apply_seconds", "How long the last apply took.",
		func() float64 { return ctl.Apply.State().Took.Seconds() })
	m.gauge("dialtone_fetch_records_dropped", "Requests of phones that were answered but not recorded.",
		func() float64 { return float64(ctl.Fleet.Fetches.Dropped()) })
	m.gauge("dialtone_calls", "Calls under way.", func() float64 {
		calls, _,
			_ := ctl.Calls.Counts()
		return float64(calls)
	})
	m.gauge("dialtone_channels", "Channels of Asterisk that are followed.",
		func() float64 { _, channels, _ := ctl.Calls.Counts(); return float64(channels) })
	m.gauge("dialtone_channels_ignored", "Channels not followed for want of room.",
		func() float64 { _, _, ignored := ctl.Calls.Counts(); return float64(ignored) })
	m.gauge("dialtone_ami_events_broken",
		"Events not believed, since the start: line breaks in the number of a caller tore them.",
		func() float64 { return float64(ctl.BrokenEvents()) })
	m.gauge("dialtone_call_records_lost", "Records of calls that the database was too slow for.",
		func() float64 { return float64(ctl.Records.Lost()) })
	m.gauge("dialtone_call_records_away",
		"Records of calls that ended while Dialtone was away, made since its start of Asterisk's own.",
		func() float64 { _, made, _ := ctl.Away.Counts(); return float64(made) })
	m.gauge("dialtone_call_lines_bytes", "What Asterisk has written about calls that Dialtone has not read.",
		func() float64 { waiting, _, _ := ctl.Away.Counts(); return float64(waiting) })
	m.gauge("dialtone_call_lines_unreadable", "Parts of it that could not be read, since the start.",
		func() float64 { _, _, skipped := ctl.Away.Counts(); return float64(skipped) })
	m.gauge("dialtone_events_not_kept", "Events that GET /v1/events cannot send later: the database was too slow.",
		func() float64 { return float64(ctl.EventLog.Dropped()) })
	m.gauge("dialtone_webhook_attempts_delivered", "Attempts to send an event to a webhook that were answered with 2xx, since the start.",
		func() float64 { delivered, _ := ctl.Deliveries.Counts(); return float64(delivered) })
	m.gauge("dialtone_webhook_attempts_failed", "Attempts to send an event to a webhook that failed, since the start.",
		func() float64 { _, failed := ctl.Deliveries.Counts(); return float64(failed) })
	m.gauge("dialtone_texts_sent", "Text messages that carriers have taken, since the start.",
		func() float64 { sent, _, _ := ctl.Texts.Counts(); return float64(sent) })
	m.gauge("dialtone_texts_failed", "Text messages that came to nothing, since the start.",
		func() float64 { _, failed, _ := ctl.Texts.Counts(); return float64(failed) })
	m.gauge("dialtone_texts_received", "Text messages that came in, since the start.",
		func() float64 { _, _, received := ctl.Texts.Counts(); return float64(received) })
	m.watchTrunks(ctl)
	return m
}

// watchTrunks adds the numbers of trunks by what is observed of them.
func (m *metrics) watchTrunks(ctl *provisioner.Controller) {
	number := func(counts func(pbx.TrunkStatus) bool) func() float64 {
		return func() (n float64) {
			for _, t := range ctl.Snapshot().Trunks {
				if s, _ := ctl.TrunkStatus.Of(t.Endpoint); counts(s) {
					n++
				}
			}
			return n
		}
	}
	for _, word := range []pbx.Registration{pbx.Registered, pbx.RegistrationFailed, pbx.Unregistered, pbx.NotRegistering} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "dialtone_trunks",
			Help: "Trunks by their registration.", ConstLabels: prometheus.Labels{"registration": string(word)}},
			number(func(s pbx.TrunkStatus) bool { return s.Registration == word })))
	}
	m.gauge("dialtone_trunks_unreachable", "Trunks whose carriers do not answer OPTIONS.",
		number(func(s pbx.TrunkStatus) bool { return s.Reach == pbx.TrunkUnreachable }))
	m.gauge("dialtone_trunks_unresolvable", "Trunks with a host whose name leads to no address.",
		number(func(s pbx.TrunkStatus) bool { return s.Unresolvable }))
}

// watchFlow adds what call control counts.
func (m *metrics) watchFlow(flow *callflow.Flow, client *ari.Client) {
	m.gauge("dialtone_ari_connected", "1 while ARI is connected.", func() float64 {
		if client.Healthy() {
			return 1
		}
		return 0
	})
	m.gauge("dialtone_calls_at_bound", "Calls refused because a trunk or tenant had as many as it may at once.",
		func() float64 { return float64(flow.Stats().AtBound) })
	m.gauge("dialtone_calls_to_unknown_numbers", "Calls that a carrier has brought to a number that no tenant has.",
		func() float64 { return float64(flow.Stats().UnknownNumbers) })
	m.gauge("dialtone_ari_events_dropped", "Events lost to an overflow; each ended a session and forced a new list.",
		func() float64 { return float64(client.Dropped()) })
}

func (m *metrics) gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// decided notes one decision of the call flow.
func (m *metrics) decided(v callflow.Verdict, d time.Duration) {
	m.decisions.WithLabelValues(string(v)).Observe(d.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
