package pbx

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestSentReadBack: what a carrier has written is read back as the number that is written so, the
// best way and the first tenant before others.
func TestSentReadBack(t *testing.T) {
	countries := []string{"DE", "AT", "US", "IT", "GB", "SG", ""}
	rapid.Check(t, func(t *rapid.T) {
		var r Rows
		for i := range rapid.IntRange(1, 4).Draw(t, "tenants") {
			r.Tenants = append(r.Tenants, &Tenant{Name: fmt.Sprint("t", i), Country: rapid.SampledFrom(countries).Draw(t, "country")})
		}
		for _, number := range rapid.SliceOfNDistinct(rapid.StringMatching(`\+(49|43|1|39|44|65)(0?[1-9]{1,3}1234)`), 1, 8,
			rapid.ID).Draw(t, "numbers") {
			r.Numbers = append(r.Numbers, &Number{Tenant: rapid.SampledFrom(r.Tenants).Draw(t, "of").Name, Number: number})
		}
		s := NewSnapshot(1, r)
		tenant := rapid.SampledFrom(r.Tenants).Draw(t, "called at")
		n := rapid.SampledFrom(s.Numbers).Draw(t, "number")
		for _, called := range append(sentAs(rapid.SampledFrom(countries).Draw(t, "written in"), n.Number), "", "0", "+", "112") {
			if want, got := writtenSo(s, tenant.Name, called), s.NumberSent(tenant.Name, called); got != want {
				t.Fatalf("%s of %s: %v, want %v", called, tenant.Name, got, want)
			}
			want := writtenSo(s, tenant.Name, called)
			if want == nil {
				want = writtenSo(s, "", called)
			}
			if got := s.NumberCalled(tenant.Name, called); got != want {
				t.Fatalf("%s called at %s: %v, want %v", called, tenant.Name, got, want)
			}
		}
	})
}

// writtenSo looks through all numbers of a tenant, or of all with "", in all ways.
func writtenSo(s *Snapshot, tenant, called string) *Number {
	for w := range sentWaysMost {
		for _, n := range s.Numbers {
			ways := sentWays(s.Tenant(n.Tenant).Country)
			if w >= len(ways) || tenant != "" && n.Tenant != tenant {
				continue
			}
			if way, is := ways[w].write(n.Number[1:]); is && way == called {
				return n
			}
		}
	}
	return nil
}
