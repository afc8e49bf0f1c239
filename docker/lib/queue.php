<?php
// How long the oldest job of the queue has waited, and how many wait, as a line of the log that CloudWatch makes metrics of (metrics.sh).
// Laravel has pendingSize() and creationTimeOfOldestPendingJob() since version 12 only, so this reads the table or the list itself, as they
// do. A job that waits for its delay, or that a worker has, does not count.

namespace LaravelEcs;

use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Queue;

/** @return array{int, int} the seconds that the oldest job has waited, and how many jobs wait. */
function waiting_in_table(array $config): array
{
    // All queues of the table: a job on one that no worker works waits, too.
    $row = DB::connection($config['connection'] ?? null)->table($config['table'])
        ->whereNull('reserved_at')->where('available_at', '<=', time())
        ->selectRaw('min(available_at) as since, count(*) as jobs')->first();

    return [$row->since === null ? 0 : time() - (int) $row->since, (int) $row->jobs];
}

/** Jobs are taken from the head of a list. */
function waiting_in_list(string $name, string $queue): array
{
    $list = Queue::connection($name);
    $redis = $list->getConnection();
    $head = $redis->lindex($list->getQueue($queue), 0);
    if (! $head) {
        return [0, 0];
    }
    $job = json_decode($head, true) ?: [];
    // Laravel writes createdAt and delay since 12.11, Horizon pushedAt. Without them it is known only for how long this job has been the
    // head of the list: less than it has waited, but it grows where nothing is taken from the list.
    $since = isset($job['createdAt']) ? $job['createdAt'] + (int) ($job['delay'] ?? 0) : ($job['pushedAt'] ?? null);
    if ($since === null) {
        $key = "queue-head:$name:$queue";
        $known = Cache::get($key);
        if (! is_array($known) || $known[0] !== md5($head)) {
            Cache::put($key, $known = [md5($head), time()], 7 * 86400);
        }
        $since = $known[1];
    }

    return [max(0, time() - (int) $since), (int) $redis->llen($list->getQueue($queue))];
}

function print_queue_metric(): void
{
    $stack = getenv('METRICS_STACK');
    if ($stack === false || $stack === '') {
        return;
    }
    $name = config('queue.default');
    $config = config("queue.connections.$name") ?? [];
    switch ($config['driver'] ?? '') {
        case 'database':
            [$age, $jobs] = waiting_in_table($config);
            break;
        case 'redis':
            $age = $jobs = 0;
            foreach (explode(',', getenv('METRICS_QUEUES') ?: $config['queue'] ?? 'default') as $queue) {
                [$oldest, $length] = waiting_in_list($name, $queue);
                $age = max($age, $oldest);
                $jobs += $length;
            }
            break;
        default:
            fwrite(STDERR, "scheduler: the age of the queue is not known: the connection $name is neither of the driver database nor redis\n");

            return;
    }
    fwrite(STDOUT, json_encode([
        '_aws' => [
            'Timestamp' => (int) (microtime(true) * 1000),
            'CloudWatchMetrics' => [[
                'Namespace' => 'LaravelECS',
                'Dimensions' => [['Stack']],
                'Metrics' => [['Name' => 'OldestJobAge', 'Unit' => 'Seconds'], ['Name' => 'WaitingJobs', 'Unit' => 'Count']],
            ]],
        ],
        'Stack' => $stack,
        'OldestJobAge' => $age,
        'WaitingJobs' => $jobs,
    ])."\n");
}
