package main

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

// proxyFlags are the HTTP proxies in front of the listeners.
type proxyFlags struct {
	PhoneTrustedProxies limit.Proxies `name:"phone-trusted-proxies" help:"Proxies in front of the phone listener, by address or network, with commas between. X-Forwarded-For counts from these alone." placeholder:"NETWORKS" env:"DIALTONE_PHONE_TRUSTED_PROXIES"`
	TrustedProxies      limit.Proxies `name:"trusted-proxies" help:"The same for the admin API." placeholder:"NETWORKS" env:"DIALTONE_TRUSTED_PROXIES"`
}

// behindProxies makes requests of proxies come from the address that they say, for the audit
// and for guesses of passwords.
func (f proxyFlags) behindProxies(next http.Handler) http.Handler {
	if len(f.TrustedProxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && f.TrustedProxies.Trusts(from.Addr()) {
			client := f.TrustedProxies.Client(from.Addr(), r.Header["X-Forwarded-For"])
			r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		}
		next.ServeHTTP(w, r)
	})
}
