package calls

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A refusal names the order, and its kind says what can be done about it.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind pbx.Kind
		says string
	}{
		{fmt.Errorf("x: %w", ami.ErrNotFound), pbx.NotFound, "has just ended"},
		{fmt.Errorf("x: %w", ami.ErrPermission), pbx.Unavailable, "write = system,call,reporting"},
		{fmt.Errorf("x: %w", &ami.ResponseError{}), pbx.Conflict, "Asterisk did not transfer the call"},
		{context.DeadlineExceeded, pbx.Unavailable, "Asterisk did not transfer the call"},
		{pbx.Invalidf("to", "cannot be dialled"), pbx.Invalid, "cannot be dialled"},
	} {
		got := refused(c.err, "transfer the call")
		if pbx.KindOf(got) != c.kind || !strings.Contains(got.Error(), c.says) || !errors.Is(got, c.err) {
			t.Errorf("%v becomes %v, of kind %v", c.err, got, pbx.KindOf(got))
		}
	}
	if err := refused(nil, "transfer the call"); err != nil {
		t.Error(err)
	}
}
