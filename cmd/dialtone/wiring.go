package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	ariv6 "github.com/CyCoreSystems/ari/v6"
	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/ari/callflow"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/phonehttp"
)

// callApp is the connection to ARI and the application that decides calls. Each needs the
// other: the connection is made first and finds the application here once it runs.
type callApp struct {
	client *ari.Client
	flow   *callflow.Flow
	lamps  *callflow.Lamps
}

// connectCalls prepares the connection to ARI; decideCalls comes before its Run.
func (s *serveCmd) connectCalls(log *slog.Logger) *callApp {
	a := &callApp{}
	a.client = ari.New(ari.Options{
		URL: string(s.ARIURL), Username: s.ARIUser, Password: s.ARISecret, App: pbx.StasisApp, Logger: log,
		OnUp: func(ctx context.Context, gen uint64) error {
			a.lamps.Up()
			return a.flow.Up(ctx, gen)
		},
		OnEvent: func(e ariv6.Event) { a.flow.HandleEvent(e, a.client.EventRead()) },
	})
	return a
}

// decideCalls makes the application decide by what the controller knows.
func (a *callApp) decideCalls(ctl *provisioner.Controller, m *metrics, log *slog.Logger) {
	a.flow = callflow.New(callflow.Options{Client: a.client, Snapshot: ctl.Snapshot, Logger: log, Observe: m.decided,
		Live: ctl.Live(), Chose: ctl.Calls.Turns.Begins, SignIn: ctl.SignInByPhone, SignOut: ctl.SignOutByPhone,
		Routed: ctl.Routed, Reserve: ctl.Guard.Reserve, Back: ctl.Guard.Back, Change: ctl.ChangeByPhone,
		Refused: ctl.TrunkStatus.CallRefused, Ask: ctl.Asker.Ask, Tested: ctl.Calls.Tested})
	a.lamps = callflow.NewLamps(a.client, ctl.Snapshot, log)
	m.watchFlow(a.flow, a.client)
}

// answerPhones makes the service that phones talk to, on their files and the fleet.
func answerPhones(ctl *provisioner.Controller, files *phonehttp.Files, proxies limit.Proxies,
	log *slog.Logger) *phonehttp.Handler {
	fl := ctl.Fleet
	return phonehttp.New(phonehttp.Options{Snapshot: ctl.Snapshot, Files: files,
		Record: fl.Record, RecordUnknown: fl.RecordUnknown, Enrolled: fl.Seen.Enrolled, Moved: fl.Seen.Moved,
		Upload: fl.Uploads.Keep, Uploaded: fl.Uploads.Read, Firmware: fl.Firmware.Find, Invitations: ctl,
		Proxies: proxies, HandshakeFailed: fl.Refused.Handshake, Logger: log})
}

// followChanges lets the lamps follow every change that is applied, until ctx ends.
func followChanges(ctx context.Context, ctl *provisioner.Controller, lamps *callflow.Lamps) error {
	for ctx.Err() == nil {
		sub := ctl.Events.Subscribe("")
		lamps.Changed()
		followEvents(ctx, sub, lamps)
		sub.Close()
	}
	return ctx.Err()
}

// followEvents ends with ctx, or when the events have come too fast.
func followEvents(ctx context.Context, sub *event.Subscription, lamps *callflow.Lamps) {
	for {
		select {
		case <-ctx.Done():
			return
		case e, open := <-sub.Events():
			if !open {
				return
			}
			if e.Type == event.TypeApply {
				lamps.Changed()
			}
		}
	}
}

// stuckAfter is longer than any event takes whose handling goes on.
const stuckAfter = 10 * time.Second

// deciding reports whether calls are decided, or would be: the flow can be entered
// and no event holds up the others.
func deciding(flow *callflow.Flow, client *ari.Client) bool {
	flow.Stats()
	return client.Handling() < stuckAfter
}

// callControl lets the controller act on calls over ARI.
type callControl struct{ app *callApp }

// HangUp implements calls.Control.
func (c callControl) HangUp(ctx context.Context, channel string) error {
	return callError(c.app.client.HangupChannel(ctx, channel, ""))
}

// Originate implements calls.Control.
func (c callControl) Originate(ctx context.Context, id, endpoint, dialplanContext, extension string,
	variables map[string]string) error {
	return callError(c.app.client.OriginateChannel(ctx, id, endpoint, dialplanContext, extension, variables))
}

// Alone implements calls.Control.
func (c callControl) Alone(tenant string, do func()) { c.app.flow.Alone(tenant, do) }

// callError tells a channel that is gone from every other failure.
func callError(err error) error {
	if ari.IsNotFound(err) {
		return &pbx.Error{Kind: pbx.NotFound, Message: "the call has just ended", Cause: err}
	}
	return err
}

// httpServer is *http.Server or *phonehttp.FastServer.
type httpServer interface {
	Serve(l net.Listener) error // http.ErrServerClosed after Shutdown
	Shutdown(ctx context.Context) error
}

// serveHTTP runs a server in the group until ctx ends, then lets requests under
// way finish for shutdownWithin.
func serveHTTP(ctx context.Context, g *errgroup.Group, name string, srv httpServer, l net.Listener) {
	std, _ := srv.(*http.Server)
	if std != nil {
		std.BaseContext = func(net.Listener) context.Context { return ctx }
	}
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
		defer cancel()
		if err := srv.Shutdown(end); err != nil {
			err = fmt.Errorf("ending the %s: %w", name, err)
			if std != nil {
				err = errors.Join(err, std.Close())
			}
			return err
		}
		return ctx.Err()
	})
}
