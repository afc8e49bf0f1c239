package machine

import (
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Account is what the runtime reads of the declared system; *account.Account satisfies it.
type Account interface {
	ID() string
	Region() string
	List(token string) []account.Resource
	Find(token, property, value string) (account.Resource, bool)
	Images(repository string) []account.PushedImage
	Tamper(token, id, property string, value any) error
	PutImage(repository, tag, digest string, sizeBytes int64, at time.Time) error
}

// Labels on everything the runtime makes.
const (
	LabelState = "laravel-ecs.state"
	LabelRole  = "laravel-ecs.role" // network, registry, database, cache, balancer, task
	LabelOwner = "laravel-ecs.resource"
	labelHash  = "laravel-ecs.hash" // of what the container was made from: another hash, another container
)
