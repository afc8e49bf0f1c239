<?php

namespace App\Jobs;

use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Queue\InteractsWithQueue;
use Illuminate\Support\Facades\Redis;

class Sleep implements ShouldQueue
{
    use Dispatchable, InteractsWithQueue;

    public function __construct(private int $seconds) {}

    public function handle(): void
    {
        Redis::set('job', 'began');
        for ($end = time() + $this->seconds; time() < $end;) {
            sleep(1);
        }
        Redis::set('job', 'ended');
    }
}
