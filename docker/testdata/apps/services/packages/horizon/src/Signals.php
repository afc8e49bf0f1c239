<?php

namespace Laravel\Horizon;

/** src/ListensForSignals.php: a signal is remembered, and the loop of a second acts on it. */
trait Signals
{
    public bool $working = true;

    private array $pending = [];

    private function listen(): void
    {
        pcntl_async_signals(true);
        foreach ([SIGTERM => 'terminate', SIGUSR2 => 'pause', SIGCONT => 'continue'] as $signal => $action) {
            pcntl_signal($signal, function () use ($action) { $this->pending[] = $action; });
        }
    }

    public function monitor(): void
    {
        $this->listen();
        while (true) {
            sleep(1);
            while ($action = array_shift($this->pending)) {
                $this->$action();
            }
            $this->loop();
        }
    }

    private function pause(): void { $this->working = false; $this->tell(SIGUSR2); }

    private function continue(): void { $this->working = true; $this->tell(SIGCONT); }
}
