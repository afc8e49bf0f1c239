// Package nights reads environment.schedule: when an environment is awake. It computes the times of its steps in AWS's form, and what is
// saved.
package nights

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a container may have no time zones

	"github.com/robfig/cron/v3"
)

// Schedule is the section environment.schedule. Both times are cron expressions with five fields; without a schedule all are empty.
type Schedule struct {
	Up   string `json:"up"`   // when the application answers
	Down string `json:"down"` // when it answers no more
	Zone string `json:"zone"` // of both: Europe/Paris
}

// Set tells whether there is a schedule.
func (s Schedule) Set() bool { return s != Schedule{} }

// The steps before up and after down. RDS takes minutes to start and to stop (Amazon RDS user guide, "Stopping an Amazon RDS DB instance
// temporarily"), an instance of the cluster takes as long, and tasks that stop still use the database.
const (
	startLead = 20 // minutes: the database
	tasksLead = 10 // minutes: the tasks, and with them the instances
	stopDelay = 15 // minutes: the database
)

// longestStop is after how long RDS starts a stopped instance (the same page).
const longestStop = 7 * 24 * time.Hour

// Plan is a schedule that was understood.
type Plan struct {
	up, down *cron.SpecSchedule
	zone     *time.Location
}

// Problem is what is wrong with a key below environment.schedule.
type Problem struct{ Key, Text string }

// Plan reads the schedule. It is of use only without problems.
func (s Schedule) Plan() (p Plan, problems []Problem) {
	add := func(key, format string, args ...any) {
		problems = append(problems, Problem{key, fmt.Sprintf(format, args...)})
	}
	var err error
	if p.zone, err = time.LoadLocation(s.Zone); err != nil || s.Zone == "" || s.Zone == "Local" {
		add("zone", "%q is no time zone: a name of the IANA database such as Europe/Paris or UTC", s.Zone)
		p.zone = time.UTC
	}
	for _, one := range []struct {
		key, text string
		into      **cron.SpecSchedule
	}{{"up", s.Up, &p.up}, {"down", s.Down, &p.down}} {
		read, fault := parse(one.text)
		if fault != "" {
			add(one.key, "%q: %s", one.text, fault)
			continue
		}
		read.Location, *one.into = p.zone, read
	}
	if len(problems) > 0 {
		return p, problems
	}
	hours := list(p.up.Hour, 0, 23)
	if first := hours[0]*60 + minute(p.up); first < startLead {
		add("up", "%q is within %d minutes after midnight: the database starts so long before, on the day before; choose a later time", s.Up, startLead)
	}
	hours = list(p.down.Hour, 0, 23)
	if last := hours[len(hours)-1]*60 + minute(p.down); last+stopDelay >= 24*60 {
		add("down", "%q is within %d minutes before midnight: the database stops so long after, on the next day; choose an earlier time", s.Down, stopDelay)
	}
	if len(problems) > 0 {
		return p, problems
	}
	switch asleep, gap := p.walk(); {
	case asleep == 0:
		add("down", "%q with up %q never puts the environment to sleep: remove environment.schedule, or change one of them", s.Down, s.Up)
	case gap > longestStop:
		add("down", "%q with up %q leaves the database stopped for %.0f days: RDS starts an instance after 7. A down on more days, such as daily, stops it again", s.Down, s.Up, gap.Hours()/24)
	}
	return p, problems
}

// parse reads five fields. The minute is one number, so that a step some minutes earlier has an expression, too; AWS has no expression for
// a day of the month and of the week at once (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
func parse(text string) (*cron.SpecSchedule, string) {
	const form = "five fields of cron such as 0 7 * * 1-5: minute, hour, day of the month, month, day of the week (0-6, Sunday is 0)"
	if len(strings.Fields(text)) != 5 || strings.Contains(text, "=") {
		return nil, "not " + form
	}
	read, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(text)
	spec, ok := read.(*cron.SpecSchedule)
	switch {
	case err != nil || !ok:
		return nil, fmt.Sprintf("%v; expected are %s", err, form)
	case len(list(spec.Minute, 0, 59)) != 1:
		return nil, "the minute must be one number, as in 0 7 * * 1-5"
	case !every(spec.Dom, 1, 31) && !every(spec.Dow, 0, 6):
		return nil, "a day of the month and a day of the week: AWS takes one of them; write * for the other one"
	}
	return spec, ""
}

// list are the numbers of a field.
func list(field uint64, low, high int) (numbers []int) {
	for n := low; n <= high; n++ {
		if field&(1<<uint(n)) != 0 { //nolint:gosec // below 60
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func every(field uint64, low, high int) bool { return len(list(field, low, high)) == high-low+1 }

func minute(s *cron.SpecSchedule) int { return list(s.Minute, 0, 59)[0] }

// event is a moment at which the environment wakes or goes to sleep.
type event struct {
	at time.Time
	up bool
}

// events are those of a whole number of weeks, from a day that is the same in every run.
func (p Plan) events() (all []event) {
	from := time.Date(2027, 1, 4, 0, 0, 0, 0, p.zone)
	to := from.AddDate(0, 0, 2*52*7)
	for up, s := range map[bool]*cron.SpecSchedule{true: p.up, false: p.down} {
		for at := s.Next(from.Add(-time.Second)); !at.IsZero() && at.Before(to); at = s.Next(at) {
			all = append(all, event{at, up})
		}
	}
	slices.SortFunc(all, func(a, b event) int {
		if order := a.at.Compare(b.at); order != 0 || a.up == b.up {
			return order
		}
		if a.up { // at one moment it wakes and sleeps: it sleeps
			return -1
		}
		return 1
	})
	return all
}

// settling is how much later than down the last instance is gone, and how much earlier than up the first thing is paid again: ECS takes
// instances away when they had no task for 15 minutes (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html).
const settling = 45 * time.Minute

// walk returns which share of the time instances and database are not paid, from the first up to the last, and the longest time from a down
// to the next event.
func (p Plan) walk() (asleep float64, gap time.Duration) {
	all := p.events()
	var slept, total time.Duration
	var woke, since time.Time // for the first time; when it went to sleep
	for i, e := range all {
		if i > 0 && !all[i-1].up {
			gap = max(gap, e.at.Sub(all[i-1].at))
		}
		switch {
		case e.up && woke.IsZero():
			woke = e.at
		case e.up:
			if !since.IsZero() {
				slept += max(0, e.at.Sub(since)-settling)
			}
			since, total = time.Time{}, e.at.Sub(woke)
		case since.IsZero() && !woke.IsZero():
			since = e.at
		}
	}
	if total == 0 {
		return 0, gap
	}
	return float64(slept) / float64(total), gap
}

// settled is how long it takes until a database that is put to sleep can be started again.
const settled = 30 * time.Minute

// WakesBetween tells whether it is woken between two moments, or so soon after the second that a database which is stopped then could not
// be started. Waking begins with the database, before up.
func (p Plan) WakesBetween(from, to time.Time) bool {
	up := p.up.Next(from)
	return !up.IsZero() && up.Add(-startLead*time.Minute).Before(to.Add(settled))
}

// longestCycle is after how long every schedule has woken and slept.
const longestCycle = 366 * 24 * time.Hour

// SleepsAt tells whether its last step before a moment was to sleep.
func (p Plan) SleepsAt(now time.Time) bool {
	last := func(s *cron.SpecSchedule) (at time.Time) {
		for next := s.Next(now.Add(-longestCycle)); !next.IsZero() && !next.After(now); next = s.Next(next) {
			at = next
		}
		return at
	}
	down := last(p.down)
	return !down.IsZero() && !down.Before(last(p.up)) // at one moment it wakes and sleeps: it sleeps
}

// Asleep is the share of the time in which instances and database are not paid, 0 to 1.
func (p Plan) Asleep() float64 {
	share, _ := p.walk()
	return share
}
