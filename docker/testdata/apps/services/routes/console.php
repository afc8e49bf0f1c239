<?php

use Illuminate\Support\Facades\Artisan;

Artisan::command('job {seconds}', function () {
    App\Jobs\Sleep::dispatch((int) $this->argument('seconds'));
});
// A command that stays: it ends its work in hand on TERM, and exits with 3.
Artisan::command('bridge {--broken}', function () {
    pcntl_async_signals(true);
    $stop = false;
    pcntl_signal(SIGTERM, function () use (&$stop) { $stop = true; });
    $this->line('the bridge is open');
    while (! $stop && ! $this->option('broken')) {
        usleep(100000);
    }
    $this->line('the bridge is closed');

    return 3;
});
