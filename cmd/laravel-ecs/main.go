// Command laravel-ecs operates what this repository's program has deployed to AWS, or to an endpoint that answers as AWS does.
// `laravel-ecs help` lists what it is used for.
package main

import (
	"context"
	"os"

	"github.com/laravel-ecs/laravel-ecs/ops/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
