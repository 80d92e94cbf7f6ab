// Package limit says how often something may be tried.
//
// It owns the token bucket (Bucket), a bounded number of them by name (Count), the
// network that an address counts for (Network) and whose address counts behind HTTP
// proxies (Proxies). It may import nothing of ours.
//
// A bucket is the generic cell rate algorithm (ITU-T I.371): one time a bucket, compared
// exactly. golang.org/x/time/rate was considered. Its Limiter has a mutex and five
// fields a name, of which we keep ten thousand, and it cannot take an attempt back that
// turned out to be right.
package limit
