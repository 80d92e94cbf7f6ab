package phonehttp

import (
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	firmwarePrefix = "/firmware/"
	// maxFirmware is how many firmware files are sent at once, and firmwareWithin
	// how long one may take: 100 MB over a thin line.
	maxFirmware    = 64
	firmwareWithin = 20 * time.Minute
)

// serveFirmware answers a request for a firmware file whose hash is in its path,
// and reports whether it did. Whoever knows the hash has the file or could have
// it; what is not there is missed like everything else.
func (h *Handler) serveFirmware(w http.ResponseWriter, r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, firmwarePrefix)
	if !ok || h.opt.Firmware == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	sum, name, _ := strings.Cut(rest, "/")
	path, size, modified, ok := h.opt.Firmware(sum, name)
	if !ok {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Size() != size || !info.ModTime().Equal(modified) {
		return false // changed since it was hashed
	}
	select {
	case h.sending <- struct{}{}:
		defer func() { <-h.sending }()
	default:
		writeUnavailable(w)
		return true
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(firmwareWithin)) // else the server's own holds
	head := w.Header()
	head["Content-Type"], head["Etag"] = rawType, []string{`"` + sum + `"`}
	head["Cache-Control"] = []string{"public, max-age=31536000, immutable"}
	http.ServeContent(w, r, "", modified, file)
	return true
}
