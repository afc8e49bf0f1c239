<?php

use Illuminate\Support\Facades\Schedule;

Schedule::command('heartbeat:record')->everyMinute();
