<?php

return [
    // Newer versions of Laravel call it CACHE_STORE.
    'default' => env('CACHE_STORE', env('CACHE_DRIVER', 'file')),
    'stores' => [
        'array' => ['driver' => 'array', 'serialize' => false],
        'database' => ['driver' => 'database', 'table' => 'cache', 'lock_table' => 'cache_locks', 'connection' => null],
        'file' => ['driver' => 'file', 'path' => storage_path('framework/cache/data')],
        'memcached' => [
            'driver' => 'memcached',
            // A page must wait for a node that is gone for a moment, not for seconds.
            'options' => extension_loaded('memcached') ? [
                Memcached::OPT_CONNECT_TIMEOUT => 300,
                Memcached::OPT_RETRY_TIMEOUT => 2,
            ] : [],
            'servers' => [[
                'host' => env('MEMCACHED_HOST', '127.0.0.1'),
                'port' => (int) env('MEMCACHED_PORT', 11211),
                'weight' => 100,
            ]],
        ],
        'redis' => ['driver' => 'redis', 'connection' => 'cache', 'lock_connection' => 'default'],
    ],
    'prefix' => env('CACHE_PREFIX', 'laravel_cache'),
];
