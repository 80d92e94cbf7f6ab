package pbx

import (
	"cmp"
	"slices"
	"strings"
)

// routeIndex has the routes of a tenant, so that a call need not look at all of them.
type routeIndex struct {
	all      []*OutboundRoute            // in order
	byPrefix map[string][]*OutboundRoute // in order
	words    []*OutboundRoute            // those with a word, in order
}

func (s *Snapshot) indexRoutes() {
	byKey(s.Routes, func(o *OutboundRoute) key { return key{o.Tenant, o.Name} })
	s.routes = make(map[string]*routeIndex)
	for _, o := range slices.SortedStableFunc(slices.Values(s.Routes), func(a, b *OutboundRoute) int {
		return cmp.Compare(a.Priority, b.Priority)
	}) {
		if s.routes[o.Tenant] == nil {
			s.routes[o.Tenant] = &routeIndex{byPrefix: map[string][]*OutboundRoute{}}
		}
		s.routes[o.Tenant].add(o)
	}
}

func (x *routeIndex) add(o *OutboundRoute) {
	x.all = append(x.all, o)
	isWord := func(entry string) bool { return !strings.HasPrefix(entry, "+") }
	for _, entry := range o.Match {
		if !isWord(entry) {
			x.byPrefix[entry] = append(x.byPrefix[entry], o)
		}
	}
	if slices.ContainsFunc(o.Match, isWord) {
		x.words = append(x.words, o)
	}
}

// routesOf returns the routes of a tenant, in order.
func (s *Snapshot) routesOf(tenant string) []*OutboundRoute {
	if x := s.routes[tenant]; x != nil {
		return x.all
	}
	return nil
}

// find returns the routes that count for a number, in order: a prefix is more exact than any
// word, and the longest one is the most exact.
func (x *routeIndex) find(n Reading) (out []*OutboundRoute) {
	if x == nil {
		return nil
	}
	for end := len(n.Number); end > 1 && n.Number[0] == '+'; end-- {
		if of := x.byPrefix[n.Number[:end]]; of != nil {
			return of
		}
	}
	best := 0
	for _, o := range x.words {
		is, fits := o.exactness(n)
		switch {
		case !fits || len(out) > 0 && is < best:
			continue
		case len(out) > 0 && is > best:
			out = nil
		}
		out, best = append(out, o), is
	}
	return out
}
