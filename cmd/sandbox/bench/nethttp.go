package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/db"
)

// overNetHTTP is a second controller on a copy of an office's database. It serves the
// same phone files through net/http instead of fasthttp, and has no Asterisk.
type overNetHTTP struct {
	*process
	base string
	stop func() error // ends the controller in order, once
}

// startOverNetHTTP returns when the controller serves the file at path.
func (b *bench) startOverNetHTTP(ctx context.Context, r *room, path string, cpus []int) (_ *overNetHTTP, err error) {
	dir := filepath.Join(r.dir, "nethttp")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the second controller: %w", err)
	}
	if err := backup(ctx, r.Database, filepath.Join(dir, "dialtone.db")); err != nil {
		return nil, err
	}
	binary, err := pinnedBinary(dir, b.Binary, cpus)
	if err != nil {
		return nil, err
	}
	ports, err := box.FreePorts("tcp", 4)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(r.SIP)
	if err != nil {
		return nil, fmt.Errorf("SIP address: %w", err)
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	o := &overNetHTTP{base: "http://" + at(1)}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("log of the second controller: %w", err)
	}
	// The same site as the office's, so that the files have the same bytes.
	cmd := exec.Command(binary, "serve", "--db", filepath.Join(dir, "dialtone.db"), "--listen", at(0), "--phone-listen",
		at(1), "--phone-http", "net/http",
		"--phone-url", r.Phones, "--sip-server", host, "--sip-port", port, "--asterisk-etc", filepath.Join(dir, "etc"),
		"--asterisk-spool", "", "--asterisk-log", "",
		"--ami-address", at(2), "--ari-url", "http://"+at(3)+"/ari") // nobody is there
	cmd.Env = append(os.Environ(), "DIALTONE_AMI_SECRET=anything", "DIALTONE_ARI_SECRET=anything")
	cmd.Stdout, cmd.Stderr = log, log
	if o.process, err = start(cmd); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	o.stop = sync.OnceValue(func() error { return errors.Join(o.process.stop(), log.Close()) })
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err = waitUntil(limit, 20*time.Millisecond, "the second controller", func() (bool, error) {
		select {
		case <-o.done:
			return false, errors.New("the second controller ended at its start")
		default:
		}
		_, err := fetch(limit, o.base+path)
		return err == nil, nil
	})
	if err != nil {
		return nil, errors.Join(err, o.stop())
	}
	return o, nil
}

// backup copies a database that is in use.
func backup(ctx context.Context, from, to string) (err error) {
	store, err := db.Open(ctx, from, db.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Backup(ctx, to)
}
