<?php
// How the scripts beside this one start the application and run a command of Laravel, as artisan does it. Whatever runs in one process with the
// application declares its functions in this namespace: a helper of the application may have the same name.

namespace LaravelEcs;

use Illuminate\Contracts\Console\Kernel;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Output\ConsoleOutput;

require '/var/www/vendor/autoload.php';

function start_application(): Kernel
{
    $kernel = (require '/var/www/bootstrap/app.php')->make(Kernel::class);
    $kernel->bootstrap();

    return $kernel;
}

/** Ends with the status of the command. */
function run_artisan(Kernel $kernel, array $argv): never
{
    $status = $kernel->handle($input = new ArgvInput($argv), new ConsoleOutput());
    $kernel->terminate($input, $status);
    exit($status);
}
