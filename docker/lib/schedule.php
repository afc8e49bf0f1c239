<?php
// Runs php artisan schedule:run for the current minute, unless another container has already run this minute. A release stops the
// old scheduler before it starts the new one; the new one begins with the current minute, which the old one may have missed. Tasks that
// repeat within the minute go on in it: the old one was interrupted.

namespace LaravelEcs;

use Illuminate\Console\Scheduling\Schedule;
use Illuminate\Support\Facades\Cache;
use Throwable;

require __DIR__.'/artisan.php';
$kernel = start_application();
app(Schedule::class); // an application that cannot list its schedule gets no heartbeat
touch(getenv('HEARTBEAT_FILE'));
require __DIR__.'/queue.php';
try {
    print_queue_metric();
} catch (Throwable $e) {
    report($e); // no metric is an alarm; the schedule goes on
}

/** Returns whether this container runs the current minute. Without a cache it does: a second run is better than none. */
function ours(string $minute): bool
{
    try {
        return Cache::add("scheduler:$minute", gethostname(), 300) || Cache::get("scheduler:$minute") === null;
    } catch (Throwable $e) {
        report($e);

        return true;
    }
}

/** Leaves what repeats within the minute in the schedule, and returns whether there is any. */
function only_repeating(Schedule $schedule): bool
{
    // Laravel has had such tasks since 10.15.
    $repeating = array_filter($schedule->events(), fn ($event) => method_exists($event, 'isRepeatable') && $event->isRepeatable());
    (function () use ($repeating) {
        $this->events = array_values($repeating);
    })->call($schedule);

    return $repeating !== [];
}

if (!ours(gmdate('Y-m-d\TH:i')) && !only_repeating(app(Schedule::class))) {
    exit(0);
}
run_artisan($kernel, ['artisan', 'schedule:run', ...array_slice($argv, 1)]);
