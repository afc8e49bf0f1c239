package account

import (
	"encoding/json"
	"regexp"
	"strings"
)

var logGroupName = regexp.MustCompile(`^[0-9A-Za-z_./#-]+$`)

func checkLogGroup(in Values) []Problem {
	r := rules{in: in}
	r.conflict("name", "namePrefix")
	r.length("name", 1, 512)
	for _, path := range []string{"name", "namePrefix"} {
		r.matches(path, logGroupName, "only letters, digits and _ - / . # are allowed")
		r.each(path, func(place, text string) {
			if strings.HasPrefix(text, "aws/") {
				r.refuse(place, "%q begins with aws/, which is reserved for AWS", text)
			}
		})
	}
	r.member("retentionInDays", 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
	r.oneOf("logGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
	r.arn("kmsKeyId")
	return r.problems
}

var dashboardName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

func checkDashboard(in Values) []Problem {
	r := rules{in: in}
	r.length("dashboardName", 1, 255)
	r.matches("dashboardName", dashboardName, "only letters, digits, hyphens and underscores are allowed")
	text, known := in.String("dashboardBody")
	if !known {
		return r.problems
	}
	var body struct {
		Widgets *[]struct {
			Type          string
			X, Y          int
			Width, Height *int
			Properties    Values
		}
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		r.refuse("dashboardBody", "the dashboard body is invalid: %v", err)
		return r.problems
	}
	if body.Widgets == nil {
		r.refuse("dashboardBody", "the dashboard body is invalid: should have required property 'widgets'")
		return r.problems
	}
	needs := map[string][]string{
		"metric": {"region"}, "text": {"markdown"}, "log": {"region", "query"}, "alarm": {"alarms"}, "explorer": {}, "custom": {"endpoint"},
	}
	for i, widget := range *body.Widgets {
		required, ok := needs[widget.Type]
		if !ok {
			r.refuse("dashboardBody", "widgets[%d].type %q is not one of %s", i, widget.Type, strings.Join(sortedKeys(needs), ", "))
		}
		for _, name := range required {
			if !widget.Properties.Has(name) {
				r.refuse("dashboardBody", "widgets[%d] of type %s should have required property '%s'", i, widget.Type, name)
			}
		}
		if widget.Type == "metric" && !widget.Properties.Has("metrics") && !widget.Properties.Has("annotations") {
			r.refuse("dashboardBody", "widgets[%d] of type metric should have required property 'metrics' or 'annotations'", i)
		}
		if widget.X < 0 || widget.X > 23 || widget.Width != nil && (*widget.Width < 1 || *widget.Width > 24) || widget.Height != nil && (*widget.Height < 1 || *widget.Height > 1000) {
			r.refuse("dashboardBody", "widgets[%d] does not fit: x is 0-23, width 1-24, height 1-1000", i)
		}
	}
	return r.problems
}

var (
	topicName    = regexp.MustCompile(`^[0-9A-Za-z_-]+(\.fifo)?$`)
	emailAddress = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	phoneNumber  = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

func checkTopic(in Values) []Problem {
	r := rules{in: in}
	r.conflict("name", "namePrefix")
	r.length("name", 1, 256)
	r.matches("name", topicName, "only letters, digits, hyphens and underscores are allowed")
	r.each("name", func(place, text string) {
		if strings.HasSuffix(text, ".fifo") != in.True("fifoTopic") {
			r.refuse(place, "%q must end with .fifo for a FIFO topic, and only then", text)
		}
	})
	r.length("displayName", 0, 100)
	r.jsonDocument("policy")
	r.jsonDocument("deliveryPolicy")
	r.oneOf("tracingConfig", "Active", "PassThrough")
	r.member("signatureVersion", 1, 2)
	return r.problems
}

func checkSubscription(in Values) []Problem {
	r := rules{in: in}
	r.oneOf("protocol", "application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
	r.arn("topic")
	r.jsonDocument("filterPolicy")
	r.oneOf("filterPolicyScope", "MessageAttributes", "MessageBody")
	protocol := in.Text("protocol")
	r.each("endpoint", func(place, text string) {
		switch protocol {
		case "email", "email-json":
			if !emailAddress.MatchString(text) {
				r.refuse(place, "invalid parameter: Email address: %q", text)
			}
		case "http", "https":
			if !strings.HasPrefix(text, protocol+"://") {
				r.refuse(place, "invalid parameter: %q must match the protocol %s", text, protocol)
			}
		case "sms":
			if !phoneNumber.MatchString(text) {
				r.refuse(place, "invalid SMS endpoint: %q; a number such as +491701234567 is needed", text)
			}
		case "lambda", "sqs", "firehose", "application":
			if !arnForm.MatchString(text) {
				r.refuse(place, "invalid parameter: %s endpoint ARN: %q", protocol, text)
			}
		}
	})
	return r.problems
}
