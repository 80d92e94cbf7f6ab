package phoneconf

import "slices"

// yealinkUpload is one kind of file that a phone sends.
type yealinkUpload struct {
	Enabled int
	URL     yealinkValue // folder to put it into; "" when it sends none
}

// yealinkUploads is what a phone sends under its own URL, and by names that
// UploadOf knows. No source shows these parameters on firmware up to V73 or on a
// base with handsets: those are not told.
type yealinkUploads struct{ Contacts, Calls, Logs, Changes yealinkUpload }

func (w *yealinkWriter) uploads(in *input, own string) yealinkUploads {
	of := func(kind string) yealinkUpload {
		if !slices.Contains(in.settings.Uploads, kind) {
			return yealinkUpload{}
		}
		return yealinkUpload{1, w.value("own URL", own)}
	}
	return yealinkUploads{of("contacts"), of("calls"), of("logs"), of("changes")}
}
