<?php
// php artisan horizon with a heartbeat: horizon.php horizon [options]. Each second the master looks after its supervisors, says in redis that
// it is there, and fires an event (src/MasterSupervisor.php of laravel/horizon, loop); `horizon:status` reads the same from redis, but starts
// the application for it. A pause is no fault: the master goes on in its loop, its supervisors stay. horizon:status calls it status 1.

namespace LaravelEcs;

require __DIR__.'/artisan.php';
require __DIR__.'/retry.php';
$kernel = start_application();
check_horizon($kernel, $argv);

/** Whether Horizon works: each of its supervisors has run for a while. One that cannot begin ends at once, and is started again and again. */
function works(iterable $supervisors): bool
{
    $any = false;
    foreach ($supervisors as $supervisor) {
        if (! $supervisor->process->isRunning() || microtime(true) - $supervisor->process->getStartTime() < 5) {
            return false;
        }
        $any = true;
    }

    return $any;
}

app('events')->listen('Laravel\Horizon\Events\MasterSupervisorLooped', function ($event): void {
    if (! $event->master->working || works($event->master->supervisors)) {
        touch(getenv('HEARTBEAT_FILE'));
    }
});

run_artisan($kernel, $argv);
