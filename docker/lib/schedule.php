<?php
// php artisan schedule:run for the minute that it is, unless a container has had this minute already. A release stops the old
// scheduler before it starts the new one: the new one begins with the minute that may have fallen between them.

use Illuminate\Console\Scheduling\Schedule;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Support\Facades\Cache;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Output\ConsoleOutput;

require '/var/www/vendor/autoload.php';
$app = require '/var/www/bootstrap/app.php';
$kernel = $app->make(Kernel::class);
$kernel->bootstrap();
$app->make(Schedule::class); // an application that cannot tell its schedule has no heartbeat
touch(getenv('HEARTBEAT_FILE'));

/** Tells whether this minute is ours. Without a cache to ask it is: a run too many is better than none at all. */
function ours(string $minute): bool
{
    try {
        return Cache::add("scheduler:$minute", gethostname(), 300) || Cache::get("scheduler:$minute") === null;
    } catch (Throwable $e) {
        report($e);

        return true;
    }
}

if (!ours(gmdate('Y-m-d\TH:i'))) {
    exit(0);
}
$status = $kernel->handle($input = new ArgvInput(array_merge(['artisan', 'schedule:run'], array_slice($argv, 1))), new ConsoleOutput());
$kernel->terminate($input, $status);
exit($status);
