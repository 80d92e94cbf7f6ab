package phonehttp

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"rsc.io/qr"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Invitations resolves the links that were mailed. Errors are NotFound for a link that
// cannot be used, whatever the reason.
type Invitations interface {
	CheckInvitation(ctx context.Context, token string) error
	// OpenInvitation uses the link up.
	OpenInvitation(ctx context.Context, token string) (*pbx.Device, error)
}

//go:embed invite.html
var invitePage string

var inviteTemplate = template.Must(template.New("invite").Parse(invitePage))

// inviteToken is 256 random bits in base32.
var inviteToken = regexp.MustCompile(`^[a-z2-7]{52}$`)

// inviteView is the data of the page.
type inviteView struct {
	Open                                  bool
	Username, Password, Server, Transport string
	Side                                  int    // of the code, in dots, with its quiet zone
	Dots                                  string // the path that draws it
}

// invite answers a link that was mailed. Asking shows a button only, because
// mail scanners follow links: pressing it uses the link up. The token is in no log.
func (h *Handler) invite(ctx context.Context, method, token string) reply {
	if h.opt.Invitations == nil || !inviteToken.MatchString(token) {
		return miss()
	}
	var view inviteView
	var err error
	switch method {
	case http.MethodGet, http.MethodHead:
		err = h.opt.Invitations.CheckInvitation(ctx, token)
	case http.MethodPost:
		var d *pbx.Device
		if d, err = h.opt.Invitations.OpenInvitation(ctx, token); err == nil {
			view, err = h.inviteView(d)
		}
	default:
		return miss()
	}
	var page bytes.Buffer
	if err == nil {
		err = inviteTemplate.Execute(&page, view)
	}
	switch {
	case pbx.KindOf(err) == pbx.NotFound && err != nil:
		return miss()
	case err != nil:
		h.opt.Logger.Error("showing an invitation", "error", err)
		return unavailable()
	}
	return reply{
		status: http.StatusOK, ctype: pageType, cache: keepNothing, guard: true,
		body: whole(page.Bytes()), size: int64(page.Len()),
	}
}

// inviteView collects the settings for an app.
func (h *Handler) inviteView(d *pbx.Device) (v inviteView, err error) {
	site := h.files.o.Site
	v = inviteView{Open: true, Username: d.Endpoint, Password: d.Secret.Reveal(),
		Transport: strings.ToUpper(site.Transport),
		Server:    net.JoinHostPort(site.SIPServer, strconv.Itoa(site.Port(site.Transport)))}
	// A SIP address with its password (RFC 3261, 19.1.1). Apps of all makes can read it.
	code, err := qr.Encode("sip:"+url.UserPassword(v.Username,
		v.Password).String()+"@"+v.Server+";transport="+site.Transport, qr.M)
	if err != nil {
		return v, fmt.Errorf("drawing the code: %w", err)
	}
	v.Side, v.Dots = dots(code)
	return v, nil
}

// quietZone is the white border that a code needs (ISO/IEC 18004).
const quietZone = 4

// dots returns a code as an SVG path and the length of its side.
func dots(code *qr.Code) (int, string) {
	var b strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	return code.Size + 2*quietZone, b.String()
}
