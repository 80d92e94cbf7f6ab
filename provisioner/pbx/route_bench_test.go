package pbx

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRoute decides calls among 200,000 numbers and 50 routes: from carriers, to numbers
// outside that several routes fit, and outside in tenants with one trunk and with 50.
func BenchmarkRoute(b *testing.B) {
	const numbers, routes, trunks = 200_000, 50, 50
	s := benchSnapshot(numbers, routes, trunks)
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	out := func(tenant, dialled string) Call {
		return Call{Tenant: tenant, Endpoint: "desk-" + tenant, Dialled: dialled, Caller: "101"}
	}
	for name, call := range map[string]func(i int) Call{
		"in": func(i int) Call {
			return Call{Tenant: "routed", Endpoint: "trunk-routed-0", Dialled: benchNumber(i * 7919 % numbers), Caller: "+498912345678"}
		},
		"out by 1 trunk": func(int) Call { return out("single", "089123456") },
		"out by routes":  func(i int) Call { return out("routed", fmt.Sprintf("0044%02d1234567", i%routes)) },
		"out by " + fmt.Sprint(trunks) + " trunks": func(int) Call { return out("large", "089123456") },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			calls := make([]Call, 1000)
			for i := range calls {
				calls[i] = call(i)
			}
			before := processorTime(b)
			for i := 0; b.Loop(); i++ {
				if p := Route(s, calls[i%len(calls)], now); p.Steps[0].Kind == StepHangup {
					b.Fatalf("the call ends: %s", p.Steps[0].Rule)
				}
			}
			b.ReportMetric(float64(b.N)/(processorTime(b)-before).Seconds(), "decisions/CPU-s")
		})
	}
}

// processorTime is what the process has used, garbage collection and all.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchNumber(i int) string { return fmt.Sprintf("+4930%08d", 20_000_000+i) }

// benchSnapshot has a tenant with one trunk, one with many, and one whose routes have two of five
// trunks each, which also has the numbers.
func benchSnapshot(numbers, routes, trunks int) *Snapshot {
	var r Rows
	for tenant, n := range map[string]int{"single": 1, "routed": 5, "large": trunks} {
		r.Tenants = append(r.Tenants, &Tenant{Name: tenant, Timezone: "UTC", Country: "DE"})
		r.Classes = append(r.Classes, &ClassOfService{Tenant: tenant, Name: "all", Allow: []string{CallAny}})
		r.Extensions = append(r.Extensions, &Extension{Tenant: tenant, Number: "101", Name: "Person", Ring: RingAll,
			RingSeconds: DefaultRingSeconds, Type: TypeSIP, ClassOfService: "all"})
		r.Devices = append(r.Devices, &Device{Tenant: tenant, Name: "desk", Endpoint: "desk-" + tenant, Extension: "101",
			Kind: DeviceSIP})
		for i := range n {
			r.Trunks = append(r.Trunks, &Trunk{Tenant: tenant, Name: fmt.Sprintf("t%d", i),
				Endpoint: fmt.Sprintf("trunk-%s-%d", tenant, i), Host: "192.0.2.1", Port: 5060, Transport: TransportUDP})
		}
	}
	for i := range routes {
		r.Routes = append(r.Routes, &OutboundRoute{Tenant: "routed", Name: fmt.Sprintf("r%d", i),
			Match: []string{fmt.Sprintf("+44%02d", i)}, Trunks: []RouteTrunk{{Trunk: fmt.Sprintf("t%d", i%5)},
				{Trunk: fmt.Sprintf("t%d", (i+1)%5), Format: FormatInternational}}})
	}
	for i := range numbers {
		r.Numbers = append(r.Numbers, &Number{Tenant: "routed", Number: benchNumber(i),
			Destination: Destination{Kind: ToExtension, Key: "101"}})
	}
	return NewSnapshot(1, r)
}
