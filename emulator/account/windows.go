package account

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	dailyForm  = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$`)
	weeklyForm = regexp.MustCompile(`(?i)^(sun|mon|tue|wed|thu|fri|sat):([01][0-9]|2[0-3]):[0-5][0-9]-(sun|mon|tue|wed|thu|fri|sat):([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// window is a span of minutes that starts within a day or a week and may run past its end.
type window struct{ start, length int }

// daily reads hh24:mi-hh24:mi, UTC.
func daily(text string) (window, bool) {
	if !dailyForm.MatchString(text) {
		return window{}, false
	}
	from, to, _ := strings.Cut(text, "-")
	start, end := minuteOfDay(from), minuteOfDay(to)
	return window{start, (end - start + minutesOfDay) % minutesOfDay}, true
}

// weekly reads ddd:hh24:mi-ddd:hh24:mi, UTC.
func weekly(text string) (window, bool) {
	if !weeklyForm.MatchString(text) {
		return window{}, false
	}
	days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	minute := func(moment string) int {
		return slices.Index(days, moment[:3])*minutesOfDay + minuteOfDay(moment[4:])
	}
	from, to, _ := strings.Cut(strings.ToLower(text), "-")
	start, end := minute(from), minute(to)
	return window{start, (end - start + minutesOfWeek) % minutesOfWeek}, true
}

// meets tells whether a daily window falls into this weekly one on any day.
func (w window) meets(day window) bool {
	for d := -1; d <= 7; d++ {
		start := d*minutesOfDay + day.start
		for _, shift := range []int{0, minutesOfWeek} {
			if start < w.start+w.length-shift && w.start-shift < start+day.length {
				return true
			}
		}
	}
	return false
}

func minuteOfDay(clock string) int {
	hours, minutes, _ := strings.Cut(clock, ":")
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	return h*60 + m
}

// dailyWindow and weeklyWindow check the form and least length of a window.
func (r *Rules) DailyWindow(path string, least int) {
	r.Each(path, func(place, text string) {
		if w, ok := daily(text); !ok {
			r.Refuse(place, "%q must have the form hh24:mi-hh24:mi, such as 03:00-04:00", text)
		} else if w.length < least {
			r.Refuse(place, "%q is shorter than %d minutes", text, least)
		}
	})
}

func (r *Rules) WeeklyWindow(path string, least int) {
	r.Each(path, func(place, text string) {
		if w, ok := weekly(text); !ok {
			r.Refuse(place, "%q must have the form ddd:hh24:mi-ddd:hh24:mi, such as sun:04:00-sun:05:00", text)
		} else if w.length < least {
			r.Refuse(place, "%q is shorter than %d minutes", text, least)
		} else if w.length >= minutesOfDay {
			r.Refuse(place, "%q is longer than 24 hours", text)
		}
	})
}

// apart refuses a backup window that falls into the maintenance window.
func (r *Rules) Apart(dailyPath, weeklyPath string) {
	day, ok := daily(r.In.Text(dailyPath))
	week, also := weekly(r.In.Text(weeklyPath))
	if ok && also && week.meets(day) {
		r.Refuse(dailyPath, "the window %s must not overlap with %s %s", r.In.Text(dailyPath), weeklyPath, r.In.Text(weeklyPath))
	}
}
