<?php
// Makes Laravel's caches: caches.php [config] [route] [event] [view]. One process makes all of them, as `artisan optimize` does
// (Illuminate\Foundation\Console\OptimizeCommand): the classes are compiled once. What does not work is told in one line that names the
// provider or the file. It prints the caches that it did not make. It exits with 78 (EX_CONFIG) if the application does not start or has
// no config. Without another cache Laravel works, more slowly: two routes of one name, for example, cannot be cached.

namespace LaravelEcs;

use Illuminate\Container\Container;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Support\Facades\Facade;
use Throwable;

chdir('/var/www');
require __DIR__.'/blame.php';
$role = getenv('CACHES_FOR') ?: 'caches';
$left = array_intersect(['config', 'route', 'event', 'view'], array_slice($argv, 1));
$end = function (int $status) use (&$left): never {
    echo implode(' ', $left), "\n";
    exit($status);
};
try {
    require 'vendor/autoload.php';
    $app = require 'bootstrap/app.php';
    $kernel = $app->make(Kernel::class);
    $kernel->bootstrap();
} catch (Throwable $e) {
    fwrite(STDERR, "$role: the application does not start: ".blame($e)."\n");
    $end(78);
}
foreach ($left as $index => $cache) {
    // config:cache and route:cache start another application, and leave it in these two places.
    Container::setInstance($app);
    Facade::clearResolvedInstances();
    Facade::setFacadeApplication($app);
    try {
        // A command that reports its failure itself has a status.
        $problem = $kernel->call("$cache:cache") === 0 ? null : trim(preg_replace('/\s+/', ' ', $kernel->output()));
    } catch (Throwable $e) {
        $problem = blame($e);
        // Blade's compiler knows the view better than the exception does.
        if ($cache === 'view' && ($view = $app->make('blade.compiler')->getPath())) {
            $problem = str_replace('/var/www/', '', $view).': '.trim($e->getMessage());
        }
    }
    if ($problem === null) {
        unset($left[$index]);
        continue;
    }
    fwrite(STDERR, "$role: php artisan $cache:cache: $problem\n");
    $cache === 'config' && $end(78);
}
$end(0);
