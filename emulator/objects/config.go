// Package objects is the emulated S3: buckets that containers use over HTTP, with the credentials that ECS gives to a task of a role, and
// what the role's policies allow. The protocol of S3 is gofakes3's. The queues of SQS are served beside them.
package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/queues"
)

// Config is what the account knows: the buckets, the queues, and the roles of tasks. The runtime writes it anew when either changes.
type Config struct {
	Region  string
	Buckets map[string]Bucket
	Queues  map[string]queues.Queue
	Roles   map[string]Role // by ID
}

// Bucket has the rules for pages of other origins.
type Bucket struct{ CORS []CORSRule }

// CORSRule says what pages of other origins may do.
type CORSRule struct{ AllowedOrigins, AllowedMethods, ExposeHeaders []string }

// Role is a role of tasks, with its inline policies. The account has no text of a policy of AWS, nor of a permissions boundary, which
// another stack makes.
type Role struct {
	ARN      string
	Policies []string
}

// CredentialsPath is where tasks ask for the credentials of their role, as ECS's agent has it
// (https://github.com/aws/amazon-ecs-agent, ecs-agent/credentials/manager.go, V2CredentialsPath).
const CredentialsPath = "/v2/credentials/"

// AgentAddress is where the agent answers.
const AgentAddress = "169.254.170.2"

// ID is the last part of a role's path.
func ID(role string) string { return letters("id "+role, 32) }

// issued are the temporary credentials of a role, in the form of the agent's answer. They are the same in every answer, so that a server
// that starts again knows them.
type issued struct {
	AccessKeyID                     string `json:"AccessKeyId"`
	RoleArn, SecretAccessKey, Token string
	Expiration                      time.Time
}

func credentialsOf(id string, role Role, now time.Time) issued {
	return issued{
		RoleArn: role.ARN, AccessKeyID: "ASIA" + strings.ToUpper(letters("key "+id, 16)), SecretAccessKey: letters("secret "+id, 40),
		Token: letters("token "+id, 64), Expiration: now.Add(6 * time.Hour).UTC().Truncate(time.Second),
	}
}

func letters(of string, n int) string {
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:])[:n]
}
