<?php

namespace App\Jobs;

use App\Support\System;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Queue\Queueable;
use Illuminate\Support\Facades\DB;

/** Leaves a note in the database, after some work. */
class LeaveNote implements ShouldQueue
{
    use Queueable;

    public int $tries = 3;

    public function __construct(private readonly int $seconds, private readonly string $from)
    {
    }

    public function handle(): void
    {
        // sleep() ends early when a signal arrives; real work does not.
        $end = microtime(true) + $this->seconds;
        while (($left = $end - microtime(true)) > 0) {
            usleep((int) min(100_000, $left * 1_000_000));
        }
        DB::table('notes')->insert([
            'text' => "Asked for by $this->from, done after $this->seconds s",
            'container' => System::container(),
            'created_at' => now(),
        ]);
    }
}
