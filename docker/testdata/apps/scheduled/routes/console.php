<?php

use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\DB;

Artisan::command('slow', function () {
    DB::table('marks')->insert(['name' => 'slow began']);
    sleep(8);
    DB::table('marks')->insert(['name' => 'slow ended']);
});
