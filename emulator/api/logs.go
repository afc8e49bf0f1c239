package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// describeLogGroups answers https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html: 50 a page.
func (s *Server) describeLogGroups(_ context.Context, in *logs.DescribeLogGroupsInput) (*logs.DescribeLogGroupsOutput, error) {
	var all []types.LogGroup
	for _, r := range s.logGroups() {
		v := r.Outputs
		name := v.Text("name")
		if !strings.HasPrefix(name, text(in.LogGroupNamePrefix)) || !strings.Contains(strings.ToLower(name), strings.ToLower(text(in.LogGroupNamePattern))) {
			continue
		}
		one := types.LogGroup{
			LogGroupName: ptr(name), LogGroupArn: ptr(v.Text("arn")), Arn: ptr(v.Text("arn") + ":*"), LogGroupClass: types.LogGroupClass(v.Text("logGroupClass")),
			KmsKeyId: optional(v.Text("kmsKeyId")), RetentionInDays: optionalInt32(v, "retentionInDays"),
		}
		if one.RetentionInDays != nil && *one.RetentionInDays == 0 {
			one.RetentionInDays = nil // never expires
		}
		all = append(all, one)
	}
	part, next, err := page(all, in.NextToken, in.Limit, 50)
	return &logs.DescribeLogGroupsOutput{LogGroups: part, NextToken: next}, err
}

func (s *Server) logGroups() []account.Resource {
	all := s.account.List(account.LogGroupToken)
	slices.SortFunc(all, func(a, b account.Resource) int {
		return strings.Compare(a.Outputs.Text("name"), b.Outputs.Text("name"))
	})
	return all
}

// filterLogEvents answers https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html: 10,000 events a page.
func (s *Server) filterLogEvents(ctx context.Context, in *logs.FilterLogEventsInput) (*logs.FilterLogEventsOutput, error) {
	name := text(in.LogGroupName)
	if name == "" {
		_, name, _ = strings.Cut(text(in.LogGroupIdentifier), ":log-group:")
	}
	if !slices.ContainsFunc(s.logGroups(), func(r account.Resource) bool { return r.Outputs.Text("name") == name }) {
		return nil, refuse("ResourceNotFoundException", "The specified log group does not exist.")
	}
	if in.LogStreamNamePrefix != nil && len(in.LogStreamNames) > 0 {
		return nil, refuse("InvalidParameterException", "You cannot specify both logStreamNames and logStreamNamePrefix in the same request.")
	}
	matches, err := readPattern(text(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	since := time.Time{}
	if in.StartTime != nil {
		since = time.UnixMilli(*in.StartTime)
	}
	lines, err := s.runtime.Lines(ctx, name, since)
	if err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(l state.Line) bool {
		at := l.At.UnixMilli()
		return in.StartTime != nil && at < *in.StartTime || in.EndTime != nil && at > *in.EndTime || !strings.HasPrefix(l.Stream, text(in.LogStreamNamePrefix)) ||
			len(in.LogStreamNames) > 0 && !slices.Contains(in.LogStreamNames, l.Stream) || !matches(l.Text)
	})
	part, next, err := page(lines, in.NextToken, in.Limit, 10000)
	return &logs.FilterLogEventsOutput{NextToken: next, Events: convert(part, func(l state.Line) types.FilteredLogEvent {
		return types.FilteredLogEvent{
			EventId: ptr(fmt.Sprintf("%020d", l.At.UnixNano()) + digest(l.Stream + l.Text)[:16]), LogStreamName: ptr(l.Stream), Message: ptr(l.Text),
			Timestamp: ptr(l.At.UnixMilli()), IngestionTime: ptr(l.At.UnixMilli()),
		}
	})}, err
}

// readPattern reads the simple form of a filter pattern: terms that must all be there, ?terms of which one must be, and
// -terms that must not. A term with other characters than letters, digits and _ stands in quotes. Letters are not folded.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html.
func readPattern(pattern string) (matches func(string) bool, err error) {
	var all, some, none []string
	for rest := strings.TrimSpace(pattern); rest != ""; rest = strings.TrimSpace(rest) {
		list := &all
		switch rest[0] {
		case '{', '[', '%':
			return nil, refuse("InvalidParameterException", "Invalid filter pattern: the emulator matches terms and phrases, not %c", rest[0])
		case '?':
			list, rest = &some, rest[1:]
		case '-':
			list, rest = &none, rest[1:]
		}
		var term string
		if phrase, quoted := strings.CutPrefix(rest, `"`); quoted {
			if term, rest, quoted = cutQuoted(phrase); !quoted {
				return nil, refuse("InvalidParameterException", "Invalid filter pattern")
			}
		} else {
			term, rest, _ = strings.Cut(rest, " ")
			if term == "" || strings.ContainsFunc(term, func(r rune) bool { return !isWord(r) }) {
				return nil, refuse("InvalidParameterException", "Invalid character(s) in term '%s'", term)
			}
		}
		*list = append(*list, term)
	}
	return func(line string) bool {
		has := func(term string) bool { return strings.Contains(line, term) }
		return !slices.ContainsFunc(all, func(t string) bool { return !has(t) }) && !slices.ContainsFunc(none, has) && (len(some) == 0 || slices.ContainsFunc(some, has))
	}, nil
}

func cutQuoted(s string) (term, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:], true
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 127
}
