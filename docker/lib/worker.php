<?php
// php artisan, with a heartbeat: worker.php queue:work ... touches HEARTBEAT_FILE whenever the worker comes
// round its loop, so that a health check can tell a stuck worker from a busy one. Needs nothing of the application.

use Illuminate\Contracts\Console\Kernel;
use Illuminate\Queue\Events\JobProcessed;
use Illuminate\Queue\Events\JobProcessing;
use Illuminate\Queue\Events\Looping;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Output\ConsoleOutput;

require '/var/www/vendor/autoload.php';
$app = require '/var/www/bootstrap/app.php';
$kernel = $app->make(Kernel::class);
$kernel->bootstrap();

$file = getenv('HEARTBEAT_FILE');
$app['events']->listen([Looping::class, JobProcessing::class, JobProcessed::class], function () use ($file): void {
    touch($file);
});

$status = $kernel->handle($input = new ArgvInput(), new ConsoleOutput());
$kernel->terminate($input, $status);
exit($status);
