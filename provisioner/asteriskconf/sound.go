package asteriskconf

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// SoundFolder is the folder of sounds of tenants, beside our files.
const SoundFolder = "sounds"

// DefaultSounds is where most installations have it.
const DefaultSounds = "/etc/asterisk/dialtone/" + SoundFolder

// soundFolder is the path of the folder, in an argument of Playback.
type soundFolder struct{ text string }

var soundFolderPattern = regexp.MustCompile(`^(/[A-Za-z0-9._+@-]+)+$`)

func newSoundFolder(path string) (soundFolder, *pbx.Error) {
	path = cmp.Or(path, DefaultSounds)
	if !soundFolderPattern.MatchString(path) {
		return soundFolder{}, pbx.Invalidf("", "the folder of sounds %q cannot be written in a dialplan: "+
			"use letters, digits and . _ + @ - between slashes", path)
	}
	return soundFolder{path}, nil
}

func (f soundFolder) String() string { return f.text }

// soundName is a file in that folder: the hash of a sound.
type soundName struct{ text string }

func newSoundName(field, hash string) (soundName, *pbx.Error) {
	return soundName{hash}, pbx.CheckSound(field, hash)
}

func (n soundName) String() string { return n.text }

// Any reports whether there is one.
func (n soundName) Any() bool { return n.text != "" }

// playArg is a sound of Asterisk, or one of ours.
type playArg struct {
	text string
	Own  bool
}

var playPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_/-]*$`)

func newPlayArg(field, sound string) (playArg, *pbx.Error) {
	hash, own := strings.CutPrefix(sound, pbx.OwnSound)
	switch {
	case own:
		return playArg{hash, true}, pbx.CheckSound(field, hash)
	case sound != "" && !playPattern.MatchString(sound):
		return playArg{}, pbx.Invalidf(field, "is not the name of a sound")
	}
	return playArg{text: sound}, nil
}

func (a playArg) String() string { return a.text }

// Any reports whether there is one.
func (a playArg) Any() bool { return a.text != "" }
