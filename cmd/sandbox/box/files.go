package box

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// base holds what lets both generations start without a WARNING or ERROR line
// when nothing else is configured: the list of modules, and the files without
// which Asterisk complains or a module declines to load.
//
//go:embed base/*.conf
var base embed.FS

// BaseFiles returns the configuration that Start writes where neither the
// caller nor the folder has a file of that name. It opens no port.
func BaseFiles() map[string][]byte {
	files := map[string][]byte{}
	names, err := fs.Glob(base, "base/*.conf")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		b, err := base.ReadFile(name)
		if err != nil {
			panic(err) // embedded and just listed
		}
		files[filepath.Base(name)] = b
	}
	return files
}

// ownHeader marks an asterisk.conf that Start wrote and may write again.
const ownHeader = "; written by the sandbox at every start; remove this line to keep your own\n"

// asteriskConf renders asterisk.conf: what an instance writes lies in its
// folder, what the package brought stays where it is in the root.
func asteriskConf(root string) ([]byte, error) {
	var modules string
	for _, pattern := range []string{"usr/lib/*/asterisk/modules", "usr/lib/asterisk/modules"} {
		if found, _ := filepath.Glob(filepath.Join(root, pattern)); len(found) > 0 {
			modules = found[0][len(root):]
		}
	}
	if modules == "" {
		return nil, fmt.Errorf("no Asterisk modules below %s", root)
	}
	var b bytes.Buffer
	b.WriteString(ownHeader + "[directories]\n")
	for _, d := range [][2]string{
		{"astetcdir", inside + "/etc"}, {"astrundir", inside + "/run"}, {"astspooldir", inside + "/spool"},
		{"astlogdir", inside + "/log"}, {"astdbdir", inside + "/db"}, {"astcachedir", inside + "/cache"},
		{"astkeydir", inside}, // Asterisk itself adds /keys
		{"astmoddir", modules}, {"astvarlibdir", "/var/lib/asterisk"}, {"astdatadir", "/usr/share/asterisk"},
		{"astagidir", "/usr/share/asterisk/agi-bin"}, {"astsbindir", "/usr/sbin"},
	} {
		fmt.Fprintf(&b, "%s => %s\n", d[0], d[1])
	}
	b.WriteString("\n[options]\ndocumentation_language = en_US\n")
	return b.Bytes(), nil
}

// layOut makes the instance's folders and writes its files: the caller's
// always, the base only where there is nothing. IAX2 and cdr_custom run where the
// caller configures them.
func layOut(root, dir string, files map[string][]byte, dns bool) error {
	for _, name := range []string{"etc", "run", "spool", "log/cdr-custom", "db", "keys", "cache"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return fmt.Errorf("making the instance's folders: %w", err)
		}
	}
	all := BaseFiles()
	if files["iax.conf"] != nil { // without one of its own it would take IAX2's well-known port
		all["modules.conf"] = bytes.Replace(all["modules.conf"], []byte("noload = chan_iax2.so\n"), nil, 1)
	}
	if files["cdr_custom.conf"] != nil { // without one it declines to load
		all["modules.conf"] = bytes.Replace(all["modules.conf"], []byte("noload = cdr_custom.so\n"), nil, 1)
	}
	conf, err := asteriskConf(root)
	if err != nil {
		return err
	}
	all["asterisk.conf"] = conf
	for name := range all {
		if keep(filepath.Join(dir, "etc", name)) {
			delete(all, name)
		}
	}
	maps.Copy(all, files)
	for name, text := range all {
		if err := writeConf(dir, name, text); err != nil {
			return err
		}
	}
	return writeHosts(dir, dns)
}

// keep reports whether the file is somebody's own.
func keep(path string) bool {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	return err != nil || !bytes.HasPrefix(b, []byte(ownHeader))
}

// writeConf writes one file below etc; name may have folders.
func writeConf(dir, name string, text []byte) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("writing %q: the name leaves the configuration folder", name)
	}
	path := filepath.Join(dir, "etc", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making a configuration folder: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}
