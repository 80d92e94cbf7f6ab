package phonehttp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// maxUploads is how many bodies are received at once: each is in memory until it
// is whole, so that half a file never replaces a whole one.
const maxUploads = 16

// rawType is the content type of what a phone sent: nothing here looks into it.
var rawType = []string{"application/octet-stream"}

// receive keeps what a phone sends and returns the status it answered.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, c *call) int {
	select {
	case h.uploads <- struct{}{}:
		defer func() { <-h.uploads }()
	default:
		writeUnavailable(w)
		return http.StatusServiceUnavailable
	}
	status := h.keep(w, r, c)
	if status == http.StatusServiceUnavailable {
		writeUnavailable(w)
		return status
	}
	head := w.Header()
	head["Content-Length"], head["Cache-Control"] = noLength, keepNothing
	w.WriteHeader(status)
	return status
}

func (h *Handler) keep(w http.ResponseWriter, r *http.Request, c *call) int {
	if r.ContentLength > c.rules.MaxBytes {
		return http.StatusRequestEntityTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, c.rules.MaxBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest // it went away in the middle
	}
	replaced, err := h.opt.Upload(c.entry.phone, c.path.File, body)
	if err != nil {
		h.opt.Logger.Error("keeping a file of a phone", "mac", c.known, "file", c.path.File, "error", err)
		return http.StatusServiceUnavailable
	}
	if replaced {
		return http.StatusNoContent
	}
	return http.StatusCreated
}

// giveBack answers with what the phone sent before, if it may have it back.
func (h *Handler) giveBack(w http.ResponseWriter, r *http.Request, c *call) (status int, hash string) {
	if !c.rules.Back {
		writeMiss(w)
		return http.StatusNotFound, ""
	}
	body, err := h.opt.Uploaded(c.entry.phone, c.path.File)
	switch {
	case err != nil:
		h.opt.Logger.Error("giving a phone its file back", "mac", c.known, "file", c.path.File, "error", err)
		writeUnavailable(w)
		return http.StatusServiceUnavailable, ""
	case body == nil:
		writeMiss(w)
		return http.StatusNotFound, ""
	}
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	head := w.Header()
	head["Etag"], head["Cache-Control"] = []string{`"` + hash + `"`}, keepPrivate
	if matches(r.Header["If-None-Match"], `"`+hash+`"`) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified, hash
	}
	head["Content-Type"], head["Content-Length"] = rawType, []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the phone may be gone; nothing is lost
	}
	return http.StatusOK, hash
}
