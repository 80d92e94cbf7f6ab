package spool

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Messages are only read: Asterisk renumbers the files of a folder under a lock of its own, and
// keeps positions in it for callers that hear them.

// mostOfMessage bounds the text file of a message, in bytes.
const mostOfMessage = 64 << 10

// messageText is the name of the text file beside a message's sound.
var messageText = regexp.MustCompile(`^msg[0-9]{4}\.txt$`)

// box opens the folder of a mailbox. It is nil if the folder does not exist yet.
func (s *Spool) box(tenant, mailbox string) (*os.Root, error) {
	if s.o.Voicemail == "" {
		return nil, &pbx.Error{Kind: pbx.Unavailable,
			Message: "this machine does not see Asterisk's spool, where voicemail is"}
	}
	all, err := os.OpenRoot(s.o.Voicemail)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // absence is one of the two answers asked for
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder of voicemail: %w", err)
	}
	defer all.Close()
	own, err := all.OpenRoot(tenant + "/" + mailbox)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, fmt.Errorf("opening mailbox %s: %w", pbx.MailboxName(tenant, mailbox), err)
	}
	return own, nil
}

// Messages returns the messages in folders of a mailbox, oldest first; without folders, of
// all. The mailbox is known to exist. The error is Unavailable when the spool cannot be seen.
func (s *Spool) Messages(ctx context.Context, tenant, mailbox string, folders ...pbx.Folder) ([]*pbx.Message, error) {
	box, err := s.box(tenant, mailbox)
	if err != nil || box == nil {
		return nil, err
	}
	defer box.Close()
	if len(folders) == 0 {
		folders = pbx.Folders()
	}
	var out []*pbx.Message
	for _, folder := range folders {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		found, err := messagesIn(box, folder)
		if err != nil {
			return nil, fmt.Errorf("listing messages of mailbox %s: %w", pbx.MailboxName(tenant, mailbox), err)
		}
		for _, m := range found {
			out = append(out, m.Message)
		}
	}
	slices.SortStableFunc(out, func(a, b *pbx.Message) int {
		return cmp.Or(a.Stored().Compare(b.Stored()), cmp.Compare(a.ID, b.ID))
	})
	// A message that is moved while the folders are read is seen in both, or in neither.
	return slices.CompactFunc(out, func(a, b *pbx.Message) bool { return a.ID == b.ID }), nil
}

// stored is a message and its files at this moment, named without suffix.
type stored struct {
	*pbx.Message
	path string
}

func messagesIn(box *os.Root, folder pbx.Folder) (out []stored, err error) {
	entries, err := fs.ReadDir(box.FS(), folder.Spool())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !messageText.MatchString(e.Name()) {
			continue
		}
		path := folder.Spool() + "/" + strings.TrimSuffix(e.Name(), ".txt")
		// An error is of a file that was renumbered meanwhile, or of none of Asterisk's.
		if m, err := readMessage(box, path, folder); err == nil {
			out = append(out, stored{m, path})
		}
	}
	return out, nil
}

// readMessage reads the text file of a message and the size of its sound.
func readMessage(box *os.Root, path string, folder pbx.Folder) (*pbx.Message, error) {
	info, err := box.Lstat(path + ".txt") // opening a pipe would wait
	if err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, fs.ErrNotExist)
	}
	f, err := box.Open(path + ".txt")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := parseMessage(io.LimitReader(f, mostOfMessage))
	if err != nil {
		return nil, err
	}
	m.Folder = folder
	if sound, err := box.Lstat(path + ".wav"); err == nil && sound.Mode().IsRegular() {
		m.Bytes = sound.Size()
		m.Seconds = max(0, float64(sound.Size()-wavHeader)/wavRate)
	}
	return m, nil
}

// Asterisk's format wav has a header of 44 bytes and 8,000 samples of 16 bits a second.
const (
	wavHeader = 44
	wavRate   = 16000
)

// parseMessage reads a message's text file. A caller's name may have line breaks and look like
// further lines: what Asterisk writes itself stands behind it, so the last line of a key counts.
func parseMessage(from io.Reader) (*pbx.Message, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		key, value, found := strings.Cut(lines.Text(), "=")
		if _, known := values[key]; found && !(known && key == "callerid") {
			values[key] = value
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	m := &pbx.Message{ID: values["msg_id"]}
	if err := pbx.CheckMessageID("msg_id", m.ID); err != nil {
		return nil, err
	}
	at, err := strconv.ParseInt(values["origtime"], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the time of message %s: %w", m.ID, err)
	}
	m.Time = time.Unix(at, 0).UTC()
	if seconds, err := strconv.ParseUint(values["duration"], 10, 20); err == nil {
		m.Seconds = float64(seconds)
	}
	m.CallerName, m.CallerNumber = parseCaller(values["callerid"])
	return m, nil
}

// mostOfCaller bounds name and number of a caller, in characters.
const mostOfCaller = 80

// parseCaller reads "Name" <number>, or one of both, as ast_callerid_merge writes them.
func parseCaller(s string) (name, number string) {
	s = pbx.PlainText(s, 4*mostOfCaller)
	if at := strings.LastIndex(s, "<"); at >= 0 && strings.HasSuffix(s, ">") {
		name, number = strings.TrimSpace(s[:at]), s[at+1:len(s)-1]
	} else if strings.Trim(s, "0123456789+*#") == "" {
		number = s
	} else {
		name = s
	}
	if len(name) >= 2 && strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`) {
		name = name[1 : len(name)-1]
	}
	p := pbx.NamedCaller(pbx.CallParty{Name: pbx.PlainText(name, mostOfCaller),
		Number: pbx.PlainText(number, mostOfCaller)})
	return p.Name, p.Number
}

// Message finds a message in a mailbox, or returns a NotFound error.
func (s *Spool) Message(ctx context.Context, tenant, mailbox, id string) (*pbx.Message, error) {
	m, file, err := s.openMessage(ctx, tenant, mailbox, id, false)
	if file != nil {
		_ = file.Close()
	}
	return m, err
}

// OpenMessage opens the WAV file of a message, or returns a NotFound error. The file stays
// readable when the message is moved or deleted meanwhile.
func (s *Spool) OpenMessage(ctx context.Context, tenant, mailbox, id string) (*pbx.Message, io.ReadSeekCloser, error) {
	m, file, err := s.openMessage(ctx, tenant, mailbox, id, true)
	if err != nil {
		return nil, nil, err
	}
	return m, file, nil
}

// triesAtMessage bounds how often a message that is moved at this moment is looked for.
const triesAtMessage = 5

func (s *Spool) openMessage(ctx context.Context, tenant, mailbox, id string,
	sound bool) (*pbx.Message, *os.File, error) {
	if err := pbx.CheckMessageID("id", id); err != nil {
		return nil, nil, err
	}
	missing := pbx.NotFoundf("message %s does not exist in mailbox %s of tenant %s", id, mailbox, tenant)
	box, err := s.box(tenant, mailbox)
	if err != nil {
		return nil, nil, err
	}
	if box == nil {
		return nil, nil, missing
	}
	defer box.Close()
	for range triesAtMessage {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		found, err := findMessage(box, id)
		if err != nil {
			return nil, nil, fmt.Errorf("looking for message %s: %w", id, err)
		}
		switch {
		case found == nil:
			continue
		case !sound:
			return found.Message, nil, nil
		case found.Bytes == 0:
			return nil, nil, &pbx.Error{Kind: pbx.NotFound, Message: "message " + id + " has no WAV file: " +
				"in Asterisk's voicemail.conf, format must have wav"}
		}
		file, err := box.Open(found.path + ".wav")
		if err != nil {
			continue
		}
		// Sound and text are renamed one after the other: still there, both belong together.
		if again, err := readMessage(box, found.path, found.Folder); err == nil && again.ID == id {
			return found.Message, file, nil
		}
		_ = file.Close()
	}
	return nil, nil, missing
}

func findMessage(box *os.Root, id string) (*stored, error) {
	for _, folder := range pbx.Folders() {
		found, err := messagesIn(box, folder)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if m.ID == id {
				return &m, nil
			}
		}
	}
	return nil, nil //nolint:nilnil // absence is an answer
}
