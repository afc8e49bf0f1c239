<?php

// What differs from Laravel's own defaults, which are in vendor/laravel/framework/config.
return [
    'name' => env('APP_NAME', 'Laravel on ECS'),

    // Keys of this application, in addition to Laravel's own.
    'diagnostics' => (bool) env('APP_DIAGNOSTICS', false),
    'release' => env('APP_RELEASE', 'dev'),
];
