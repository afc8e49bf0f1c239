<?php
// What an exception is about, in one line for a person: the service provider or the file of the application, then the message.

namespace LaravelEcs;

use Illuminate\Support\ServiceProvider;
use Throwable;

/** Names the innermost service provider that the exception passed through, or else the innermost file outside of vendor/, with the line. */
function blame(Throwable $e): string
{
    $root = '/var/www/';
    $file = $e->getFile();
    $line = $e->getLine();
    $place = null;
    foreach ([...$e->getTrace(), []] as $frame) {
        $class = $frame['class'] ?? '';
        // $file and $line are where the function of this frame was.
        if (is_subclass_of($class, ServiceProvider::class) && !str_starts_with($class, 'Illuminate\\') && str_starts_with($file, $root)) {
            $place = "$class (".substr($file, strlen($root)).", line $line)";
            break;
        }
        if ($place === null && str_starts_with($file, $root) && !preg_match('#^/var/www/(vendor/|bootstrap/app\.php|artisan)#', $file)) {
            $place = substr($file, strlen($root)).", line $line";
        }
        $file = $frame['file'] ?? $file;
        $line = $frame['line'] ?? $line;
    }
    $text = trim(preg_replace('/\s+/', ' ', $e->getMessage()));
    return ($place ?? substr($e->getFile(), strlen($root)).', line '.$e->getLine()).': '.($text === '' ? $e::class : mb_strimwidth($text, 0, 300, '...'));
}
