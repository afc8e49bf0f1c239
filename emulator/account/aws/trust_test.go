package aws

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// TestTaskRoleOfAnotherAccount: ECS assumes the role of a task only where the trust policy names ECS, and this account as the source where it
// names one (aws/agent-toolkit-for-aws, ecs-trust-policy.json; "The confused deputy problem" in the IAM user guide).
func TestTaskRoleOfAnotherAccount(t *testing.T) {
	const service, refused = `"Service":"ecs-tasks.amazonaws.com"`, "ECS was unable to assume the role"
	from := func(source string) string {
		return fmt.Sprintf(`,"Condition":{"StringEquals":{"aws:SourceAccount":%s}}`, source)
	}
	for name, test := range map[string]struct{ principal, condition, want string }{
		"no source":                     {service, "", ""},
		"this account":                  {service, from(`"123456789012"`), ""},
		"this account among others":     {service, from(`["999999999999","123456789012"]`), ""},
		"another account":               {service, from(`"999999999999"`), refused},
		"another account itself":        {`"AWS":"arn:aws:iam::999999999999:root"`, "", refused},
		"this account, not its service": {`"AWS":"arn:aws:iam::123456789012:root"`, "", refused},
		"another service":               {`"Service":"ec2.amazonaws.com"`, from(`"123456789012"`), refused},
	} {
		t.Run(name, func(t *testing.T) {
			w := fleeted(t)
			trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{%s},"Action":"sts:AssumeRole"%s}]}`, test.principal, test.condition)
			w.make(account.RoleToken, "other", account.Values{"name": "other", "assumeRolePolicy": trust})
			w.make(account.TaskToken, "othertask", with(goodTask, account.Values{"taskRoleArn": "arn:aws:iam::123456789012:role/other"}))
			w.ids["task"] = "shop-web"
			_, err := w.Create(context.Background(), account.ServiceToken, "web", w.checked(account.ServiceToken, "web", goodService))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("the service: %v", err)
			}
		})
	}
}
