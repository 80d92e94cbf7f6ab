// Package tenanthttp sends requests to addresses that tenants have written.
//
// It owns where such a request may lead, how it is signed (Standard Webhooks 1.0.0) and what is said
// of one that fails. It keeps connections and nothing else. It may import provisioner/pbx.
package tenanthttp

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	mostHeader = 16 << 10 // of an answer, in bytes
	// mostIdle is how long a connection waits for the next request.
	mostIdle = 30 * time.Second
	// mostReason bounds a reason, in characters.
	mostReason = 200
)

// Options say where requests lead and how long they take. The zero value is ready to use.
type Options struct {
	// Networks are networks of the platform's own that requests may lead to, over HTTP too. Without
	// them they lead to public addresses alone, over HTTPS.
	Networks []netip.Prefix
	Connect  time.Duration // bounds the way to a connection; 0 is 5 s
	Answer   time.Duration // bounds the wait for the header of an answer, and is named in reasons; 0 is 15 s
	AtOnce   int           // connections that are kept for further requests; 0 is 64
}

// Client sends requests. Its methods are safe for concurrent use.
type Client struct {
	o     Options
	leads destinations
	https *http.Client
	http  *http.Client
}

// New returns a client.
func New(o Options) *Client {
	o.Connect, o.Answer = cmp.Or(o.Connect, 5*time.Second), cmp.Or(o.Answer, 15*time.Second)
	o.AtOnce = cmp.Or(o.AtOnce, 64)
	c := &Client{o: o, leads: destinations{listed: o.Networks, own: ownAddresses}}
	c.https, c.http = c.over(c.leads.overHTTPS), c.over(c.leads.overHTTP)
	return c
}

// over returns a client whose connections lead where control lets them. It uses no proxy, which
// would connect in its place, and follows no redirect.
func (c *Client) over(control func(network, address string, c syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: c.o.Connect, Control: control}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: c.o.Connect,
			ResponseHeaderTimeout: c.o.Answer, IdleConnTimeout: mostIdle, MaxResponseHeaderBytes: mostHeader,
			MaxIdleConns: c.o.AtOnce, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true},
	}
}

// Do sends a request whose address has the scheme https, or http. The body of the answer is to be
// closed.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" {
		return c.http.Do(req)
	}
	return c.https.Do(req)
}

// CloseIdle closes connections that wait for a request.
func (c *Client) CloseIdle() {
	c.https.CloseIdleConnections()
	c.http.CloseIdleConnections()
}

// Sign puts the headers of a message into a request that carries its body: id, time, and a
// signature by each secret that is there.
func Sign(req *http.Request, id string, at time.Time, body []byte, secrets ...pbx.Secret) error {
	signature, err := signature(id, at, body, secrets...)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "Dialtone",
		"Webhook-Id": id, "Webhook-Timestamp": strconv.FormatInt(at.Unix(), 10), "Webhook-Signature": signature} {
		req.Header.Set(name, value)
	}
	return nil
}

// signature returns the signatures of a message by each secret (Standard Webhooks 1.0.0, signature
// scheme v1).
func signature(id string, at time.Time, body []byte, secrets ...pbx.Secret) (string, error) {
	var out []byte
	for _, secret := range secrets {
		if secret.IsZero() {
			continue
		}
		key, err := pbx.WebhookKey(secret)
		if err != nil {
			return "", errors.New("the secret cannot be read")
		}
		mac := hmac.New(sha256.New, key)
		_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
		_, _ = mac.Write(body)
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = base64.StdEncoding.AppendEncode(append(out, "v1,"...), mac.Sum(nil))
	}
	return string(out), nil
}

// Unreached reports whether an error of Do means that no connection was made. The receiver has then
// seen nothing of the request.
func Unreached(err error) bool {
	var op *net.OpError
	var lookup *net.DNSError
	return errors.As(err, &lookup) || errors.As(err, &op) && op.Op == "dial"
}

// Reason says why there was no answer, without addresses that a tenant need not know.
func (c *Client) Reason(ctx context.Context, err error) error {
	var forbidden *forbiddenError
	var lookup *net.DNSError
	var tooSlow net.Error
	var op *net.OpError
	switch {
	case errors.As(err, &forbidden):
		return forbidden
	case errors.As(err, &lookup):
		return errors.New("the name of the host leads to no address")
	case ctx.Err() != nil || errors.As(err, &tooSlow) && tooSlow.Timeout():
		return fmt.Errorf("no answer within %s", c.o.Answer)
	case errors.As(err, &op) && op.Op == "dial":
		return errors.New("no connection")
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // without method and address
	}
	return errors.New(pbx.PlainText("no answer: "+err.Error(), mostReason))
}
