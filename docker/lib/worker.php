<?php
// php artisan with a heartbeat: worker.php queue:work ... touches HEARTBEAT_FILE on each iteration of the worker's loop, so
// that a health check can distinguish a stuck worker from a busy one. The application needs no change for it.

namespace LaravelEcs;

use Closure;
use Illuminate\Contracts\Foundation\MaintenanceMode;
use Illuminate\Queue\Events\JobProcessed;
use Illuminate\Queue\Events\JobProcessing;
use Illuminate\Queue\Events\Looping;

require __DIR__.'/artisan.php';
require __DIR__.'/retry.php';
$kernel = start_application();
check_retry($kernel, $argv);

$beat = fn () => touch(getenv('HEARTBEAT_FILE'));
app('events')->listen([Looping::class, JobProcessing::class, JobProcessed::class], function () use ($beat): void {
    $beat();
});
app('events')->listen(JobProcessing::class, tell_long_jobs(...));
// In maintenance mode a worker fires none of these events. It only checks on each iteration whether the mode is still active.
app()->extend(MaintenanceMode::class, fn (MaintenanceMode $mode) => new class($mode, $beat) implements MaintenanceMode
{
    public function __construct(private MaintenanceMode $mode, private Closure $beat) {}

    public function active(): bool
    {
        ($this->beat)();

        return $this->mode->active();
    }

    public function activate(array $payload): void
    {
        $this->mode->activate($payload);
    }

    public function deactivate(): void
    {
        $this->mode->deactivate();
    }

    public function data(): array
    {
        return $this->mode->data();
    }
});

run_artisan($kernel, $argv);
