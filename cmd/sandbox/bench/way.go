package bench

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	waysPerSecond = 100_000
	wayTrunks     = 50 // of all tenants, and as many prefixes of classes of service
	wayRoutes     = 50 // of each tenant
	wayTenants    = 10
	wayCalls      = 10_000 // different ones
	wayTime       = 2 * time.Second
)

// ways asks pbx.Route for the ways of calls from carriers and to them, among n numbers and among
// a thousandth of them.
func (b *bench) ways(n int) (row, error) {
	many, err := decisions(waySnapshot(n), n)
	if err != nil {
		return row{}, err
	}
	few, err := decisions(waySnapshot(n/1000), n/1000)
	return row{
		what: fmt.Sprintf("ways of calls in and out, %d numbers, %d routes a tenant, %d trunks and prefixes of classes", n,
			wayRoutes, wayTrunks),
		result:    fmt.Sprintf("%.0f decisions/s on %d cores", many, runtime.GOMAXPROCS(0)),
		reference: fmt.Sprintf("%.0f decisions/s among %d numbers", few, n/1000), ratio: times(many, few),
		target: fmt.Sprintf("≥ %d/s", waysPerSecond), holds: many >= waysPerSecond,
	}, err
}

// waySnapshot has tenants with trunks each, of which routes by prefix choose two, and with an
// extension each whose class of service allows what begins with one of several prefixes. All
// numbers lead to the extensions.
func waySnapshot(n int) *pbx.Snapshot {
	var r pbx.Rows
	for i := range wayTenants {
		tenant := wayTenant(i)
		class := &pbx.ClassOfService{Tenant: tenant, Name: "home", Allow: []string{"national"}}
		r.Tenants = append(r.Tenants, &pbx.Tenant{Name: tenant, Timezone: "UTC", Country: "DE"})
		for j := range wayTrunks / wayTenants {
			name := fmt.Sprintf("t%d-%d", i, j)
			class.Allow = append(class.Allow, fmt.Sprintf("+44%d%d", i, j))
			r.Trunks = append(r.Trunks, &pbx.Trunk{Tenant: tenant, Name: name, Endpoint: "trunk-" + name,
				Host: fmt.Sprintf("192.0.2.%d", len(r.Trunks)+1), Port: 5060, Transport: "udp"})
		}
		r.Classes = append(r.Classes, class)
		r.Routes = append(r.Routes, wayRoutesOf(i)...)
		r.Extensions = append(r.Extensions, &pbx.Extension{Tenant: tenant, Number: "101", Name: "Person", Ring: pbx.RingAll,
			RingSeconds: pbx.DefaultRingSeconds, Type: pbx.TypeSIP, ClassOfService: class.Name})
		r.Devices = append(r.Devices, &pbx.Device{Tenant: tenant, Name: "desk", Endpoint: "desk-" + tenant, Extension: "101",
			Kind: pbx.DeviceSIP})
	}
	for i := range n {
		r.Numbers = append(r.Numbers, &pbx.Number{Tenant: wayTenant(i % wayTenants), Number: benchNumber(i),
			Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "101"}})
	}
	return pbx.NewSnapshot(1, r)
}

func wayRoutesOf(i int) []*pbx.OutboundRoute {
	out := make([]*pbx.OutboundRoute, wayRoutes)
	for j := range out {
		trunk := func(k int) pbx.RouteTrunk {
			return pbx.RouteTrunk{Trunk: fmt.Sprintf("t%d-%d", i, k%(wayTrunks/wayTenants))}
		}
		out[j] = &pbx.OutboundRoute{Tenant: wayTenant(i), Name: fmt.Sprintf("route-%d", j),
			Match: []string{fmt.Sprintf("+4989%02d", j)}, Trunks: []pbx.RouteTrunk{trunk(j), trunk(j + 1)}}
	}
	return out
}

func wayTenant(i int) string { return fmt.Sprintf("shop-%d", i) }

// decisions is how many plans a second pbx.Route makes, in turn for calls in and out. A call that
// does not get through is an error: that would be quick.
func decisions(s *pbx.Snapshot, n int) (float64, error) {
	now := time.Now()
	calls := make([]pbx.Call, wayCalls)
	for i := range calls {
		number := i * 7919 % n
		tenant := wayTenant(number % wayTenants)
		calls[i] = pbx.Call{Tenant: tenant, Endpoint: fmt.Sprintf("trunk-t%d-0", number%wayTenants),
			Dialled: benchNumber(number), Caller: "+498912345678"}
		if i%2 == 1 {
			calls[i] = pbx.Call{Tenant: tenant, Endpoint: "desk-" + tenant, Dialled: fmt.Sprintf("089%02d3456", i/2%wayRoutes),
				Caller: "101"}
		}
	}
	var count atomic.Int64
	var group errgroup.Group
	start := time.Now()
	for core := range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for i := core; time.Since(start) < wayTime; i++ {
				c := calls[i%len(calls)]
				p := pbx.Route(s, c, now)
				if len(p.Steps) == 0 || p.Steps[0].Kind == pbx.StepHangup {
					return fmt.Errorf("the call of %s to %s ends: %+v", c.Endpoint, c.Dialled, p)
				}
				count.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(count.Load()) / time.Since(start).Seconds(), err
}
