<?php

return [
    'default' => env('CACHE_DRIVER', 'file'),
    'stores' => [
        'array' => ['driver' => 'array', 'serialize' => false],
        'file' => ['driver' => 'file', 'path' => storage_path('framework/cache/data')],
        'memcached' => ['driver' => 'memcached', 'servers' => [['host' => env('MEMCACHED_HOST'), 'port' => 11211, 'weight' => 100]]],
    ],
    'prefix' => 'laravel_cache_',
];
