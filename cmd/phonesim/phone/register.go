package phone

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	defaultExpires = 3600 // both vendors' default, seconds
	registerWait   = finalWait
	firstRetry     = 2 * time.Second
	lastRetry      = 60 * time.Second
)

// registration keeps one account registered. Its fields are owned by whoever holds turn.
type registration struct {
	phone   *Phone
	agent   *agent
	account Account
	turn    chan struct{} // one REGISTER at a time: CSeq must grow in order (RFC 3261 section 10.2.4)
	dialog  dialog
	expires int // what we ask for, seconds
	stop    context.CancelFunc
	stopped chan struct{} // closed when the refresher has returned
}

// Register registers the account and keeps it registered, refreshing at half time, until Unregister or Close.
// It returns after the first answer: nil on 200, *StatusError on a refusal. The account becomes the one calls are made
// with.
func (p *Phone) Register(ctx context.Context, account Account) error {
	if !slices.Contains([]string{"", "udp", "dns", "tcp", "tls"}, account.Transport) {
		return fmt.Errorf("registering %s: transport %q is not simulated", account.UserName, account.Transport)
	}
	a, err := p.sip(account)
	if err != nil {
		return fmt.Errorf("registering %s: %w", account.UserName, err)
	}
	ctx, cancel := p.crew.within(ctx)
	defer cancel()
	to := sip.Uri{Scheme: "sip", User: account.UserName, Host: account.Server, Port: account.Port}
	r := &registration{phone: p, agent: a, account: account, turn: make(chan struct{}, 1),
		dialog:  p.newDialog(a, account, to),
		expires: account.Expires, stopped: make(chan struct{})}
	if r.expires <= 0 {
		r.expires = defaultExpires
	}
	r.dialog.target.User = ""
	granted, err := r.register(ctx, r.expires)
	if err != nil {
		return fmt.Errorf("registering %s: %w", account.UserName, err)
	}
	return p.keep(r, granted)
}

// keep starts the refresher and replaces an older registration of the same address.
func (p *Phone) keep(r *registration, granted int) error {
	ctx, stop := p.crew.within(context.Background())
	r.stop = stop
	started := p.crew.spawn(ctx, func(ctx context.Context) {
		defer close(r.stopped)
		r.refresh(ctx, granted)
	})
	if !started {
		stop()
		return errClosed
	}
	key := r.account.UserName + "@" + r.account.hostPort()
	p.mu.Lock()
	old := p.regs[key]
	p.regs[key] = r
	p.line = r.account
	p.mu.Unlock()
	if old != nil {
		old.halt()
	}
	return nil
}

func (r *registration) halt() {
	r.stop()
	<-r.stopped
}

// UseAccount sets the account calls are made with, without registering it.
func (p *Phone) UseAccount(account Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = account
}

// Unregister removes every registration of this phone from its registrar and stops refreshing.
func (p *Phone) Unregister(ctx context.Context) error {
	p.mu.Lock()
	regs := p.regs
	p.regs = map[string]*registration{}
	p.mu.Unlock()
	var errs []error
	for _, r := range regs {
		r.halt()
		if _, err := r.register(ctx, 0); err != nil {
			errs = append(errs, fmt.Errorf("unregistering %s: %w", r.account.UserName, err))
		}
	}
	return errors.Join(errs...)
}

// register sends one REGISTER and returns the seconds granted. A 423 makes it ask again with the registrar's minimum.
func (r *registration) register(ctx context.Context, expires int) (int, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, registerWait)
	defer cancel()
	for range 2 {
		res, err := r.agent.doAuth(ctx, r.account, func() *sip.Request {
			req := r.dialog.request(sip.REGISTER)
			req.AppendHeader(expiresHeader(expires))
			req.AppendHeader(sip.NewHeader("Allow", allowed))
			return req
		})
		if err != nil {
			return 0, err
		}
		if h := res.GetHeader("Min-Expires"); res.StatusCode == sip.StatusIntervalToBrief && h != nil &&
			atoi(h.Value()) > expires {
			expires = atoi(h.Value())
			r.expires = expires
			continue
		}
		if !res.IsSuccess() {
			return 0, refusal(res)
		}
		return r.granted(res, expires), nil
	}
	return 0, &StatusError{Code: sip.StatusIntervalToBrief, Reason: "Interval Too Brief"}
}

// granted is the lifetime the registrar gave our contact: its expires parameter, else the Expires header.
func (r *registration) granted(res *sip.Response, asked int) int {
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*sip.ContactHeader)
		if !ok || c.Address.Port != r.agent.port || c.Address.Host != r.agent.host {
			continue
		}
		if s, ok := c.Params.Get("expires"); ok {
			if n, err := strconv.Atoi(s); err == nil {
				return n
			}
		}
	}
	if h := res.GetHeader("Expires"); h != nil && atoi(h.Value()) > 0 {
		return atoi(h.Value())
	}
	return asked
}

// refresh registers again at half of the lifetime; after a failure soon, then more and more seldom.
func (r *registration) refresh(ctx context.Context, granted int) {
	wait, retry := halfOf(granted), firstRetry
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		granted, err := r.register(ctx, r.expires)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.phone.log.Warn("registering again", "user", r.account.UserName, "err", err)
			wait, retry = retry, min(2*retry, lastRetry)
			continue
		}
		wait, retry = halfOf(granted), firstRetry
	}
}

func halfOf(seconds int) time.Duration {
	return max(time.Duration(seconds)*time.Second/2, time.Second)
}
