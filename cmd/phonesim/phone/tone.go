package phone

import (
	"context"
	"fmt"
	"math"
	"time"
)

const (
	sampleRate = 8000
	// window is the piece of audio judged at once: 50 ms, so frequencies 20 Hz apart are told from each other.
	window = 400
	// toneShare is the part of a window's energy a tone must have. Noise gives about 1/200, a tone 20 Hz beside it nearly
	// 0, a clean tone 1; a quarter still finds each of three tones mixed by a conference.
	toneShare = 0.25
	toneLevel = -40.0 // dBFS: below, it is too quiet to be a tone
	loudLevel = -45.0 // dBFS: above, it is not silence
	// gapLimit is how many lost packets in a row end a tone.
	gapLimit = 10
	toneAmp  = 8000
)

// oscillator makes a continuous sine.
type oscillator struct{ hz, phase float64 }

// fill writes the next samples; without a tone, silence.
func (o *oscillator) fill(buf []int16) {
	if o.hz == 0 {
		clear(buf)
		return
	}
	step := 2 * math.Pi * o.hz / sampleRate
	for i := range buf {
		buf[i] = int16(toneAmp * math.Sin(o.phase))
		o.phase = math.Mod(o.phase+step, 2*math.Pi)
	}
}

// Tone sends a continuous sine of hz (20 to 3900) from now on; 0 goes back to silence.
func (c *Call) Tone(hz float64) {
	c.media.mu.Lock()
	defer c.media.mu.Unlock()
	c.media.tone.hz = hz
}

// share is how much of the window's energy lies at hz, 0 to 1 (Goertzel's algorithm).
func share(samples []float64, hz float64) float64 {
	var energy float64
	for _, x := range samples {
		energy += x * x
	}
	if energy == 0 {
		return 0
	}
	k := 2 * math.Cos(2*math.Pi*hz/sampleRate)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = x+k*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - k*s1*s2
	return 2 * power / (float64(len(samples)) * energy)
}

// level is the window's loudness in dBFS; silence is -100.
func level(samples []float64) float64 {
	var energy float64
	for _, x := range samples {
		energy += x * x
	}
	if energy == 0 || len(samples) == 0 {
		return -100
	}
	return max(-100, 10*math.Log10(energy/float64(len(samples))/(32768*32768)))
}

// dominant is the strongest frequency of the window, to the nearest 20 Hz; 0 in silence.
func dominant(samples []float64) float64 {
	var best, at float64
	for hz := 60.0; hz <= 3900; hz += 20 {
		if s := share(samples, hz); s > best {
			best, at = s, hz
		}
	}
	return at
}

// ear listens to the incoming audio of a call. The media's lock guards it.
type ear struct {
	hz       float64 // 0: only listens for silence
	want     int     // samples of tone in a row
	buf      []float64
	last     []float64 // the last full window
	run      int       // samples of tone in a row so far
	best     int
	packets  int
	lastLoud time.Time
	found    *latch
}

// hear takes the samples of one packet. A lost packet breaks the phase, so the window it falls into is thrown away;
// a few lost ones do not end a tone.
func (e *ear) hear(samples []int16, missing int) {
	e.packets++
	if missing > 0 {
		e.buf = e.buf[:0]
		if missing > gapLimit {
			e.run = 0
		}
	}
	for _, s := range samples {
		e.buf = append(e.buf, float64(s))
		if len(e.buf) == window {
			e.judge()
			e.last = append(e.last[:0], e.buf...)
			e.buf = e.buf[:0]
		}
	}
}

func (e *ear) judge() {
	l := level(e.buf)
	if l > loudLevel {
		e.lastLoud = time.Now()
	}
	if e.hz == 0 {
		return
	}
	if l < toneLevel || share(e.buf, e.hz) < toneShare {
		e.run = 0
		return
	}
	e.run += window
	e.best = max(e.best, e.run)
	if e.run >= e.want {
		e.found.fire()
	}
}

// HearError tells what was heard instead.
type HearError struct {
	Want     string        // "1000 Hz for 1s" or "silence for 1s"
	Packets  int           // received while listening
	Level    float64       // dBFS of the last 50 ms
	Dominant float64       // strongest frequency in them, Hz, nearest 20; 0: none
	Longest  time.Duration // longest the wanted tone was heard
	Cause    error
}

// Error puts all of it in one line.
func (e *HearError) Error() string {
	return fmt.Sprintf("did not hear %s: %d packets, last level %.0f dBFS, strongest %.0f Hz, wanted tone for at most %v: %v",
		e.Want, e.Packets, e.Level, e.Dominant, e.Longest, e.Cause)
}

// Unwrap gives the context's error, or why the call ended.
func (e *HearError) Unwrap() error { return e.Cause }

// Hear waits until a tone of hz was heard without a break for at least d of audio; at ctx's or the call's end a
// *HearError tells what was heard instead. Tones nearer than 20 Hz are taken for the same.
func (c *Call) Hear(ctx context.Context, hz float64, d time.Duration) error {
	e := &ear{hz: hz, want: int(d * sampleRate / time.Second), found: newLatch()}
	c.media.listen(e)
	defer c.media.ignore(e)
	select {
	case <-e.found.ch:
		return nil
	case <-ctx.Done():
		return c.media.instead(e, fmt.Sprintf("%.0f Hz for %v", hz, d), ctx.Err())
	case <-c.done.ch:
		if e.found.fired() {
			return nil
		}
		return c.media.instead(e, fmt.Sprintf("%.0f Hz for %v", hz, d), c.over())
	}
}

// Silent waits until nothing louder than -45 dBFS came for d, whether by silent packets or by none.
func (c *Call) Silent(ctx context.Context, d time.Duration) error {
	e := &ear{lastLoud: time.Now(), found: newLatch()}
	c.media.listen(e)
	defer c.media.ignore(e)
	wait := d
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return c.media.instead(e, fmt.Sprintf("silence for %v", d), ctx.Err())
		case <-c.done.ch:
			timer.Stop()
			return c.media.instead(e, fmt.Sprintf("silence for %v", d), c.over())
		}
		if wait = d - c.media.sinceLoud(e); wait <= 0 {
			return nil
		}
	}
}

func (m *media) listen(e *ear) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ears[e] = struct{}{}
}

func (m *media) ignore(e *ear) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.ears, e)
}

func (m *media) sinceLoud(e *ear) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(e.lastLoud)
}

func (m *media) instead(e *ear, want string, cause error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &HearError{Want: want, Packets: e.packets, Level: level(e.last), Dominant: dominant(e.last),
		Longest: time.Duration(e.best) * time.Second / sampleRate, Cause: cause}
}
