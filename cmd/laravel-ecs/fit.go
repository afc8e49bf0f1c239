package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"fmt"
	"runtime"
)

// bringHere changes what a stack that is meant for AWS cannot have on this machine (CLOUD=local). Pulumi.local.yaml says the same of
// itself.
func bringHere(s *config.File, o options) error {
	if other := s.Text("environment.shares"); other != "" {
		return fmt.Errorf("%s: environment.shares is %s, and on this machine every environment stands alone: take the line away for CLOUD=local", s.Name(), other)
	}
	values := map[string]any{
		"app.url": fmt.Sprintf("http://localhost:%d", o.httpPort),
		// The local servers have no certificate of Amazon's, and the network is private.
		"database.requireTls": false, "cache.encryptTransit": false,
	}
	if platform, err := config.Platform(s.List("cluster.instanceTypes")); err == nil && platform != "linux/"+runtime.GOARCH {
		values["cluster.instanceTypes"] = []string{map[bool]string{true: "t4g.large", false: "t3.large"}[runtime.GOARCH == "arm64"]} // the builder's processor
	}
	if s.Text("image.baseImage") == "" {
		values["image.baseImage"] = "laravel-ecs/base:trixie" // made from Debian's packages where no registry answers
	}
	if s.Text("environment.class") == "production" {
		values["environment.class"] = "local" // production asks for what the lines above take away
		values["environment.protect"] = false // make down means it
	}
	if s.Text("domain.name") != "" {
		values["loadBalancer.http"] = "forward" // a redirect would lead to port 443 of this machine
	}
	for path, value := range values {
		if err := s.Set(path, value); err != nil {
			return err
		}
	}
	return nil
}
