package ami

import "context"

// DeviceState is Asterisk's word for what a device does (devicestate.h); hints and lamps follow from it.
type DeviceState string

// The states of a device.
const (
	DeviceUnknown     DeviceState = "UNKNOWN"
	DeviceNotInUse    DeviceState = "NOT_INUSE"
	DeviceInUse       DeviceState = "INUSE"
	DeviceBusy        DeviceState = "BUSY"
	DeviceInvalid     DeviceState = "INVALID"
	DeviceUnavailable DeviceState = "UNAVAILABLE" // no contact that can be reached
	DeviceRinging     DeviceState = "RINGING"
	DeviceRingInUse   DeviceState = "RINGINUSE" // rings while another call is up
	DeviceOnHold      DeviceState = "ONHOLD"
)

// DeviceStates lists the state of every device Asterisk has heard of since its start.
func (s *Session) DeviceStates(ctx context.Context) ([]DeviceStateChange, error) {
	frames, err := s.list(ctx, listSpec{action: "DeviceStateList", item: "DeviceStateChange",
		complete: "DeviceStateListComplete"})
	if err != nil {
		return nil, err
	}
	states := make([]DeviceStateChange, 0, len(frames))
	for _, f := range frames {
		states = append(states, newDeviceStateChange(f))
	}
	return states, nil
}
