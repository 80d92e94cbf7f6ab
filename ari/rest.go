package ari

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// defaultDeadline bounds a request whose context has no deadline.
	defaultDeadline = 5 * time.Second
	// maxConnections stays below the 100 sessions Asterisk's HTTP server takes
	// by default (http.conf sessionlimit); further requests wait for a free one.
	maxConnections = 64
	// idleTimeout stays below http.conf session_keep_alive (15 s), so that a
	// request is never sent on a connection Asterisk is just closing.
	idleTimeout = 10 * time.Second
	// headerTimeout is the last resort behind the contexts' deadlines. It is
	// long because a module reload of 20,000 extensions took 18 s.
	headerTimeout = 60 * time.Second
	// answerLimit bounds one answer; the longest is the list of all channels.
	answerLimit = 16 << 20
)

// Error is an answer of ARI other than 2xx.
type Error struct {
	Method, Path string // Path without the query, which may hold values
	Status       int    // HTTP status
	Message      string // Asterisk's own words, as "Channel not found"
}

// Error says which request got which answer.
func (e *Error) Error() string {
	return strings.TrimSpace(fmt.Sprintf("ari: %s %s: %d %s", e.Method, e.Path, e.Status, e.Message))
}

// IsNotFound reports whether err is a 404: for a channel's path that means the
// channel is gone. While Asterisk starts, a resource whose module is not yet
// loaded answers 404 as well.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsConflict reports whether err is a 409: for a channel, that it is not, or no
// longer, in a Stasis application.
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

// IsUnlistable reports whether err is a 500: Asterisk was asked for what it cannot
// write as JSON ("Allocation failed").
func IsUnlistable(err error) bool { return hasStatus(err, http.StatusInternalServerError) }

// IsAnswered reports whether err is an answer of Asterisk. Otherwise the request may have
// had its effect, or may have it later.
func IsAnswered(err error) bool { return errors.As(err, new(*Error)) }

func hasStatus(err error, status int) bool {
	var answer *Error
	return errors.As(err, &answer) && answer.Status == status
}

// Path joins segments to a request path and escapes each of them. It escapes
// "+" too, because Asterisk decodes it to a blank.
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(url.PathEscape(s), "+", "%2B"))
	}
	return b.String()
}

// Do sends one request and decodes the answer into out, unless out is nil.
// Path begins with a slash and is already escaped (see Path); body is sent as
// JSON unless it is nil. Without a deadline in ctx it gives up after 5 s. It
// returns *Error for an answer other than 2xx. It follows no redirect and
// never sends a POST, PUT or DELETE twice: whether one that failed underway
// has taken effect is for the caller to find out.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, body, out any) error {
	if c.invalid != nil {
		return c.invalid
	}
	ctx, cancel := withDeadline(ctx, defaultDeadline)
	defer cancel()
	req, err := c.newRequest(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	resp, err := c.rest.Do(req)
	if err != nil {
		return fmt.Errorf("ari: %s %s: %w", method, path, withoutURL(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return answerError(method, path, resp)
	}
	return decodeAnswer(method, path, resp.Body, out)
}

func (c *Client) newRequest(ctx context.Context, method, path string, query url.Values,
	body any) (*http.Request, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + encodeQuery(query)
	}
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("ari: encoding the body of %s %s: %w", method, path, err)
		}
		content = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, fmt.Errorf("ari: %s %s: %w", method, path, withoutURL(err))
	}
	req.Header.Set("Authorization", basicAuth(c.opts.Username, c.opts.Password))
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// decodeAnswer reads the whole body even when nobody wants it: a connection
// with an unread body cannot be used again.
func decodeAnswer(method, path string, body io.Reader, out any) error {
	content, err := io.ReadAll(io.LimitReader(body, answerLimit+1))
	if err != nil {
		return fmt.Errorf("ari: reading the answer to %s %s: %w", method, path, err)
	}
	if len(content) > answerLimit {
		return fmt.Errorf("ari: the answer to %s %s is longer than %d bytes", method, path, answerLimit)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(content, out); err != nil {
		return fmt.Errorf("ari: decoding the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// answerError reads why Asterisk refused. Its own answers are JSON with a
// "message" (older ones "error"); its HTTP server's are HTML, of which only
// the status is worth keeping.
func answerError(method, path string, resp *http.Response) *Error {
	content, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	var said struct{ Message, Error string }
	message := http.StatusText(resp.StatusCode)
	if json.Unmarshal(content, &said) == nil {
		for _, s := range []string{said.Error, said.Message} {
			if s != "" {
				message = s
			}
		}
	}
	return &Error{Method: method, Path: path, Status: resp.StatusCode, Message: message}
}

// newHTTPClient knows no proxy and follows no redirect: the password goes to
// the configured host and nowhere else, and a 307 cannot repeat a POST.
func newHTTPClient(dialTimeout time.Duration) *http.Client {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			MaxConnsPerHost:       maxConnections,
			MaxIdleConns:          maxConnections,
			MaxIdleConnsPerHost:   maxConnections,
			IdleConnTimeout:       idleTimeout,
			ResponseHeaderTimeout: headerTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// encodeQuery writes blanks as %20, which every decoder reads alike.
func encodeQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

func basicAuth(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// withDeadline adds a deadline only where there is none yet.
func withDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d)
}

// withoutURL takes the URL out of net/http's errors: the caller names the path
// already, and the query may hold values that do not belong in a log.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
