package phonehttp

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

// bodies are those that are received at once. Each is in memory until it is whole, so that
// half a file never replaces a whole one.
var bodies = room{total: 16, share: 2, open: 8}

// receive keeps a file that a phone sends.
func (h *Handler) receive(c *call) reply {
	network := limit.Network(c.remote)
	if !h.uploads.take(network) {
		return unavailable()
	}
	defer h.uploads.give(network)
	status := h.keep(c)
	if status == http.StatusServiceUnavailable {
		return unavailable()
	}
	return reply{status: status, cache: keepNothing}
}

// keep reads the body and returns the status to answer.
func (h *Handler) keep(c *call) int {
	if c.length > c.rules.MaxBytes {
		return http.StatusRequestEntityTooLarge
	}
	var body []byte
	if c.body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(c.body, c.rules.MaxBytes+1)); err != nil {
			return http.StatusBadRequest // it went away in the middle
		}
	}
	switch n := int64(len(body)); {
	case n > c.rules.MaxBytes:
		return http.StatusRequestEntityTooLarge
	case c.length >= 0 && n != c.length:
		return http.StatusBadRequest
	}
	if phoneconf.IsDirectory(c.want.File) {
		if f, err := h.files.file(c.index, c.entry, c.want.File, false, c.now); err == nil && f != nil {
			body = phoneconf.OwnContacts(c.index.snapshot, c.entry.phone.Tenant, f.body.appendTo(nil), body)
		}
	}
	replaced, err := h.opt.Upload(c.entry.phone, c.want.File, body)
	if err != nil {
		h.opt.Logger.Error("keeping a file of a phone", "mac", c.known, "file", c.want.File, "error", err)
		return http.StatusServiceUnavailable
	}
	if replaced {
		return http.StatusNoContent
	}
	return http.StatusCreated
}

// giveBack answers with the phone's earlier file, if the request may have it.
func (h *Handler) giveBack(c *call) (r reply, hash string) {
	if !c.rules.Back {
		return miss(), ""
	}
	body, err := h.opt.Uploaded(c.entry.phone, c.want.File)
	switch {
	case err != nil:
		h.opt.Logger.Error("giving a phone its file back", "mac", c.known, "file", c.want.File, "error", err)
		return unavailable(), ""
	case body == nil:
		return miss(), ""
	}
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	return c.give(`"`+hash+`"`, rawType, whole(body), int64(len(body))), hash
}

// giveMerged answers with a file that is rendered and that the phone sends as well: the
// directory of a Polycom. What its user wrote there comes back with it.
func (h *Handler) giveMerged(c *call, f *file) (r reply, hash string) {
	sent, err := h.opt.Uploaded(c.entry.phone, c.want.File)
	if err != nil {
		h.opt.Logger.Error("giving a phone its file back", "mac", c.known, "file", c.want.File, "error", err)
		return unavailable(), ""
	}
	if sent != nil {
		if merged, ok := phoneconf.MergeContacts(c.entry.phone, f.body.appendTo(nil), sent); ok {
			sum := sha256.Sum256(merged)
			hash = hex.EncodeToString(sum[:])
			return c.give(`"`+hash+`"`, string(f.ctype), whole(merged), int64(len(merged))), hash
		}
		h.opt.Logger.Warn("the contacts that a phone sent cannot be read", "mac", c.known, "file", c.want.File)
	}
	return c.give(f.etag, string(f.ctype), f.body, int64(f.size)), f.hash()
}
