package aritest

import (
	"encoding/json"
	"net/http"
)

// builtIn answers what nobody scripted, as an Asterisk would on which every
// channel exists and every command works.
func (s *Server) builtIn(req Request) Answer {
	for _, known := range []struct {
		pattern string
		answer  func(Request) Answer
	}{
		{"GET /asterisk/info", asteriskInfo},
		{"GET /asterisk/ping", ping},
		{"GET /channels", s.listChannels},
		{"GET /channels/*", s.getChannel},
		{"GET /channels/*/variable", s.getVariable},
		{"POST /channels/*/variable", s.postVariable},
		{"POST /channels/*/continue", done},
		{"POST /channels/*/answer", done},
		{"POST /channels/*/ring", done},
		{"DELETE /channels/*/ring", done},
		{"DELETE /channels/*", done},
		{"PUT /asterisk/modules/*", done},
		{"PUT /deviceStates/*", done},
		{"POST /applications/*/subscription", application},
	} {
		if req.fits(known.pattern) {
			return known.answer(req)
		}
	}
	return Failure(http.StatusNotFound, "Resource not found")
}

func done(Request) Answer { return Answer{} }

func asteriskInfo(Request) Answer {
	return Answer{Body: `{"build":{"os":"Linux","kernel":"6.1.0","machine":"x86_64","options":"","date":"","user":"root"},` +
		`"system":{"version":"22.10.1","entity_id":"` + EntityID + `"},` +
		`"config":{"name":"fake","default_language":"en","setid":{"user":"","group":""}},` +
		`"status":{"startup_time":"` + timestamp() + `","last_reload_time":"` + timestamp() + `"}}`}
}

func ping(Request) Answer {
	return Answer{Body: `{"asterisk_id":"` + EntityID + `","timestamp":"` + timestamp() + `","ping":"pong"}`}
}

func application(req Request) Answer {
	name := req.Segment(1)
	return Answer{Body: encode(map[string]any{
		"name": name, "channel_ids": []string{}, "bridge_ids": []string{}, "endpoint_ids": []string{},
		"device_names": []string{},
	})}
}

func (s *Server) listChannels(Request) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]any, 0, len(s.channels))
	for _, c := range s.channels {
		list = append(list, c.object())
	}
	return Answer{Body: encode(list)}
}

func (s *Server) getChannel(req Request) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if c.ID == req.Segment(1) {
			return Answer{Body: encode(c.object())}
		}
	}
	return Failure(http.StatusNotFound, "Channel not found")
}

func (s *Server) getVariable(req Request) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, known := s.variables[req.Segment(1)+" "+req.Field("variable")]
	if !known {
		return Failure(http.StatusNotFound, "Provided variable was not found")
	}
	return Answer{Body: encode(map[string]string{"value": value})}
}

func (s *Server) postVariable(req Request) Answer {
	s.SetVariable(req.Segment(1), req.Field("variable"), req.Field("value"))
	return Answer{}
}

// encode writes JSON of values that can always be written.
func encode(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic("aritest: " + err.Error())
	}
	return string(out)
}
