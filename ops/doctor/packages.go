package doctor

import "strings"

// rule is what a package needs here, by its own documentation or source.
type rule struct {
	pkg    string
	advice string
	when   func(*Application) bool // nil: always
	source string
}

// rules are one per package. The keys are those of the stack file.
var rules = []rule{
	{pkg: "filament/filament", advice: "User implements FilamentUser (canAccessPanel), or the panel answers 403 outside of APP_ENV=local; commit public/css/filament and public/js/filament (php artisan filament:assets); for its uploads " + useBucket + " and env.FILAMENT_FILESYSTEM_DISK: s3",
		source: "https://filamentphp.com/docs/5.x/users/overview#authorizing-access-to-the-panel; packages/support/config/filament.php"},
	{pkg: "inertiajs/inertia-laravel", advice: "image: {assets: {script: \"build:ssr\"}} and processes: {ssr: {}}, or pages are rendered in the browser only",
		when: func(a *Application) bool {
			return strings.Contains(a.text("package.json"), "--ssr") || a.has("resources/js/ssr.js") || a.has("resources/js/ssr.ts") || a.has("resources/js/ssr.tsx") || a.has("resources/js/ssr.jsx")
		},
		source: "https://inertiajs.com/server-side-rendering; config/inertia.php"},
	{pkg: "laravel/cashier", advice: "secrets.STRIPE_SECRET and secrets.STRIPE_WEBHOOK_SECRET, env.STRIPE_KEY; with loadBalancer.waf, /stripe in uploadPaths",
		source: "config/cashier.php; https://laravel.com/docs/billing#handling-stripe-webhooks"},
	{pkg: "laravel/horizon", advice: "processes: {horizon: {}}, worker: {queue: redis}, cache: {engine: valkey}; in config/horizon.php supervisors for APP_ENV (app.env), or *; the gate viewHorizon; horizon:snapshot in the schedule, with scheduler: {count: 1}",
		source: "https://laravel.com/docs/horizon#configuration; config/horizon.php"},
	{pkg: "laravel/nova", advice: "auth.json or COMPOSER_AUTH with your account and license key for nova.laravel.com, on your machine and in the pipeline; secrets.NOVA_LICENSE_KEY; the gate viewNova",
		source: "https://nova.laravel.com/docs/v5/installation"},
	{pkg: "laravel/octane", advice: "not used: Apache and php-fpm serve the application, and octane:start runs nowhere",
		source: "config/octane.php (octane.server)"},
	{pkg: "laravel/passport", advice: "secrets.PASSPORT_PRIVATE_KEY and secrets.PASSPORT_PUBLIC_KEY: storage/oauth-*.key is not in the image",
		source: "https://laravel.com/docs/passport#loading-keys-from-the-environment; config/passport.php"},
	{pkg: "laravel/pulse", advice: "the gate viewPulse; its published migrations; for the card of servers processes: {pulse: {command: [artisan, \"pulse:check\"]}}",
		source: "https://laravel.com/docs/pulse#dashboard-authorization; config/pulse.php"},
	{pkg: "laravel/reverb", advice: "processes: {reverb: {host: ws.example.com}}; env.REVERB_APP_ID, env.REVERB_APP_KEY and secrets.REVERB_APP_SECRET; image.buildEnv.VITE_REVERB_APP_KEY, _HOST, _PORT and _SCHEME",
		source: "https://laravel.com/docs/reverb#configuration; config/reverb.php"},
	{pkg: "laravel/sanctum", advice: "env.SANCTUM_STATEFUL_DOMAINS if the single-page application has another host than APP_URL, and env.SESSION_DOMAIN with a dot before the common domain",
		source: "https://laravel.com/docs/sanctum#spa-configuration; config/sanctum.php"},
	{pkg: "laravel/scout", advice: "env.SCOUT_DRIVER: database needs nothing else; algolia and meilisearch need their host and key (secrets.MEILISEARCH_KEY), and env.SCOUT_QUEUE: \"true\" a worker",
		source: "https://laravel.com/docs/scout#driver-prerequisites; config/scout.php"},
	{pkg: "laravel/socialite", advice: "secrets.PROVIDER_CLIENT_SECRET for each one in config/services.php; redirect addresses with https:// and the host of APP_URL, which the provider has to know",
		source: "https://laravel.com/docs/socialite#configuration"},
	{pkg: "laravel/telescope", advice: "the gate viewTelescope, and telescope:prune in the schedule, with scheduler: {count: 1}: its tables grow with every request; env.TELESCOPE_ENABLED: \"false\" turns it off",
		source: "https://laravel.com/docs/telescope#data-pruning, #dashboard-authorization"},
	{pkg: "laravel/vapor-core", advice: "not needed, and it replaces Laravel's queue connection sqs with Vapor's: composer remove laravel/vapor-core",
		source: "src/VaporServiceProvider.php of laravel/vapor-core"},
	{pkg: "livewire/livewire", advice: useBucket + " and composer require league/flysystem-aws-s3-v3: uploads are on the default disk until the form is sent, and that request may reach another task. With the disk s3 the browser sends them to the bucket: " +
		"<input multiple> throws S3DoesntSupportMultipleFileUploads in Livewire 3 and 4 (one file at a time, into an array), and on your machine it works on Linux only",
		source: "https://livewire.laravel.com/docs/uploads; config/livewire.php; src/Features/SupportFileUploads/WithFileUploads.php (_startUpload); several at once are in main only, for 5: https://github.com/livewire/livewire/pull/10394, .../10247"},
	{pkg: "spatie/laravel-medialibrary", advice: useBucket + " and env.MEDIA_DISK: s3, or files are in the memory of one task; conversions need a worker: {count: 1}",
		source: "config/media-library.php; https://spatie.be/docs/laravel-medialibrary/v11/converting-images/defining-conversions"},
}

// Advice is what to set for the packages in composer.lock, a line each.
func (a *Application) Advice() (lines [][2]string) {
	for _, r := range rules {
		version := a.locked(r.pkg)
		if version != "" && (r.when == nil || r.when(a)) {
			lines = append(lines, [2]string{r.pkg + " " + version, r.advice})
		}
	}
	return lines
}
