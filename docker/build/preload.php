<?php
// Writes the list of class files that a request uses, for php-fpm to load once at its start: preload.php LIST.
// It answers one health check and one unknown page in this process and notes what was loaded. Only files of
// the class map count: a file of functions would be declared twice.

use Illuminate\Contracts\Http\Kernel;
use Illuminate\Http\Request;

[, $list] = $argv;
define('LARAVEL_START', microtime(true));
require 'vendor/autoload.php';
$app = require 'bootstrap/app.php';
$kernel = $app->make(Kernel::class);
foreach (['/up', '/no-such-page'] as $path) {
    $kernel->terminate($request = Request::create($path), $kernel->handle($request));
}
$drivers = extension_loaded('pdo_mysql') ? [Illuminate\Database\MySqlConnection::class, Illuminate\Database\Connectors\MySqlConnector::class,
    Illuminate\Database\Query\Grammars\MySqlGrammar::class, Illuminate\Database\Query\Processors\MySqlProcessor::class] : [];
if (extension_loaded('pdo_pgsql')) {
    array_push($drivers, Illuminate\Database\PostgresConnection::class, Illuminate\Database\Connectors\PostgresConnector::class,
        Illuminate\Database\Query\Grammars\PostgresGrammar::class, Illuminate\Database\Query\Processors\PostgresProcessor::class);
}
// Classes that every real page adds, whether or not the two above did.
foreach ([Illuminate\Session\Middleware\StartSession::class, Illuminate\Session\CacheBasedSessionHandler::class,
    Illuminate\Cookie\Middleware\EncryptCookies::class, Illuminate\Foundation\Http\Middleware\VerifyCsrfToken::class,
    ...$drivers,
    Illuminate\Database\Eloquent\Model::class, Illuminate\Database\Eloquent\Collection::class,
    Illuminate\View\Compilers\BladeCompiler::class, Illuminate\View\Engines\CompilerEngine::class,
    Illuminate\Foundation\Vite::class, Carbon\CarbonImmutable::class] as $class) {
    class_exists($class);
}
$classes = array_map('realpath', require 'vendor/composer/autoload_classmap.php');
$files = array_values(array_intersect(get_included_files(), $classes));
// A class whose parent is in no file of the list (it may be in a file that is not of the class map) is a warning at every start of php-fpm.
do {
    file_put_contents($list, implode("\n", $files)."\n");
    exec('php -d opcache.enable_cli=1 -d opcache.preload=/usr/local/lib/laravel-ecs/preload.php -d opcache.preload_user=www-data -r "" 2>&1', $warnings, $status);
    if ($status !== 0) {
        fwrite(STDERR, "preload: nothing, because PHP ends over it:\n".implode("\n", array_slice($warnings, -3))."\n");
        file_put_contents($list, '');
        exit(0);
    }
    preg_match_all("/Can't preload .* in (\S+) on line/", implode("\n", $warnings), $found);
    [$before, $files, $warnings] = [count($files), array_values(array_diff($files, $found[1])), []];
} while (count($files) < $before);
fprintf(STDERR, "preload: %d class files\n", count($files));
