package ami

import "context"

// PJSIPQualify makes Asterisk ask every contact of an endpoint at once whether it answers (OPTIONS), instead of at the
// next qualify period. It returns when Asterisk has queued the question; the result is a ContactStatus event.
func (s *Session) PJSIPQualify(ctx context.Context, endpoint string) error {
	_, err := s.request(ctx, "PJSIPQualify", Field{"Endpoint", endpoint})
	return err
}
