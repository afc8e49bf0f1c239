package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What the types of several services share: forms, windows of time, and where subnets and security groups are.

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
func (r *rules) dailyWindow(path string, least int) {
	r.each(path, func(place, text string) {
		if w, ok := daily(text); !ok {
			r.refuse(place, "%q must have the form hh24:mi-hh24:mi, such as 03:00-04:00", text)
		} else if w.length < least {
			r.refuse(place, "%q is shorter than %d minutes", text, least)
		}
	})
}

func (r *rules) weeklyWindow(path string, least int) {
	r.each(path, func(place, text string) {
		if w, ok := weekly(text); !ok {
			r.refuse(place, "%q must have the form ddd:hh24:mi-ddd:hh24:mi, such as sun:04:00-sun:05:00", text)
		} else if w.length < least {
			r.refuse(place, "%q is shorter than %d minutes", text, least)
		} else if w.length >= minutesOfDay {
			r.refuse(place, "%q is longer than 24 hours", text)
		}
	})
}

// apart refuses a backup window that falls into the maintenance window.
func (r *rules) apart(dailyPath, weeklyPath string) {
	day, ok := daily(r.in.Text(dailyPath))
	week, also := weekly(r.in.Text(weeklyPath))
	if ok && also && week.meets(day) {
		r.refuse(dailyPath, "the window %s must not overlap with %s %s", r.in.Text(dailyPath), weeklyPath, r.in.Text(weeklyPath))
	}
}

// arn wants names of AWS resources.
func (r *rules) arn(path string) {
	r.matches(path, arnForm, "an ARN such as arn:aws:service:region:123456789012:name is needed")
}

// jsonDocument wants a JSON text.
func (r *rules) jsonDocument(path string) {
	r.each(path, func(place, text string) {
		if !json.Valid([]byte(text)) {
			r.refuse(place, "is not valid JSON")
		}
	})
}

// member refuses a set of whole numbers' outsiders.
func (r *rules) member(path string, allowed ...int) {
	for _, place := range r.in.Expand(path) {
		if n, ok := r.in.Int(place); ok && !slices.Contains(allowed, n) {
			r.refuse(place, "%d is not one of %v", n, allowed)
		}
	}
}

// hyphens applies the rule that RDS and ElastiCache have for identifiers beyond their characters.
func (r *rules) hyphens(path string) {
	r.each(path, func(place, text string) {
		if strings.Contains(text, "--") {
			r.refuse(place, "%q cannot contain two hyphens in a row", text)
		}
		if strings.HasSuffix(text, "-") {
			r.refuse(place, "%q cannot end with a hyphen", text)
		}
	})
}

// zones returns the availability zones that the subnets lie in, without doubles and in order, and their VPC.
// mixed tells that they lie in several VPCs.
func (tx *Tx) zones(subnets []string) (zones []string, vpc string, mixed bool) {
	for _, id := range subnets {
		subnet, ok := tx.Get(subnetToken, id)
		if !ok {
			continue
		}
		if zone := subnet.Outputs.Text("availabilityZone"); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
		switch of := subnet.Outputs.Text("vpcId"); {
		case vpc == "":
			vpc = of
		case vpc != of:
			mixed = true
		}
	}
	slices.Sort(zones)
	return zones, vpc, mixed
}

// stranger returns the first security group that is not in the VPC.
func (tx *Tx) stranger(groups []string, vpc string) (Resource, bool) {
	for _, id := range groups {
		if group, ok := tx.Get(securityGroupToken, id); ok && group.Outputs.Text("vpcId") != vpc {
			return group, true
		}
	}
	return Resource{}, false
}

// defaultKey is the ARN of the key that AWS manages for a service in this account.
func (tx *Tx) defaultKey(service string) string {
	id := stableHex("key "+service+" "+tx.Region(), 32)
	return tx.ARN("kms", fmt.Sprintf("key/%s-%s-4%s-a%s-%s", id[:8], id[8:12], id[13:16], id[17:20], id[20:]))
}

// afterSlash is the last part of an ARN or path: the name behind arn:...:cluster/name, or the text itself.
func afterSlash(text string) string { return text[strings.LastIndex(text, "/")+1:] }

// list turns texts into a list of the engine's.
func list(texts ...string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// unique returns texts in order and without doubles.
func unique(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// setDefault sets what AWS fills in for an input that was left out.
func setDefault(out Values, name string, value any) {
	if current, ok := out[name]; !ok || current == nil || current == "" || current == 0.0 {
		out[name] = value
	}
}

// stableHex makes digits that are the same whenever they are asked for.
func stableHex(seed string, n int) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])[:n]
}

// stableLetters is stableHex with lower case letters and digits.
func stableLetters(seed string, n int) string {
	value, _ := new(big.Int).SetString(stableHex(seed, 64), 16)
	return value.Text(36)[:n]
}

// now is the time of the operation for dates that are compared.
func (tx *Tx) now() time.Time {
	moment, _ := time.Parse(time.RFC3339, tx.Now())
	return moment
}
