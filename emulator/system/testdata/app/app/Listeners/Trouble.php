<?php

namespace App\Listeners;

use Illuminate\Foundation\Events\DiagnosingHealth;
use RuntimeException;

/** Makes a release go wrong in the way that TROUBLE names. Only tests of deployments have this class. */
class Trouble
{
    private const LATE_SECONDS = 75;

    /** Laravel's health page asks all listeners. */
    public function handle(DiagnosingHealth $event): void
    {
        if (!getenv('PROOF_KEY')) {
            throw new RuntimeException('PROOF_KEY is not set');
        }
        switch (getenv('TROUBLE')) {
            case 'error':
                abort(500, 'this release cannot answer');
            case 'silence':
                sleep(600);
                break;
            case 'memory':
                ini_set('memory_limit', -1);
                str_repeat('x', 2 << 30);
                break;
            case 'late':
                sleep(max(0, filemtime('/run/app/role') + self::LATE_SECONDS - time()));
        }
    }
}
