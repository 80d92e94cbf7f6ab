package phoneconf

import (
	"fmt"
	"time"
)

// yealinkClock holds the local_time parameters.
type yealinkClock struct {
	Zone       yealinkValue // hours from UTC: +1, -3:30, +5:45
	Summer     int          // 1 when Start and End apply
	Start, End yealinkValue // Month/Week/Weekday/Hour, week 5 the last, Sunday 7
	Minutes    int          // added in summer
}

func (w *yealinkWriter) clock(c clock) yealinkClock {
	out := yealinkClock{Zone: w.value("time zone", yealinkOffset(c.Offset)), Minutes: c.Save / 60}
	if c.Save != 0 {
		out.Summer = 1
		out.Start, out.End = w.value("summer", yealinkChange(c.Start)), w.value("summer", yealinkChange(c.End))
	}
	return out
}

// yealinkOffset writes seconds east of UTC as 0, +1, -3:30, +5:45.
func yealinkOffset(seconds int) string {
	sign, minutes := "+", seconds/60
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	switch {
	case minutes == 0:
		return "0"
	case minutes%60 == 0:
		return fmt.Sprintf("%s%d", sign, minutes/60)
	}
	return fmt.Sprintf("%s%d:%02d", sign, minutes/60, minutes%60)
}

// yealinkChange writes Month/Week/Weekday/Hour. The vendor's own comment on the
// order is muddled; the US rule is 3/2/7/2 (second Sunday of March at two).
func yealinkChange(c change) string {
	day := int(c.Weekday)
	if c.Weekday == time.Sunday {
		day = 7
	}
	return fmt.Sprintf("%d/%d/%d/%d", c.Month, c.Week, day, c.Hour)
}
