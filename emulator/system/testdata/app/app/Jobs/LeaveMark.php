<?php

namespace App\Jobs;

use App\Support\System;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Queue\Queueable;
use Illuminate\Support\Facades\DB;

/** Leaves a mark with its number, after a little work: who looks at the marks sees lost and repeated jobs. */
class LeaveMark implements ShouldQueue
{
    use Queueable;

    public int $tries = 3;

    public function __construct(private readonly int $number, private readonly int $milliseconds)
    {
    }

    public function handle(): void
    {
        // usleep() ends early when a signal arrives; work does not.
        for ($end = microtime(true) + $this->milliseconds / 1000; microtime(true) < $end;) {
            usleep(10_000);
        }
        DB::table('notes')->insert(['text' => "mark $this->number", 'container' => System::container(), 'created_at' => now()]);
    }
}
