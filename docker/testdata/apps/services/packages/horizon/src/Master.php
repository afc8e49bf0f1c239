<?php

namespace Laravel\Horizon;

use Laravel\Horizon\Events\MasterSupervisorLooped;
use Symfony\Component\Process\Process;

/** src/MasterSupervisor.php, with its supervisors as src/SupervisorProcess.php has them: one that fails is started again. */
class Master
{
    use Signals;

    /** @var array<object{process: Process}> */
    public array $supervisors = [];

    private function start(string $name, array $options): object
    {
        $process = Process::fromShellCommandline('exec '.PHP_BINARY.' artisan horizon:supervisor '.$name.' '
            .($options['connection'] ?? 'redis').' --timeout='.($options['timeout'] ?? 60))->setTimeout(null)->disableOutput();
        $process->start();

        return (object) ['process' => $process];
    }

    private function loop(): void
    {
        if ($this->working) {
            foreach (config('horizon.environments')[config('app.env')] as $name => $options) {
                if (! isset($this->supervisors[$name]) || ! $this->supervisors[$name]->process->isRunning()) {
                    $this->supervisors[$name] = $this->start($name, $options);
                }
            }
        }
        event(new MasterSupervisorLooped($this));
    }

    private function tell(int $signal): void
    {
        foreach ($this->supervisors as $supervisor) {
            $supervisor->process->isRunning() && $supervisor->process->signal($signal);
        }
    }

    /** It waits for its supervisors for as long as the longest timeout of them. */
    private function terminate(): void
    {
        $this->tell(SIGTERM);
        $longest = max(array_map(fn ($options) => $options['timeout'] ?? 60, config('horizon.environments')[config('app.env')]));
        for ($end = time() + $longest; time() < $end && array_filter($this->supervisors, fn ($s) => $s->process->isRunning());) {
            sleep(1);
        }
        exit(0);
    }
}
