package watch

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var logGroupName = regexp.MustCompile(`^[0-9A-Za-z_./#-]+$`)

func checkLogGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("name", "namePrefix")
	r.Length("name", 1, 512)
	for _, path := range []string{"name", "namePrefix"} {
		r.Matches(path, logGroupName, "only letters, digits and _ - / . # are allowed")
		r.Each(path, func(place, text string) {
			if strings.HasPrefix(text, "aws/") {
				r.Refuse(place, "%q begins with aws/, which is reserved for AWS", text)
			}
		})
	}
	r.Member("retentionInDays", 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
	r.OneOf("logGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
	r.ARN("kmsKeyId")
	return r.Problems
}

var dashboardName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

func checkDashboard(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("dashboardName", 1, 255)
	r.Matches("dashboardName", dashboardName, "only letters, digits, hyphens and underscores are allowed")
	text, known := in.String("dashboardBody")
	if !known {
		return r.Problems
	}
	var body struct {
		Widgets *[]struct {
			Type          string
			X, Y          int
			Width, Height *int
			Properties    account.Values
		}
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		r.Refuse("dashboardBody", "the dashboard body is invalid: %v", err)
		return r.Problems
	}
	if body.Widgets == nil {
		r.Refuse("dashboardBody", "the dashboard body is invalid: should have required property 'widgets'")
		return r.Problems
	}
	needs := map[string][]string{
		"metric": {"region"}, "text": {"markdown"}, "log": {"region", "query"}, "alarm": {"alarms"}, "explorer": {}, "custom": {"endpoint"},
	}
	for i, widget := range *body.Widgets {
		required, ok := needs[widget.Type]
		if !ok {
			r.Refuse("dashboardBody", "widgets[%d].type %q is not one of %s", i, widget.Type, strings.Join(account.SortedKeys(needs), ", "))
		}
		for _, name := range required {
			if !widget.Properties.Has(name) {
				r.Refuse("dashboardBody", "widgets[%d] of type %s should have required property '%s'", i, widget.Type, name)
			}
		}
		if widget.Type == "metric" && !widget.Properties.Has("metrics") && !widget.Properties.Has("annotations") {
			r.Refuse("dashboardBody", "widgets[%d] of type metric should have required property 'metrics' or 'annotations'", i)
		}
		if widget.X < 0 || widget.X > 23 || widget.Width != nil && (*widget.Width < 1 || *widget.Width > 24) || widget.Height != nil && (*widget.Height < 1 || *widget.Height > 1000) {
			r.Refuse("dashboardBody", "widgets[%d] does not fit: x is 0-23, width 1-24, height 1-1000", i)
		}
	}
	return r.Problems
}

var (
	topicName    = regexp.MustCompile(`^[0-9A-Za-z_-]+(\.fifo)?$`)
	emailAddress = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	phoneNumber  = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

func checkTopic(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("name", "namePrefix")
	r.Length("name", 1, 256)
	r.Matches("name", topicName, "only letters, digits, hyphens and underscores are allowed")
	r.Each("name", func(place, text string) {
		if strings.HasSuffix(text, ".fifo") != in.True("fifoTopic") {
			r.Refuse(place, "%q must end with .fifo for a FIFO topic, and only then", text)
		}
	})
	r.Length("displayName", 0, 100)
	r.JSONDocument("policy")
	r.JSONDocument("deliveryPolicy")
	r.OneOf("tracingConfig", "Active", "PassThrough")
	r.Member("signatureVersion", 1, 2)
	return r.Problems
}

func checkSubscription(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.OneOf("protocol", "application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
	r.ARN("topic")
	r.JSONDocument("filterPolicy")
	r.OneOf("filterPolicyScope", "MessageAttributes", "MessageBody")
	protocol := in.Text("protocol")
	r.Each("endpoint", func(place, text string) {
		switch protocol {
		case "email", "email-json":
			if !emailAddress.MatchString(text) {
				r.Refuse(place, "invalid parameter: Email address: %q", text)
			}
		case "http", "https":
			if !strings.HasPrefix(text, protocol+"://") {
				r.Refuse(place, "invalid parameter: %q must match the protocol %s", text, protocol)
			}
		case "sms":
			if !phoneNumber.MatchString(text) {
				r.Refuse(place, "invalid SMS endpoint: %q; a number such as +491701234567 is needed", text)
			}
		case "lambda", "sqs", "firehose", "application":
			if !account.ArnForm.MatchString(text) {
				r.Refuse(place, "invalid parameter: %s endpoint ARN: %q", protocol, text)
			}
		}
	})
	return r.Problems
}
