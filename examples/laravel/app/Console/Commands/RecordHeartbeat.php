<?php

namespace App\Console\Commands;

use App\Support\System;
use Illuminate\Console\Command;
use Illuminate\Support\Facades\DB;

class RecordHeartbeat extends Command
{
    protected $signature = 'heartbeat:record';

    protected $description = 'Notes in the database that the scheduler is alive';

    public function handle(): int
    {
        DB::table('heartbeats')->insert(['container' => System::container(), 'created_at' => now()]);
        DB::table('heartbeats')->where('created_at', '<', now()->subDay())->delete();

        return self::SUCCESS;
    }
}
