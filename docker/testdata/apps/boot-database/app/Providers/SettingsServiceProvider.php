<?php

namespace App\Providers;

use Illuminate\Support\Facades\DB;
use Illuminate\Support\ServiceProvider;

class SettingsServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        config(['app.name' => DB::table('settings')->where('name', 'title')->value('value') ?? 'no title']);
    }
}
