<?php

namespace App\Providers;

use Illuminate\Support\Facades\Blade;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\ServiceProvider;

/**
 * Routes made from the configuration, as packages register them. Livewire 4 hashes app.key into its URLs (livewire/livewire,
 * src/Mechanisms/HandleRequests/EndpointResolver.php). A view is compiled with a value of the configuration, too.
 */
class AppServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        Route::get(self::script(), fn () => response('/* of this key */', 200, ['Content-Type' => 'text/javascript']));
        Route::middleware('web')->get('/', fn () => view('pack', ['script' => AppServiceProvider::script()]));
        Blade::directive('environment', fn () => config('app.env'));
    }

    public static function script(): string
    {
        return '/pack-'.substr(hash('sha256', config('app.key').'endpoint'), 0, 8).'/pack.js';
    }
}
