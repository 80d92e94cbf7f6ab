package asteriskconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// parkingFile configures res_parking.
const parkingFile = "dialtone/res_parking.conf"

// parkingMarker is the context in which the marker's lot puts an extension that has
// the file's hash as its name: it carries nothing else that can be asked for.
const parkingMarker = ownPrefix + "parking"

// parkingView is what res_parking.conf's template sees.
type parkingView struct {
	Back string // context of calls that nobody has taken
	Lots []parkingLot
}

// parkingLot is where one tenant's calls are parked.
type parkingLot struct {
	Name        contextName
	First, Last slotNumber
	Seconds     int
	Music       musicName
}

func parkingOf(s *pbx.Snapshot, _ Options) (any, error) {
	v := parkingView{Back: pbx.ParkedBackContext}
	for _, t := range s.Tenants {
		codes := s.CodesOf(t.Name)
		slots := slotsOf(codes)
		if len(slots) == 0 {
			continue
		}
		var es pbx.Errors
		lot := parkingLot{First: slots[0], Last: slots[len(slots)-1], Seconds: codes.ParkSeconds}
		into(&es, &lot.Name)(newContextName("name", t.Name, pbx.ParkContext))
		into(&es, &lot.Music)(newMusicName("music", s.MusicOfTenant(t.Name).Class))
		es.Add(pbx.CheckRange("park_seconds", codes.ParkSeconds, 1, 3600, "seconds"))
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("parking of tenant %s: %w", t.Name, err)
		}
		v.Lots = append(v.Lots, lot)
	}
	return v, nil
}
