<?php

namespace Laravel\Horizon;

use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\ServiceProvider;

class HorizonServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        Artisan::command('horizon {--environment=}', function () {
            (new Master)->monitor();
        });
        // Console/SupervisorCommand.php: a process of its own, which starts the workers.
        Artisan::command('horizon:supervisor {name} {connection} {--timeout=60}', function () {
            (new Supervisor($this->argument('connection'), $this->option('timeout')))->monitor();
        });
    }
}
