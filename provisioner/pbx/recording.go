package pbx

import (
	"regexp"
	"time"
)

// Recording is a recorded call: a file that Asterisk wrote. It is not part of
// the configuration.
type Recording struct {
	Tenant  string
	Name    string // of the file without .wav, key within the tenant
	Started time.Time
	From    string // caller's number
	To      string // number that was dialled, letters and digits of it
	Bytes   int64  // 0 while there is no sound
	// Finished says that the file is complete; the call goes on otherwise.
	Finished bool
}

// RecordingFolder is below Asterisk's spool for monitored calls; in it each
// tenant has a folder of its own.
const RecordingFolder = "dialtone"

// RecordingSuffix ends the file name of a recording.
const RecordingSuffix = ".wav"

// recordingTime begins a recording's name, in UTC.
const recordingTime = "20060102T150405Z"

// The dialplan makes the name: TIME_FROM_TO_UNIQUEID.
var recordingName = regexp.MustCompile(`^(\d{8}T\d{6}Z)_([0-9A-Za-z]*)_([0-9A-Za-z]*)_[0-9A-Za-z.-]{1,200}$`)

// notInNumber and notInID are what a name leaves out.
var (
	notInNumber = regexp.MustCompile(`[^0-9A-Za-z]`)
	notInID     = regexp.MustCompile(`[^0-9A-Za-z.-]`)
)

// RecordingName is the name that the dialplan would make: of a channel by its
// Uniqueid, from one number to another.
func RecordingName(at time.Time, from, to, id string) string {
	return at.UTC().Format(recordingTime) + "_" + notInNumber.ReplaceAllString(from, "") + "_" +
		notInNumber.ReplaceAllString(to, "") + RecordingEnd(id)
}

// RecordingEnd is what the names of all recordings of a channel end with.
func RecordingEnd(id string) string { return "_" + notInID.ReplaceAllString(id, "") }

// ParseRecording reads the name of a recording.
func ParseRecording(tenant, name string) (*Recording, *Error) {
	part := recordingName.FindStringSubmatch(name)
	if part == nil {
		return nil, Invalidf("name", "%s is not the name of a recording", quote(name))
	}
	at, err := time.Parse(recordingTime, part[1])
	if err != nil {
		return nil, Invalidf("name", "%s does not begin with a time", quote(name))
	}
	return &Recording{Tenant: tenant, Name: name, Started: at, From: part[2], To: part[3]}, nil
}

// wavHeader and wavRate are those of the files: 16 bits, one channel, 8,000 Hz.
const (
	wavHeader = 44
	wavRate   = 16000
)

// Length is how long the recording plays.
func (r *Recording) Length() time.Duration {
	return time.Duration(max(r.Bytes-wavHeader, 0)) * time.Second / wavRate
}
