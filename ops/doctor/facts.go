package doctor

import (
	"strings"
)

// stock are the variables that Laravel's own configuration reads without a default, or has in files that an application from Laravel 11 on
// need not have (config/ of laravel/framework 13.31, https://github.com/laravel/framework/tree/13.x/config, and of https://github.com/laravel/laravel 10 to 13).
// Laravel works without them until the driver that needs one is chosen: see needed.
var stock = names(`
	APP_MAINTENANCE_STORE ASSET_URL MIX_ASSET_URL
	DATABASE_URL DB_URL DB_SOCKET DB_FOREIGN_KEYS MYSQL_ATTR_SSL_CA
	REDIS_URL REDIS_USERNAME REDIS_PASSWORD REDIS_CLIENT
	MEMCACHED_PERSISTENT_ID MEMCACHED_USERNAME MEMCACHED_PASSWORD DYNAMODB_ENDPOINT
	DB_DIRECT_HOST DB_DIRECT_PORT DB_DIRECT_USERNAME DB_DIRECT_PASSWORD DB_DIRECT_SSLMODE
	DB_CACHE_CONNECTION DB_CACHE_LOCK_CONNECTION DB_CACHE_LOCK_TABLE CACHE_STORAGE_DISK DB_QUEUE_CONNECTION SQS_SUFFIX SQS_OVERFLOW_STORE
	SESSION_CONNECTION SESSION_STORE SESSION_DOMAIN SESSION_SECURE_COOKIE
	LOG_SLACK_WEBHOOK_URL LOG_STDERR_FORMATTER PAPERTRAIL_URL PAPERTRAIL_PORT
	MAIL_URL MAIL_SCHEME MAIL_ENCRYPTION MAIL_USERNAME MAIL_PASSWORD MAIL_LOG_CHANNEL MAIL_EHLO_DOMAIN
	MAILGUN_DOMAIN MAILGUN_SECRET POSTMARK_TOKEN POSTMARK_API_KEY POSTMARK_MESSAGE_STREAM_ID RESEND_KEY RESEND_API_KEY
	LETTERMINT_TOKEN LETTERMINT_ROUTE SLACK_BOT_USER_OAUTH_TOKEN SLACK_BOT_USER_DEFAULT_CHANNEL
	AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION AWS_BUCKET AWS_URL AWS_ENDPOINT
	BROADCAST_CONNECTION ABLY_KEY PUSHER_APP_ID PUSHER_APP_KEY PUSHER_APP_SECRET PUSHER_APP_CLUSTER PUSHER_HOST PUSHER_PORT PUSHER_SCHEME
	REVERB_APP_ID REVERB_APP_KEY REVERB_APP_SECRET REVERB_HOST REVERB_PORT REVERB_SCHEME
	MERCURE_URL MERCURE_PUBLIC_URL MERCURE_JWT_SECRET MERCURE_ENCRYPTION_KEY MERCURE_JWT_ISSUER MERCURE_COOKIE_NAME
	HASH_DRIVER BCRYPT_ROUNDS BCRYPT_LIMIT HASH_VERIFY ARGON_MEMORY ARGON_THREADS ARGON_TIME VIEW_COMPILED_PATH`)

// toolsOnly are variables of programs that run on a developer's machine: `php artisan serve` (Illuminate\Foundation\Console\ServeCommand) and
// Sail's compose.yaml (https://github.com/laravel/sail/tree/1.x/stubs).
var toolsOnly = names(`PHP_CLI_SERVER_WORKERS SERVER_PORT SERVER_HOST APP_PORT APP_SERVICE VITE_PORT WWWUSER WWWGROUP SAIL_XDEBUG_MODE SAIL_XDEBUG_CONFIG
	SAIL_FILES SAIL_SKIP_CHECKS FORWARD_DB_PORT FORWARD_REDIS_PORT FORWARD_MAILPIT_PORT FORWARD_MAILPIT_DASHBOARD_PORT FORWARD_MEILISEARCH_PORT`)

func names(text string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(text) {
		set[name] = true
	}
	return set
}

// needed are the variables of stock that a driver cannot work without.
var needed = []struct{ drivers, value, names string }{
	{"FILESYSTEM_DISK", "s3", "AWS_BUCKET AWS_DEFAULT_REGION"},
	{"BROADCAST_CONNECTION BROADCAST_DRIVER", "pusher", "PUSHER_APP_ID PUSHER_APP_KEY PUSHER_APP_SECRET"},
	{"BROADCAST_CONNECTION BROADCAST_DRIVER", "reverb", "REVERB_APP_ID REVERB_APP_KEY REVERB_APP_SECRET REVERB_HOST"},
	{"BROADCAST_CONNECTION BROADCAST_DRIVER", "ably", "ABLY_KEY"},
	{"QUEUE_CONNECTION", "sqs", "SQS_PREFIX SQS_QUEUE AWS_DEFAULT_REGION"},
	{"MAIL_MAILER", "mailgun", "MAILGUN_DOMAIN MAILGUN_SECRET"},
	{"MAIL_MAILER", "postmark", "POSTMARK_TOKEN POSTMARK_API_KEY"},
	{"MAIL_MAILER", "resend", "RESEND_KEY RESEND_API_KEY"},
	{"LOG_CHANNEL LOG_STACK", "slack", "LOG_SLACK_WEBHOOK_URL"},
}

// tables are what the driver database needs, the variables with other names for them, and the commands that make a migration (Laravel 10 to 13:
// Illuminate\Session\Console\SessionTableCommand, Illuminate\Cache\Console\CacheTableCommand, Illuminate\Queue\Console\TableCommand, and
// config/session.php, config/cache.php and config/queue.php of laravel/laravel).
var tables = []struct{ drivers, variable, table, command string }{
	{"SESSION_DRIVER", "SESSION_TABLE", "sessions", "session:table"},
	{"CACHE_STORE CACHE_DRIVER", "DB_CACHE_TABLE", "cache", "cache:table"},
	{"QUEUE_CONNECTION", "DB_QUEUE_TABLE", "jobs", "queue:table"},
}

// hazard is a value that works on one machine, and not here.
type hazard struct {
	names, values string
	driver, value string // only where this one has that value
	local         bool   // on the emulator, too
	why           string
}

// hazards are judged by what the stack provides or, without that, by the default of the application's configuration.
var hazards = []hazard{
	{names: "APP_DEBUG", values: "true 1 (true)", why: "error pages show the source and the environment to every visitor: app.debug: false"},
	{names: "APP_ENV", values: "local", why: "Telescope, Horizon and Pulse let everybody in: app.env: production"},
	{names: "DEBUGBAR_ENABLED", values: "true 1 (true)", why: "the debug bar shows queries and sessions to every visitor: env.DEBUGBAR_ENABLED: \"false\""},
	{names: "QUEUE_CONNECTION", values: "sync", local: true, why: "jobs run inside the request, and end with its time limit: worker: {count: 1, queue: database}"},
	{names: "SESSION_DRIVER", values: "file array", local: true, why: "each task has sessions of its own, which a release deletes: session: {driver: database} or another one, not env.SESSION_DRIVER"},
	{names: "CACHE_STORE CACHE_DRIVER", values: "file array", local: true, why: "each task has a cache of its own, and locks, rate limits and onOneServer() do not hold: cache: {store: database} or another one, not env.CACHE_STORE"},
	{names: "FILESYSTEM_DISK FILESYSTEM_DRIVER MEDIA_DISK FILAMENT_FILESYSTEM_DISK", values: "local public", local: true, why: "files are in the memory of one task, and are gone with it; for uploads: " + useBucket},
	{names: "LOG_CHANNEL", values: "single daily", local: true, why: "the log is a file in the memory of one task, and make logs does not show it: do not set env.LOG_CHANNEL"},
	{names: "LOG_STACK", values: "single daily", driver: "LOG_CHANNEL", value: "stack", local: true, why: "the log is a file in the memory of one task, and make logs does not show it: do not set env.LOG_CHANNEL"},
	{names: "MAIL_MAILER MAIL_DRIVER", values: "log array", why: "mail is written to the log, and not sent: env.MAIL_MAILER: ses, smtp or another one, with its variables"},
	{names: "MAIL_HOST", values: "127.0.0.1 localhost mailpit mailhog", driver: "MAIL_MAILER", value: "smtp", why: "no mail server answers there: env.MAIL_HOST, and secrets.MAIL_PASSWORD"},
	{names: "DB_CONNECTION", values: "sqlite sqlsrv", local: true, why: "the database here is that of database.engine: do not set env.DB_CONNECTION"},
	{names: "SESSION_SECURE_COOKIE", values: "false (false)", why: "the session's cookie is sent without HTTPS, too: leave it out, and it follows the request"},
}

// useBucket is how an application gets a bucket.
const useBucket = "storage: {bucket: true}"
