package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// nginx serves a folder of static files: Debian's own settings for speed
// (sendfile, tcp_nopush), no access log although Dialtone records each request,
// and connections that stay open for as long as Dialtone's do.
type nginx struct {
	*process
	addr string
}

const nginxConf = `daemon off;
worker_processes %[1]d;
user %[2]s;
pid %[3]s/pid;
error_log %[3]s/error.log;
events { worker_connections 4096; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	types { text/plain cfg; }
	default_type text/plain;
	keepalive_requests 1000000000;
	client_body_temp_path %[3]s/t1;
	proxy_temp_path %[3]s/t2;
	fastcgi_temp_path %[3]s/t3;
	uwsgi_temp_path %[3]s/t4;
	scgi_temp_path %[3]s/t5;
	server { listen %[4]s backlog=4096; root %[3]s/root; }
}
`

// startNginx serves dir/root on the given processors.
func startNginx(ctx context.Context, dir string, cpus []int) (*nginx, error) {
	ports, err := box.FreePorts("tcp", 1)
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("asking who runs nginx: %w", err)
	}
	n := &nginx{addr: fmt.Sprintf("127.0.0.1:%d", ports[0])}
	conf := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, len(cpus), me.Username, dir, n.addr), 0o600); err != nil {
		return nil, fmt.Errorf("writing nginx.conf: %w", err)
	}
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not in every user's PATH
	}
	n.process, err = start(exec.Command("taskset", "-c", cpuList(cpus), path, "-c", conf, "-p", dir, "-e",
		filepath.Join(dir, "error.log")))
	if err != nil {
		return nil, err
	}
	err = waitUntil(ctx, 10*time.Millisecond, "nginx", func() (bool, error) {
		c, err := net.DialTimeout("tcp", n.addr, time.Second)
		if err != nil {
			select {
			case <-n.done:
				words, _ := os.ReadFile(filepath.Join(dir, "error.log"))
				return false, fmt.Errorf("nginx ended at its start: %.300s", words)
			default:
				return false, nil
			}
		}
		return true, c.Close()
	})
	if err != nil {
		return nil, errors.Join(err, n.stop())
	}
	return n, nil
}
