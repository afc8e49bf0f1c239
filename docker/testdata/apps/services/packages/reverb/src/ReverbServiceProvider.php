<?php

namespace Laravel\Reverb;

use Illuminate\Support\ServiceProvider;

class ReverbServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        $this->commands([StartServer::class]);
    }
}
