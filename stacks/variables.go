package stacks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// variables are the environment variables of every container of a release: what it is, and where its data is.
func (s *stack) variables(app *application, release string) map[string]pulumi.StringInput {
	c := s.config
	drivers := c.DriversOn(app.cache.Engine)
	variables := map[string]pulumi.StringInput{
		"APP_NAME":            pulumi.String(c.App.Name),
		"APP_ENV":             pulumi.String(c.App.Env),
		"APP_DEBUG":           pulumi.String(fmt.Sprint(c.App.Debug)),
		"APP_URL":             app.url,
		infra.ReleaseVariable: pulumi.String(release),
		"LOG_CHANNEL":         pulumi.String("stderr"),
		// Laravel ignores the session settings of php.ini.
		"SESSION_DRIVER":   pulumi.String(drivers.Session),
		"CACHE_DRIVER":     pulumi.String(drivers.Cache), // Laravel up to 10
		"CACHE_STORE":      pulumi.String(drivers.Cache), // Laravel 11 and later
		"QUEUE_CONNECTION": pulumi.String(drivers.Queue),
		// `php artisan down` is for all tasks: a file would be that of one. Laravel 11 and later read it (config/app.php), and except /up.
		"APP_MAINTENANCE_DRIVER": pulumi.String("cache"),
		"APP_MAINTENANCE_STORE":  pulumi.String(drivers.Cache),
		// Laravel's stock config/queue.php reads one of them, by queue.
		"DB_QUEUE_RETRY_AFTER":    pulumi.String(fmt.Sprint(c.RetrySeconds())),
		"REDIS_QUEUE_RETRY_AFTER": pulumi.String(fmt.Sprint(c.RetrySeconds())),
	}
	maps.Copy(variables, app.database.Env())
	maps.Copy(variables, app.cache.Env())
	if app.storage != nil {
		maps.Copy(variables, app.storage.Env())
		if c.StoresInBucket() {
			variables[config.FilesDisk] = pulumi.String(config.S3Disk)
		}
	}
	if app.queue != nil {
		maps.Copy(variables, app.queue.Env(c.Region))
	}
	maps.Copy(variables, app.variables)
	maps.Copy(variables, s.reverbVariables(app))
	for key, value := range c.Env {
		variables[key] = pulumi.String(value)
	}
	return variables
}

// reverbVariables are those by which Laravel's stock config/broadcasting.php and config/reverb.php find Reverb, and send it messages.
func (s *stack) reverbVariables(app *application) map[string]pulumi.StringInput {
	c := s.config
	for _, f := range c.Further() {
		if f.Role != config.RoleReverb || app.dnsName == nil {
			continue
		}
		variables := map[string]pulumi.StringInput{
			"BROADCAST_CONNECTION": pulumi.String("reverb"), "BROADCAST_DRIVER": pulumi.String("reverb"), // since and before Laravel 11
			"REVERB_HOST": app.dnsName, "REVERB_PORT": pulumi.String("80"), "REVERB_SCHEME": pulumi.String("http"),
		}
		if host := cmp.Or(f.Host, c.Domain.Name); host != "" {
			variables["REVERB_HOST"] = pulumi.String(host)
			variables["REVERB_PORT"], variables["REVERB_SCHEME"] = pulumi.String("443"), pulumi.String("https")
		}
		if f.Path != "" && f.Path != "/" {
			variables["REVERB_SERVER_PATH"] = pulumi.String(f.Path)
		}
		return variables
	}
	return nil
}

// signedRequests are the application's messages to Reverb: many, from one address, and of any length. Reverb checks the signature of each
// (laravel/reverb, Protocols/Pusher/Http/Controllers/Controller.php).
func (s *stack) signedRequests() (signed []infra.SignedRequests) {
	for _, f := range s.config.Further() {
		if f.Role == config.RoleReverb && f.Routed() {
			signed = append(signed, infra.SignedRequests{Name: f.Name, Host: f.Host, Path: f.MessagePath()})
		}
	}
	return signed
}

// processVariables are further ones of a process. Several tasks of Reverb, and the two releases of a deployment, tell each other of messages by
// redis. Reverb takes the scheme from the URL, and not from the host as phpredis does (laravel/reverb, Servers/Reverb/Publishing/RedisClient.php).
func (s *stack) processVariables(app *application, p process) map[string]pulumi.StringInput {
	variables := map[string]pulumi.StringInput{}
	if p.further == nil || p.further.Role != config.RoleReverb || !s.config.Cache.SpeaksRedis() {
		return variables
	}
	variables["REVERB_SCALING_ENABLED"] = pulumi.String("true")
	if app.cache.EncryptTransit {
		variables["REDIS_URL"] = pulumi.Sprintf("tls://%s:%d", app.cache.Host, app.cache.Port)
	}
	return variables
}

// databaseUser is the application's user on the database server, of this generation of its password.
func (s *stack) databaseUser(base string) string {
	return config.DatabaseUser(base, s.config.Generation(config.DBPassword))
}

// url is APP_URL: app.url, the domain, or the name of the load balancer.
func (s *stack) url(dnsName pulumi.StringInput) pulumi.StringOutput {
	switch c := s.config; {
	case c.App.URL != "":
		return pulumi.String(c.App.URL).ToStringOutput()
	case c.Domain.Name != "":
		return pulumi.Sprintf("https://%s", c.Domain.Name)
	}
	return pulumi.Sprintf("http://%s", dnsName)
}

// secretInputs marks the decrypted values of the configuration as secret again.
func secretInputs(values map[string]string) map[string]pulumi.StringInput {
	inputs := map[string]pulumi.StringInput{}
	for key, value := range values {
		inputs[key] = pulumi.ToSecret(pulumi.String(value)).(pulumi.StringOutput)
	}
	return inputs
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// cacheRef is where the application finds its cache: the one that the program makes, or an existing one.
func (s *stack) cacheRef(cache *infra.Cache) infra.CacheRef {
	c := s.config.Cache
	if !c.Existing() {
		return cache.Ref()
	}
	return infra.CacheRef{Host: pulumi.String(c.Endpoint).ToStringOutput(), Port: s.cachePort(), Engine: c.Engine, EncryptTransit: c.EncryptTransit}
}

func (s *stack) cachePort() int {
	return cmp.Or(s.config.Cache.Port, infra.CachePort(s.config.Cache.Engine))
}

// databaseRef is where the application finds its database: on the instance that the program makes, or on an existing server.
func (s *stack) databaseRef(database infra.DatabaseServer) infra.DatabaseRef {
	c := s.config.Database
	ref := infra.DatabaseRef{
		Host: pulumi.String(c.Endpoint).ToStringOutput(), Port: pulumi.Int(s.databasePort()).ToIntOutput(),
		Engine: c.Engine, Name: c.Name, Master: c.Username, RequireTLS: c.RequireTLS,
	}
	if c.Existing() {
		ref.Username = s.databaseUser(config.ServerUser(s.config.App.Name, s.name))
		return ref
	}
	ref = database.Ref()
	ref.Username = s.databaseUser(ref.Master)
	if c.Imported() { // as on a server that exists: others may use it, and it can become one
		ref.Username = s.databaseUser(config.ServerUser(s.config.App.Name, s.name))
	}
	return ref
}

func (s *stack) databasePort() int {
	return cmp.Or(s.config.Database.Port, infra.DatabasePort(s.config.Database.Engine))
}
