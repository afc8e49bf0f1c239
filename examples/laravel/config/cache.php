<?php

return [
    'default' => env('CACHE_STORE', 'file'),
    'stores' => [
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
    ],
];
