package asteriskconf

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// cdrFile has cdr_custom write a line for each record of Asterisk's own.
const cdrFile = "dialtone/cdr_custom.conf"

// CDRLinesFile is where the lines go, below Asterisk's log folder: cdr_custom puts a file
// without a folder of its own there.
const CDRLinesFile = "cdr-custom/" + cdrLinesName

const cdrLinesName = "dialtone.csv"

// cdrFields are the values of a line, as arguments of the dialplan function CDR; with
// "u" a time is in seconds since 1970, whatever the zone. Both generations understand
// the function, and the newer one makes of it what it reads fastest.
var cdrFields = []string{"linkedid", "uniqueid", "sequence", "channel", "dstchannel", "dcontext", "dst", "src", "clid",
	"accountcode",
	"lastapp", "lastdata", "disposition", "start,u", "answer,u", "end,u"}

// cdrView is what cdr_custom.conf's template sees.
type cdrView struct {
	File   string
	Fields []string
}

func cdrOf(*pbx.Snapshot, Options) (any, error) {
	return cdrView{File: cdrLinesName, Fields: cdrFields}, nil
}
