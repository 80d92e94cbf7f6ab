package api

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/numberfile"
)

// csvBody is a file of numbers.
type csvBody struct{ streamBody }

// Resolve implements huma.Resolver.
func (b *csvBody) Resolve(ctx huma.Context) []error {
	return b.read(ctx, numberfile.MaxBytes,
		fmt.Sprintf("the body is larger than %d MiB: split the file", numberfile.MaxBytes>>20))
}

// streamBody is a body that is read as it comes: it is not held in memory as a whole. Its errors
// are Problems.
type streamBody struct {
	from io.Reader
	// unbound takes the deadline of the body back. Else it would end the request when what
	// follows takes longer.
	unbound func()
}

// read begins to read a body of at most so many bytes; tooLarge is said of a larger one.
func (b *streamBody) read(ctx huma.Context, most int64, tooLarge string) []error {
	from := ctx.BodyReader()
	if from == nil {
		from = http.NoBody
	}
	if err := ctx.SetReadDeadline(time.Now().Add(ctx.Operation().BodyReadTimeout)); err != nil {
		return []error{fmt.Errorf("bounding the time of the body: %w", err)}
	}
	b.unbound = func() { _ = ctx.SetReadDeadline(time.Time{}) } // fails for a connection that has ended
	b.from = &boundedBody{from: from, left: most, tooLarge: tooLarge}
	return nil
}

// Read implements io.Reader. At its end the deadline is taken back.
func (b streamBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if errors.Is(err, io.EOF) {
		b.unbound()
	}
	return n, err
}

// boundedBody ends a body that is too long, or too slow, with a Problem.
type boundedBody struct {
	from     io.Reader
	left     int64
	tooLarge string
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.left -= int64(n)
	var slow net.Error
	switch {
	case b.left < 0:
		return 0, &Problem{Status: http.StatusRequestEntityTooLarge, Title: http.StatusText(http.StatusRequestEntityTooLarge),
			Kind: kindOfStatus(http.StatusRequestEntityTooLarge), Detail: b.tooLarge}
	case errors.As(err, &slow) && slow.Timeout():
		return 0, &Problem{Status: http.StatusRequestTimeout, Title: http.StatusText(http.StatusRequestTimeout),
			Kind: kindOfStatus(http.StatusRequestTimeout), Detail: "the body did not come in time"}
	case err != nil && !errors.Is(err, io.EOF):
		return 0, &Problem{Status: http.StatusBadRequest, Title: http.StatusText(http.StatusBadRequest),
			Kind: kindOfStatus(http.StatusBadRequest), Detail: "the body ended before its end"}
	}
	return n, err
}
