<?php

use Illuminate\Support\Facades\Facade;
use Illuminate\Support\ServiceProvider;

return [
    'name' => env('APP_NAME', 'Laravel on ECS'),
    'env' => env('APP_ENV', 'production'),
    'debug' => (bool) env('APP_DEBUG', false),
    'url' => env('APP_URL', 'http://localhost'),
    'asset_url' => env('ASSET_URL'),
    'timezone' => 'UTC',
    'locale' => 'en',
    'fallback_locale' => 'en',
    'faker_locale' => 'en_US',
    'key' => env('APP_KEY'),
    'cipher' => 'AES-256-CBC',
    // Keys of earlier rotations. Laravel reads them from version 11 on; this application does it itself (Providers/EncryptionServiceProvider).
    'previous_keys' => array_filter(explode(',', (string) env('APP_PREVIOUS_KEYS', ''))),
    // In the cache it is for all tasks, as the program sets it; a file would be that of one.
    'maintenance' => ['driver' => env('APP_MAINTENANCE_DRIVER', 'file'), 'store' => env('APP_MAINTENANCE_STORE')],

    // Keys of this application, in addition to Laravel's own.
    'diagnostics' => (bool) env('APP_DIAGNOSTICS', false),
    'release' => env('APP_RELEASE', 'dev'),
    'trusted_proxies' => env('TRUSTED_PROXIES', '*'),

    'providers' => ServiceProvider::defaultProviders()->replace([
        Illuminate\Encryption\EncryptionServiceProvider::class => App\Providers\EncryptionServiceProvider::class,
    ])->merge([
        App\Providers\AppServiceProvider::class,
        App\Providers\RouteServiceProvider::class,
    ])->toArray(),
    'aliases' => Facade::defaultAliases()->toArray(),
];
