package office

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client speaks to an office's admin API as curl would.
type Client struct {
	base, token string
	http        *http.Client
}

// NewClient returns a client of the office at p.
func NewClient(p Places) (*Client, error) {
	token, err := ReadToken(p)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	return &Client{base: p.API, token: token, http: &http.Client{Transport: t, Timeout: 90 * time.Second}}, nil
}

// Refused is an answer that is not 2xx.
type Refused struct {
	Status int
	Kind   string `json:"kind"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
	// Refs are what still refers to the object.
	Refs []struct{ Kind, Key string } `json:"refs"`
}

// Error shows status and sentence.
func (r *Refused) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Kind, r.Detail) }

// Do sends body as JSON (nil sends none, bytes go as they are) and decodes the answer into out, unless
// out is nil. header holds pairs of name and value.
func (c *Client) Do(ctx context.Context, method, path string, body, out any, header ...string) error {
	var reader io.Reader
	if raw, ok := body.([]byte); ok {
		reader = bytes.NewReader(raw)
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/merge-patch+json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return c.send(req, out)
}

func (c *Client) send(req *http.Request, out any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	if resp.StatusCode/100 != 2 {
		r := &Refused{}
		_ = json.Unmarshal(answer, r) // an answer that is no problem document leaves the fields empty
		r.Status = resp.StatusCode
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, r)
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	return nil
}
