package nights

import (
	"math"
	"strings"
	"testing"
	"time"
)

var office = Schedule{Up: "0 7 * * 1-5", Down: "0 20 * * *", Zone: "Europe/Paris"}

// TestTimes: AWS counts days of the week from 1, and wants a question mark for one of the days.
func TestTimes(t *testing.T) {
	for _, test := range []struct {
		schedule Schedule
		want     Times
		wakes    string
	}{
		{office, Times{"cron(40 6 ? * MON,TUE,WED,THU,FRI *)", "cron(50 6 ? * MON,TUE,WED,THU,FRI *)", "cron(0 7 ? * MON,TUE,WED,THU,FRI *)", "cron(0 20 * * ? *)", "cron(15 20 * * ? *)"},
			"at 07:00, Monday to Friday (Europe/Paris)"},
		{Schedule{"5 8,13 * 1-7,9-12 *", "30 12,18 * * *", "UTC"},
			Times{"cron(45 7,12 * 1,2,3,4,5,6,7,9,10,11,12 ? *)", "cron(55 7,12 * 1,2,3,4,5,6,7,9,10,11,12 ? *)", "cron(5 8,13 * 1,2,3,4,5,6,7,9,10,11,12 ? *)", "cron(30 12,18 * * ? *)", "cron(45 12,18 * * ? *)"},
			"at 08:05 and 13:05, every day in January, February, March, April, May, June, July, September, October, November, December (UTC)"},
		{Schedule{"30 6 1,15 * *", "0 20 * * *", "America/New_York"},
			Times{"cron(10 6 1,15 * ? *)", "cron(20 6 1,15 * ? *)", "cron(30 6 1,15 * ? *)", "cron(0 20 * * ? *)", "cron(15 20 * * ? *)"},
			"at 06:30, on day 1,15 of the month (America/New_York)"},
		{Schedule{"0 9 * * SUN,WED", "0 17 * * *", "Asia/Tokyo"},
			Times{"cron(40 8 ? * SUN,WED *)", "cron(50 8 ? * SUN,WED *)", "cron(0 9 ? * SUN,WED *)", "cron(0 17 * * ? *)", "cron(15 17 * * ? *)"},
			"at 09:00, Sunday, Wednesday (Asia/Tokyo)"},
	} {
		plan, problems := test.schedule.Plan()
		if len(problems) > 0 {
			t.Errorf("%v: %v", test.schedule, problems)
			continue
		}
		if got := plan.Times(); got != test.want {
			t.Errorf("%v:\n%v", test.schedule, got)
		}
		if got := plan.Wakes(); got != test.wakes {
			t.Errorf("%v wakes %q", test.schedule, got)
		}
	}
}

// TestAsleep: five days of 13 hours are awake, of the 168 hours of a week, and what is paid around each of them counts as awake.
func TestAsleep(t *testing.T) {
	plan, _ := office.Plan()
	if want := (168 - 5*13 - 5*0.75) / 168; math.Abs(plan.Asleep()-want) > 0.002 {
		t.Errorf("asleep for %.4f, not %.4f of the time", plan.Asleep(), want)
	}
}

// TestWindows: a backup and a maintenance while the database runs, in winter and in summer.
func TestWindows(t *testing.T) {
	for schedule, want := range map[Schedule][2]string{
		office: {"mon:06:00-mon:06:30", "07:00-07:30"},
		{"0 9 * * 1-5", "0 20 * * *", "Australia/Sydney"}: {"sun:23:00-sun:23:30", "00:00-00:30"},
	} {
		plan, _ := schedule.Plan()
		if maintenance, backup := plan.Windows(); maintenance != want[0] || backup != want[1] {
			t.Errorf("%v: %s, %s", schedule, maintenance, backup)
		}
	}
}

// TestWakesBetween: a deployment at night ends before the morning begins with the database, or the environment stays awake. 2027-03-28 has
// summer time from 02:00 on.
func TestWakesBetween(t *testing.T) {
	plan, _ := office.Plan()
	for _, test := range []struct {
		from, to string
		want     bool
	}{
		{"2027-01-04 02:00", "2027-01-04 02:30", false},
		{"2027-01-04 05:40", "2027-01-04 06:09", false}, // the database can be started again at 06:40
		{"2027-01-04 05:40", "2027-01-04 06:11", true},
		{"2027-01-04 06:45", "2027-01-04 07:20", true}, // the database was started before it began
		{"2027-01-04 12:00", "2027-01-04 12:30", false},
		{"2027-01-09 06:30", "2027-01-09 07:30", false}, // a Saturday
		{"2027-03-29 05:40", "2027-03-29 06:11", true},
	} {
		moment := func(text string) time.Time {
			at, err := time.ParseInLocation("2006-01-02 15:04", text, plan.zone)
			if err != nil {
				t.Fatal(err)
			}
			return at.UTC()
		}
		if got := plan.WakesBetween(moment(test.from), moment(test.to)); got != test.want {
			t.Errorf("from %s to %s: %t", test.from, test.to, got)
		}
	}
}

// TestSleepsAt: Paris is an hour before UTC in January. On Saturday it is put to sleep once more.
func TestSleepsAt(t *testing.T) {
	plan, _ := office.Plan()
	for text, want := range map[string]bool{
		"2027-01-04T05:59:00Z": true, "2027-01-04T06:00:00Z": false, "2027-01-04T18:59:00Z": false, "2027-01-04T19:00:00Z": true,
		"2027-01-09T12:00:00Z": true, "2027-01-10T18:30:00Z": true, "2027-01-11T06:30:00Z": false,
	} {
		at, err := time.Parse(time.RFC3339, text)
		if got := plan.SleepsAt(at); err != nil || got != want {
			t.Errorf("%s: %t, %v", text, got, err)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, test := range []struct {
		schedule Schedule
		key, say string
	}{
		{Schedule{"", "0 20 * * *", "UTC"}, "up", "not five fields of cron such as 0 7 * * 1-5"},
		{Schedule{"0 7 * * 1-5", "20:00", "UTC"}, "down", "not five fields"},
		{Schedule{"TZ=UTC 7 * * 1", "0 20 * * *", "UTC"}, "up", "not five fields"},
		{Schedule{"0 25 * * *", "0 20 * * *", "UTC"}, "up", "above maximum"},
		{Schedule{"*/5 7 * * *", "0 20 * * *", "UTC"}, "up", "the minute must be one number"},
		{Schedule{"0 7 1 * 1", "0 20 * * *", "UTC"}, "up", "AWS takes one of them"},
		{Schedule{"0 7 * * *", "0 20 * * *", "Paris"}, "zone", "no time zone"},
		{Schedule{"0 7 * * *", "0 20 * * *", ""}, "zone", "no time zone"},
		{Schedule{"0 7 * * *", "0 20 * * *", "Local"}, "zone", "no time zone"},
		{Schedule{"10 0 * * *", "0 20 * * *", "UTC"}, "up", "within 20 minutes after midnight"},
		{Schedule{"0 7 * * *", "50 23 * * *", "UTC"}, "down", "within 15 minutes before midnight"},
		{Schedule{"0 7 * * *", "0 7 30 2 *", "UTC"}, "down", "never puts the environment to sleep"},
		{Schedule{"0 7 1 * *", "0 20 * * 5", "UTC"}, "", ""},
		{Schedule{"0 7 1 * *", "0 20 2 * *", "UTC"}, "down", "RDS starts an instance after 7"},
		{Schedule{"0 7 * 1-7,9-12 *", "0 20 * * *", "UTC"}, "", ""}, // the nightly down stops it again in August
	} {
		_, problems := test.schedule.Plan()
		if test.say == "" && len(problems) > 0 || test.say != "" && (len(problems) != 1 || problems[0].Key != test.key || !strings.Contains(problems[0].Text, test.say)) {
			t.Errorf("%v: %v", test.schedule, problems)
		}
	}
}
