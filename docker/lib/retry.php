<?php
// Stops a worker whose connection gives a running job to another one. A queue does that retry_after seconds after a worker took the job;
// "the --timeout value should always be at least several seconds shorter" (https://laravel.com/docs/12.x/queues#job-expirations-and-timeouts).
// Laravel 10 has a fixed 90 in config/queue.php, later versions read a variable (laravel/laravel, config/queue.php).

namespace LaravelEcs;

use Illuminate\Contracts\Console\Kernel;
use Illuminate\Queue\Events\JobProcessing;
use Illuminate\Support\Str;
use Symfony\Component\Console\Exception\ExceptionInterface;
use Symfony\Component\Console\Input\ArgvInput;

/** Returns the connection and the timeout of the queue:work command in $argv; null if the command is not valid, which it says itself. */
function work_options(Kernel $kernel, array $argv): ?array
{
    try {
        $command = $kernel->all()['queue:work'];
        $command->mergeApplicationDefinition();
        $input = new ArgvInput($argv, $command->getDefinition());
    } catch (ExceptionInterface) {
        return null;
    }

    return [$input->getArgument('connection') ?? config('queue.default'), (int) $input->getOption('timeout')];
}

/** Returns after how many seconds a connection gives a job away; null if its driver has no such setting. The connectors use 60 without one. */
function retry_after(string $connection): ?int
{
    $config = config("queue.connections.$connection") ?? [];
    $has = array_key_exists('retry_after', $config) || in_array($config['driver'] ?? null, ['database', 'redis', 'beanstalkd'], true);

    return $has ? (int) ($config['retry_after'] ?? 60) : null;
}

/** Exits with 78 (EX_CONFIG) if a job of the worker with the command line $argv may still run when another worker gets it. */
function check_retry(Kernel $kernel, array $argv): void
{
    [$connection, $timeout] = work_options($kernel, $argv) ?? [null, 0];
    $retry = $connection === null ? null : retry_after($connection);
    if ($retry === null || ($timeout > 0 && $timeout < $retry)) {
        return;
    }
    refuse_retry('worker', $connection, $retry, $timeout, '--timeout, which is worker.jobSeconds', 'worker.jobSeconds');
}

/** Ends with 78 and says what to write. $from is where the timeout stands, $key what to make less. */
function refuse_retry(string $role, string $connection, int $retry, int $timeout, string $from, string $key): never
{
    $driver = config("queue.connections.$connection.driver");
    $variable = (['database' => 'DB', 'redis' => 'REDIS', 'beanstalkd' => 'BEANSTALKD'][$driver] ?? strtoupper($connection)).'_QUEUE_RETRY_AFTER';
    $jobs = $timeout > 0 ? "a job may run for $timeout s ($from)" : 'a job may run for ever (--timeout=0)';
    fwrite(STDERR, "$role: queue.connections.$connection.retry_after is $retry in the application's config/queue.php, but $jobs: another worker would "
        ."get the job while it runs. Write 'retry_after' => (int) env('$variable', 90), as Laravel 11 has it: the program sets $variable to "
        ."worker.jobSeconds + 30. Or make $key less than $retry.\n");
    exit(78);
}

/**
 * Exits with 78 if Horizon with the command line $argv would start no worker, or one whose jobs another one gets too early. It starts the
 * supervisors of the environment in config/horizon.php (src/Console/HorizonCommand.php and src/ProvisioningPlan.php of laravel/horizon), and
 * says nothing if there are none. A supervisor's timeout is 60 if it has none (src/SupervisorOptions.php).
 */
function check_horizon(Kernel $kernel, array $argv): void
{
    if (! isset($kernel->all()['horizon'])) {
        fwrite(STDERR, "horizon: the application has no command horizon: composer require laravel/horizon\n");
        exit(78);
    }
    $environment = (new ArgvInput($argv))->getParameterOption('--environment') ?: config('horizon.env') ?? config('app.env');
    $plans = array_filter(config('horizon.environments') ?? [], fn ($name) => Str::is($name, $environment), ARRAY_FILTER_USE_KEY);
    // array_replace_recursive, as Horizon has it: what an environment does not set is in the defaults.
    $supervisors = $plans ? array_replace_recursive(config('horizon.defaults') ?? [], reset($plans)) : [];
    if (! $supervisors) {
        fwrite(STDERR, "horizon: config/horizon.php has no supervisors for the environment $environment, so no job would run. environments has "
            .(implode(', ', array_keys(config('horizon.environments') ?? [])) ?: 'nothing').": add '$environment', or '*' for all\n");
        exit(78);
    }
    foreach ($supervisors as $name => $options) {
        [$connection, $timeout] = [$options['connection'] ?? 'redis', (int) ($options['timeout'] ?? 60)];
        $retry = retry_after($connection);
        if ($retry !== null && ($timeout <= 0 || $timeout >= $retry)) {
            refuse_retry('horizon', $connection, $retry, $timeout, "timeout of $name in config/horizon.php", "the timeout of $name");
        }
    }
}

/** Says, once for each, which jobs have a longer timeout of their own than their connection waits: Laravel prefers it to --timeout. */
function tell_long_jobs(JobProcessing $event): void
{
    static $told = [];
    [$name, $timeout, $retry] = [$event->job->resolveName(), $event->job->timeout(), retry_after($event->connectionName)];
    if ($timeout !== null && $retry !== null && ($timeout == 0 || $timeout >= $retry) && !isset($told[$name])) {
        $told[$name] = true;
        fwrite(STDERR, "worker: $name has the timeout $timeout, but queue.connections.{$event->connectionName}.retry_after is $retry: another worker "
            ."gets the job while it runs. Set worker.jobSeconds to the longest job.\n");
    }
}
