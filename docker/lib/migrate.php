<?php
// Migrates the database under a named lock: migrate.php [options of artisan migrate]. Any number of containers
// can run it at once; each ends when the schema is current. The lock is in the database itself, on a separate
// connection: it needs no table, and it ends with the connection.

namespace LaravelEcs;

use Illuminate\Database\Connection;
use PDOException;

require __DIR__.'/artisan.php';
require __DIR__.'/boot.php';
require __DIR__.'/retry.php';
$kernel = boot(require '/var/www/bootstrap/app.php');
// The migration is the first of a release that starts the application. What the worker or Horizon would refuse ends the release here, before anything changes.
if ($worker = json_decode(getenv('WORKER_ARGUMENTS') ?: '', true)) {
    check_retry($kernel, ['artisan', 'queue:work', ...$worker]);
}
if (is_array($horizon = json_decode(getenv('HORIZON_ARGUMENTS') ?: '', true))) {
    check_horizon($kernel, ['artisan', 'horizon', ...$horizon]);
}

function fail(string $text, int $status = 1): never
{
    fwrite(STDERR, "migrate: $text\n");
    exit($status);
}

/** Opens a connection, waiting for a database that is still starting; a refused login is final. */
function connect(array $config, int $seconds): Connection
{
    for ($end = time() + $seconds; ; sleep(1)) {
        try {
            $connection = app('db.factory')->make($config, 'migrate-lock');
            $connection->getPdo();
            return $connection;
        } catch (PDOException $e) {
            // 2002: nothing answers (yet); 2006, 2013: it went away; 1053: it is shutting down.
            $waitable = preg_match('/\[(2002|2006|2013|1053)\]|Connection refused|starting up|could not translate/', $e->getMessage());
            if (!$waitable || time() >= $end) {
                fail('no connection to the database: '.$e->getMessage());
            }
        }
    }
}

/** The lock of PostgreSQL, whose wait ends with an error, 55P03. */
function advisory(Connection $connection, string $name, int $seconds): bool
{
    $connection->statement("set lock_timeout = '{$seconds}s'");
    try {
        return (bool) $connection->select('select pg_advisory_lock(hashtext(?))', [$name]);
    } catch (PDOException $e) {
        return $e->getCode() === '55P03' ? false : throw $e;
    }
}

/** Takes the lock, or fails after $seconds. */
function lock(Connection $connection, string $name, int $seconds): void
{
    $taken = match ($connection->getDriverName()) {
        'mysql', 'mariadb' => $connection->selectOne('select get_lock(?, ?) as taken', [$name, $seconds])->taken == 1,
        'pgsql' => advisory($connection, $name, $seconds),
        // SQLite has one file and one writer: no lock is needed.
        default => true,
    };
    if (!$taken) {
        fail("another container has been migrating for $seconds s (MIGRATE_WAIT_SECONDS)");
    }
}

$config = config('database.connections.'.config('database.default'));
// Laravel puts the connection's sslmode before that of the variable, which psql and the container's own code have.
if (($config['driver'] ?? '') === 'pgsql' && getenv('PGSSLMODE') === 'verify-full' && ($config['sslmode'] ?? 'verify-full') !== 'verify-full') {
    fail("the connection has the sslmode {$config['sslmode']}, so nobody verifies the server's certificate, which PGSSLMODE=verify-full asks for: "
        ."write 'sslmode' => env('DB_SSLMODE', 'prefer') in config/database.php, or set database.requireTls: false", 78);
}
$connection = connect($config, (int) (getenv('DB_WAIT_SECONDS') ?: 60));
lock($connection, 'migrate:'.md5($connection->getDatabaseName()), (int) (getenv('MIGRATE_WAIT_SECONDS') ?: 600));

run_artisan($kernel, ['artisan', 'migrate', '--force', ...array_slice($argv, 1)]);
