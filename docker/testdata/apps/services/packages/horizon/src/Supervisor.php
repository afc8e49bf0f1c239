<?php

namespace Laravel\Horizon;

/** src/Supervisor.php, with one worker. horizon:work is queue:work with other options (src/Console/WorkCommand.php). */
class Supervisor
{
    use Signals;

    private ?BackgroundProcess $worker = null;

    public function __construct(private string $connection, private string $timeout) {}

    private function loop(): void
    {
        if ($this->working && ! $this->worker?->isRunning()) {
            $this->worker = BackgroundProcess::fromShellCommandline('exec '.PHP_BINARY." artisan queue:work $this->connection --timeout=$this->timeout")
                ->setTimeout(null)->disableOutput();
            $this->worker->start();
        }
    }

    private function tell(int $signal): void
    {
        $this->worker?->isRunning() && $this->worker->signal($signal);
    }

    private function terminate(): void
    {
        $this->tell(SIGTERM);
        while (! config('horizon.fast_termination') && $this->worker?->isRunning()) {
            sleep(1);
        }
        exit(0);
    }
}
