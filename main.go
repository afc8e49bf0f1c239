// Command laravel-ecs is the Pulumi program: see package stacks.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/stacks"
)

func main() { pulumi.Run(stacks.Deploy) }
