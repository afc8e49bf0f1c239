<?php

return [
    'fast_termination' => (bool) env('FAST'),
    'defaults' => ['supervisor-1' => ['connection' => env('CONNECTION', 'redis'), 'timeout' => (int) env('TIMEOUT', 60)]],
    'environments' => ['production' => ['supervisor-1' => ['connection' => env('CONNECTION', 'redis'), 'timeout' => (int) env('TIMEOUT', 60)]]],
];
