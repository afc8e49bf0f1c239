<?php

namespace App\Http\Middleware;

use Illuminate\Foundation\Http\Middleware\PreventRequestsDuringMaintenance as Middleware;

class PreventRequestsDuringMaintenance extends Middleware
{
    /** A task in maintenance is healthy: ECS would replace it. Laravel 11 and later except their health page themselves. */
    protected $except = ['up'];
}
