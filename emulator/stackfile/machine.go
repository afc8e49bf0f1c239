// Package stackfile adapts the copy of a stack file to where the emulator runs it, and prepares the account for it.
package stackfile

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// ForMachine adapts the copy of a stack file to this machine, where the load balancer listens on httpPort.
func ForMachine(file *config.File, stack string, httpPort int) error {
	if secrets := file.HideSecrets(); len(secrets) > 0 {
		return fmt.Errorf("%s has encrypted values (%v), and the emulator has no key: write them in plain text for this machine, "+
			"or run `make rehearse STACK=%s`", file.Name(), secrets, stack)
	}
	if stack != "local" {
		return bringHere(file, httpPort)
	}
	// The application must know the address people use.
	if url := file.Text("app.url"); url == "http://localhost:8080" && httpPort != 8080 {
		return file.Set("app.url", "http://localhost:"+strconv.Itoa(httpPort))
	}
	return nil
}

// bringHere changes what a stack that is meant for AWS cannot have on this machine. Pulumi.local.yaml has the same values.
func bringHere(file *config.File, httpPort int) error {
	for _, key := range []string{"shares", "guests", "guestOf"} {
		file.Unset("environment." + key) // every environment on this machine has an account, and so resources, of its own
	}
	values := map[string]any{
		"app.url": fmt.Sprintf("http://localhost:%d", httpPort),
		// The local servers have no certificate of Amazon's, and the network is private.
		"database.requireTls": false, "cache.encryptTransit": false, "cache.auth": "rotate", // which has no effect without TLS
	}
	platform, err := file.Platform()
	another := err == nil && platform != "linux/"+runtime.GOARCH
	switch arm := runtime.GOARCH == "arm64"; { // the builder's processor
	case another && slices.Contains([]string{config.CapacityFargate, config.CapacityFargateSpot}, file.Text("cluster.capacity")):
		values["cluster.arm64"] = arm
	case another:
		values["cluster.instanceTypes"] = []string{map[bool]string{true: "t4g.large", false: "t3.large"}[arm]}
	}
	// The operator's command names the release by the file as it is, with another platform.
	if another && file.Text("release.name") == "" {
		name, err := file.TreeRelease()
		if err != nil {
			return err
		}
		values["release.name"] = name
	}
	if file.Text("database.endpoint")+file.Text("database.import") != "" {
		file.Unset("database.username") // of the server there: admin, which the program makes nowhere
	}
	for _, key := range elsewhere {
		file.Unset(key)
	}
	if file.Text("image.baseImage") == "" {
		values["image.baseImage"] = docker.BaseImage // made from Debian's packages if no registry answers
	}
	if file.Text("environment.class") == "production" {
		values["environment.class"] = "local" // production requires what the lines above remove
		values["environment.protect"] = false // make down removes everything
	}
	if file.Text("domain.name") != "" {
		values["loadBalancer.http"] = "forward" // a redirect would lead to port 443 of this machine
	}
	for path, value := range values {
		if err := file.Set(path, value); err != nil {
			return err
		}
	}
	return nil
}
