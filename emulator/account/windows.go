package account

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Windows of time in which RDS and ElastiCache back up and maintain.

const clock = `([01][0-9]|2[0-3]):[0-5][0-9]`

var (
	dailyForm  = regexp.MustCompile(`^` + clock + `-` + clock + `$`)
	weeklyForm = regexp.MustCompile(`(?i)^(sun|mon|tue|wed|thu|fri|sat):` + clock + `-(sun|mon|tue|wed|thu|fri|sat):` + clock + `$`)
)

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// window is a span of minutes that starts within a day or a week and may run past its end.
type window struct{ start, length int }

// daily reads hh24:mi-hh24:mi, UTC.
func daily(text string) (window, bool) { return read(text, dailyForm, minutesOfDay) }

// weekly reads ddd:hh24:mi-ddd:hh24:mi, UTC.
func weekly(text string) (window, bool) { return read(text, weeklyForm, minutesOfWeek) }

func read(text string, form *regexp.Regexp, period int) (window, bool) {
	if !form.MatchString(text) {
		return window{}, false
	}
	from, to, _ := strings.Cut(strings.ToLower(text), "-")
	start, end := minute(from), minute(to)
	return window{start, (end - start + period) % period}, true
}

// minute is the minute of hh24:mi in the day, or of ddd:hh24:mi in the week.
func minute(moment string) int {
	day := 0
	if len(moment) > len("hh:mi") {
		day, moment = slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, moment[:3]), moment[4:]
	}
	h, _ := strconv.Atoi(moment[:2])
	m, _ := strconv.Atoi(moment[3:])
	return day*minutesOfDay + h*60 + m
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

// DailyWindow wants a window of a day of at least some minutes.
func DailyWindow(path string, least int) Rule {
	return Text(path, func(text string) string {
		if w, ok := daily(text); !ok {
			return fmt.Sprintf("%q must have the form hh24:mi-hh24:mi, such as 03:00-04:00", text)
		} else if w.length < least {
			return fmt.Sprintf("%q is shorter than %d minutes", text, least)
		}
		return ""
	})
}

// WeeklyWindow wants a window of a week of at least some minutes, and of less than a day.
func WeeklyWindow(path string, least int) Rule {
	return Text(path, func(text string) string {
		if w, ok := weekly(text); !ok {
			return fmt.Sprintf("%q must have the form ddd:hh24:mi-ddd:hh24:mi, such as sun:04:00-sun:05:00", text)
		} else if w.length < least {
			return fmt.Sprintf("%q is shorter than %d minutes", text, least)
		} else if w.length >= minutesOfDay {
			return fmt.Sprintf("%q is longer than 24 hours", text)
		}
		return ""
	})
}

// Apart refuses a backup window that overlaps with the maintenance window.
func Apart(dailyPath, weeklyPath string) Rule {
	return Rule{[]string{dailyPath, weeklyPath}, func(r *Rules) {
		day, ok := daily(r.In.Text(dailyPath))
		week, also := weekly(r.In.Text(weeklyPath))
		if ok && also && week.meets(day) {
			r.Refuse(dailyPath, "the window %s must not overlap with %s %s", r.In.Text(dailyPath), weeklyPath, r.In.Text(weeklyPath))
		}
	}}
}
