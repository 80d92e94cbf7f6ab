package calls

import (
	"errors"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// errNoControl is for an order while there is no connection to Asterisk that carries it.
var errNoControl = &pbx.Error{Kind: pbx.Unavailable,
	Message: "there is no connection to Asterisk that calls are acted on by"}

// refused says what an error of Asterisk means for an order such as "transfer the call". A
// pbx error stays as it is, nil too.
func refused(err error, order string) error {
	switch {
	case err == nil || errors.As(err, new(*pbx.Error)):
		return err
	case errors.Is(err, ami.ErrNotFound):
		return &pbx.Error{Kind: pbx.NotFound, Message: "the call, or a leg of it, has just ended", Cause: err}
	case errors.Is(err, ami.ErrPermission):
		return &pbx.Error{Kind: pbx.Unavailable, Cause: err,
			Message: "Asterisk's AMI user lacks the class call: " +
				"manager.conf must say write = system,call,reporting,user (see dialtone doctor)"}
	case errors.As(err, new(*ami.ResponseError)):
		return &pbx.Error{Kind: pbx.Conflict, Message: "Asterisk did not " + order, Cause: err}
	}
	return &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk did not " + order, Cause: err}
}
