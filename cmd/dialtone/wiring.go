package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"

	ariv6 "github.com/CyCoreSystems/ari/v6"
	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/ari/callflow"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// callFlow joins the connection to ARI with the application that decides calls;
// each needs the other, so the callbacks find the flow through a variable.
func (s *serveCmd) callFlow(ctl *provisioner.Controller, m *metrics, log *slog.Logger) (*callflow.Flow, *ari.Client) {
	var flow *callflow.Flow
	client := ari.New(ari.Options{
		URL: s.ARIURL, Username: s.ARIUser, Password: s.ARISecret, App: pbx.StasisApp, Logger: log,
		OnUp:    func(ctx context.Context, gen uint64) error { return flow.Up(ctx, gen) },
		OnEvent: func(e ariv6.Event) { flow.HandleEvent(e) },
	})
	flow = callflow.New(callflow.Options{Client: client, Snapshot: ctl.Snapshot, Logger: log, Observe: m.decided,
		Live: ctl, SignIn: ctl.SignInByPhone, SignOut: ctl.SignOutByPhone})
	m.watchFlow(flow, client)
	return flow, client
}

// serveHTTP runs a server in the group until ctx ends, then lets requests under
// way finish for shutdownWithin.
func serveHTTP(ctx context.Context, g *errgroup.Group, name string, srv *http.Server, l net.Listener) {
	srv.BaseContext = func(net.Listener) context.Context { return ctx }
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
			return errors.Join(fmt.Errorf("ending the %s: %w", name, err), srv.Close())
		}
		return ctx.Err()
	})
}

// lessGarbage lets the heap grow by half before it is collected, not by all of
// itself: at 10,000 phones that is the difference between 220 and 170 MB resident
// for some per cent of CPU. GOGC in the environment wins. A fixed limit would make
// the collector thrash on larger sites.
func lessGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
