<?php

namespace App\Providers;

use App\Support\SessionStore;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(SessionStore::class);
    }
}
