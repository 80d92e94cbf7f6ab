package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// AnnouncementFields is what a client may write.
type AnnouncementFields struct {
	Name  string `json:"name,omitempty" doc:"Its key: letters, digits, '-', '_' and '.'; it never changes; taken from the path in PUT and PATCH"`
	Title string `json:"title,omitempty" doc:"What people call it, at most 60 characters"`
}

// Announcement is what a client reads.
type Announcement struct {
	AnnouncementFields
	Sound   string     `json:"sound" doc:"Hash of its sound, another one with another sound; empty until one is uploaded"`
	Seconds float64    `row:"Length,by hand" json:"seconds" doc:"How long it plays"`
	Apply   ApplyBlock `json:"apply"`
}

// The bounds of an upload.
const (
	// maxSoundFile is 15 minutes in stereo with 48,000 samples a second of 24 bits, in bytes.
	maxSoundFile    = 260 << 20
	soundFileWithin = 5 * time.Minute
)

// SoundBody is a WAV file. Huma looks into exported types only.
type SoundBody struct{ streamBody }

// Resolve implements huma.Resolver.
func (b *SoundBody) Resolve(ctx huma.Context) []error {
	return b.read(ctx, maxSoundFile, "the file is larger than 260 MiB")
}

func registerAnnouncements(a *api) {
	k := newKind(kind[pbx.Announcement, AnnouncementFields, Announcement]{
		name: "announcement", plural: "announcements", path: "/v1/tenants/{tenant}/announcements", keyName: "name",
		rows: a.ctl.Announcements, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    func(tenant, name string) *pbx.Announcement { return &pbx.Announcement{Tenant: tenant, Name: name} },
		toRow: func(_ AnnouncementFields, old, row *pbx.Announcement) error {
			if old != nil {
				row.Sound, row.Length = old.Sound, old.Length
			}
			return nil
		},
		toView: func(_ context.Context, row *pbx.Announcement, v *Announcement) {
			v.Seconds = row.Length.Seconds()
		},
		revision: func(row *pbx.Announcement) int64 { return row.Revision },
		apply:    func(v *Announcement) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	audio := k.path + "/{name}/audio"
	get := k.operation("GET", audio, "get-announcement-audio", "Fetch the sound as a WAV file, or a part of it")
	get.Responses = soundResponses()
	declare(a, operators, get, func(ctx context.Context, in *getInput) (*huma.StreamResponse, error) {
		key, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		row, file, err := a.ctl.OpenSound(ctx, in.tenant, key)
		if err != nil {
			return nil, a.problem(err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { sendSound(ctx, row.Name, file) }}, nil
	})
	put := k.operation("PUT", audio, "put-announcement-audio", "Set the sound; the announcement is made if it does not exist")
	put.Description = "The body is a WAV file: PCM of 8, 16, 24 or 32 bits, mono or stereo, 4,000 to 192,000 samples a second, " +
		"at most 15 minutes. It is kept in mono with 8,000 and 16,000 samples a second, as Asterisk plays it. " +
		"Calls that hear the sound before hear it to its end."
	put.BodyReadTimeout = soundFileWithin
	put.Errors = append(put.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
	put.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"audio/wav": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	declare(a, tenantAdmins, put, func(ctx context.Context, in *struct {
		Place
		WriteHeaders
		SoundBody
	}) (*answer[Announcement], error) {
		key, err := k.checkedKey(a, in.Place)
		if err != nil {
			return nil, err
		}
		cond, err := in.condition()
		if err != nil {
			return nil, a.problem(err)
		}
		row, created, err := a.ctl.SetSound(ctx, author(ctx), in.tenant, key, cond, in.SoundBody)
		in.unbound()
		if err != nil {
			return nil, a.problem(err)
		}
		out := k.done(ctx, a, row, in.WriteHeaders)
		if created {
			out.Status = http.StatusCreated
		}
		return out, nil
	})
}
