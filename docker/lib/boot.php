<?php
// Starts the application for its migrations. A service provider may ask for a table or a column that only these migrations make; Laravel
// offers nothing for that but a condition in the provider. Here, such a provider is left as it is, and the others are started.
// Anything else that a provider throws ends the migration, as it would end `artisan migrate`.

namespace LaravelEcs;

use Illuminate\Contracts\Console\Kernel;
use Illuminate\Contracts\Foundation\Application as Contract;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Bootstrap\BootProviders;
use PDOException;
use Throwable;

require_once __DIR__.'/blame.php';

/** Tells whether an exception is about a table or a column that does not exist: MySQL, MariaDB, PostgreSQL, SQLite. */
function about_schema(Throwable $e): bool
{
    for (; $e !== null; $e = $e->getPrevious()) {
        if ($e instanceof PDOException && (in_array((string) $e->getCode(), ['42S02', '42S22', '42P01', '42703'], true)
            || preg_match('/no such (table|column)/', $e->getMessage()))) {
            return true;
        }
    }
    return false;
}

function boot(Application $app): Kernel
{
    $started = false;
    // The kernel resolves each of its bootstrappers (Application::bootstrapWith), and this takes the place of the last one.
    $app->bind(BootProviders::class, function () use (&$started) { return new class($started)
    {
        public function __construct(private bool &$started) {}

        public function bootstrap(Contract $app): void
        {
            $this->started = true;
            // Application::boot, provider by provider; its parts are protected.
            (function (): void {
                $this->fireAppCallbacks($this->bootingCallbacks);
                // By reference, so that providers that others register are found.
                foreach ($this->serviceProviders as &$provider) {
                    try {
                        $this->bootProvider($provider);
                    } catch (Throwable $e) {
                        about_schema($e) || throw $e;
                        fwrite(STDERR, 'migrate: asks for what the migrations make, so it is not started before them: '.blame($e)."\n");
                    }
                }
                $this->booted = true;
                $this->fireAppCallbacks($this->bootedCallbacks);
            })->call($app);
        }
    }; });
    $kernel = $app->make(Kernel::class);
    try {
        $kernel->bootstrap();
    } catch (Throwable $e) {
        $hint = about_schema($e) ? '; it asks for what the migrations make, '.($started
            ? 'and the application does not start without it: check Schema::hasTable first'
            : 'in register(), before anything can be migrated: move it to boot(), or check Schema::hasTable first') : '';
        fwrite(STDERR, 'migrate: the application does not start: '.blame($e)."$hint\n");
        exit(1);
    }
    return $kernel;
}
