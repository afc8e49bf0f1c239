<?php

use Pdo\Mysql;

// As Laravel's own, and with a limit on the time for which a page waits for a server.
$mysql = [
    'driver' => 'mysql',
    'url' => env('DB_URL'),
    'host' => env('DB_HOST', '127.0.0.1'),
    'port' => env('DB_PORT', '3306'),
    'database' => env('DB_DATABASE', 'laravel'),
    'username' => env('DB_USERNAME', 'laravel'),
    'password' => env('DB_PASSWORD', ''),
    'charset' => 'utf8mb4',
    'collation' => 'utf8mb4_unicode_ci',
    'prefix' => '',
    'prefix_indexes' => true,
    'strict' => true,
    // If set, the connection is encrypted and the server's certificate is verified.
    'options' => extension_loaded('pdo_mysql') ? array_filter([
        Mysql::ATTR_SSL_CA => env('MYSQL_ATTR_SSL_CA'),
    ]) + [PDO::ATTR_TIMEOUT => 5] : [],
];
$redis = [
    'url' => env('REDIS_URL'),
    // tls://name uses TLS.
    'host' => env('REDIS_HOST', '127.0.0.1'),
    'port' => env('REDIS_PORT', '6379'),
    'username' => env('REDIS_USERNAME'),
    'password' => env('REDIS_PASSWORD'),
    'timeout' => 2,
];

return [
    'default' => env('DB_CONNECTION', 'mysql'),
    'connections' => [
        'mysql' => $mysql,
        'mariadb' => ['driver' => 'mariadb'] + $mysql,
        'pgsql' => [
            'driver' => 'pgsql',
            'url' => env('DB_URL'),
            'host' => env('DB_HOST', '127.0.0.1'),
            'port' => env('DB_PORT', '5432'),
            'database' => env('DB_DATABASE', 'laravel'),
            'username' => env('DB_USERNAME', 'laravel'),
            'password' => env('DB_PASSWORD', ''),
            'charset' => 'utf8',
            'prefix' => '',
            'prefix_indexes' => true,
            'search_path' => 'public',
            // verify-full: the connection is encrypted and the server's certificate is verified, with the authority in PGSSLROOTCERT.
            'sslmode' => env('DB_SSLMODE', 'prefer'),
            'options' => [PDO::ATTR_TIMEOUT => 5],
        ],
    ],
    'redis' => [
        'client' => env('REDIS_CLIENT', 'phpredis'),
        'options' => ['prefix' => env('REDIS_PREFIX', 'laravel_')],
        'default' => $redis + ['database' => env('REDIS_DB', '0')],
        'cache' => $redis + ['database' => env('REDIS_CACHE_DB', '1')],
    ],
];
