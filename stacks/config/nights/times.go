package nights

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Times are the steps of a plan as expressions of EventBridge Scheduler, in the order of a day.
type Times struct {
	Start string // of the database
	Tasks string // of tasks and instances
	Open  string // the page goes
	Close string // the page comes, and the tasks go
	Stop  string // of the database
}

// Times computes the steps.
func (p Plan) Times() Times {
	return Times{
		Start: expression(p.up, -startLead), Tasks: expression(p.up, -tasksLead), Open: expression(p.up, 0),
		Close: expression(p.down, 0), Stop: expression(p.down, stopDelay),
	}
}

// expression is a time in AWS's form, some minutes later or earlier on the same day: cron(minutes hours day-of-month month day-of-week year),
// in which one of the days is a question mark (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
func expression(s *cron.SpecSchedule, minutes int) string {
	at := 0
	var hours []int
	for _, hour := range list(s.Hour, 0, 23) {
		moment := hour*60 + minute(s) + minutes
		at = moment % 60
		hours = append(hours, moment/60)
	}
	days, weekdays := field(list(s.Dom, 1, 31), 31), "?"
	if !every(s.Dow, 0, 6) {
		days, weekdays = "?", strings.ToUpper(strings.Join(names(list(s.Dow, 0, 6), 3), ","))
	}
	return fmt.Sprintf("cron(%d %s %s %s %s *)", at, field(hours, 24), days, field(list(s.Month, 1, 12), 12), weekdays)
}

// field lists numbers; all of them are a star.
func field(numbers []int, all int) string {
	if len(numbers) == all {
		return "*"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
}

// names are those of days of the week, cut.
func names(days []int, letters int) (list []string) {
	for _, day := range days {
		name := time.Weekday(day).String()
		list = append(list, name[:min(letters, len(name))])
	}
	return list
}

// Wakes says when the environment wakes: "at 07:00, Monday to Friday (Europe/Paris)".
func (p Plan) Wakes() string {
	var times []string
	for _, hour := range list(p.up.Hour, 0, 23) {
		times = append(times, fmt.Sprintf("%02d:%02d", hour, minute(p.up)))
	}
	days, months := list(p.up.Dow, 0, 6), list(p.up.Month, 1, 12)
	when := "every day"
	switch {
	case !every(p.up.Dom, 1, 31):
		when = "on day " + field(list(p.up.Dom, 1, 31), 31) + " of the month"
	case len(days) == 7:
	case len(days) > 2 && days[len(days)-1]-days[0] == len(days)-1:
		when = names(days[:1], 9)[0] + " to " + names(days[len(days)-1:], 9)[0]
	default:
		when = strings.Join(names(days, 9), ", ")
	}
	if len(months) < 12 {
		var list []string
		for _, month := range months {
			list = append(list, time.Month(month).String())
		}
		when += " in " + strings.Join(list, ", ")
	}
	return fmt.Sprintf("at %s, %s (%s)", strings.Join(times, " and "), when, p.zone)
}

// Windows are the weekly maintenance and the daily backup of RDS, in UTC and in its form, in the first two hours in which the environment
// is awake: a stopped instance has neither (Amazon RDS user guide, "Introduction to backups"). UTC has no summer time, so in summer, on either
// half of the earth, they are an hour later by the clock. Each has the least length that RDS takes, half an hour, and they do not overlap.
func (p Plan) Windows() (maintenance, backup string) {
	all := p.events()
	first := slices.IndexFunc(all, func(e event) bool { return e.up })
	at := all[max(0, first)].at
	_, now := at.Zone()
	_, later := at.AddDate(0, 6, 0).Zone()
	at = at.UTC().Add(time.Duration(max(0, now-later)) * time.Second) // the day is in January
	day := func(t time.Time) string { return strings.ToLower(t.Weekday().String()[:3]) + ":" + t.Format("15:04") }
	span := func(after time.Duration, form func(time.Time) string) string {
		return form(at.Add(after)) + "-" + form(at.Add(after+30*time.Minute))
	}
	return span(0, day), span(time.Hour, func(t time.Time) string { return t.Format("15:04") })
}
