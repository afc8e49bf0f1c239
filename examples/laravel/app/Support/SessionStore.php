<?php

namespace App\Support;

use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Log;
use Illuminate\Support\Facades\Redis;
use Memcached;
use Throwable;

/** Where sessions are kept, and whether that place answers. */
class SessionStore
{
    private const QUIET_SECONDS = 300;

    public function name(): string
    {
        return (string) config('session.driver');
    }

    /** With memcached gone Laravel serves on, forgetting sessions silently: so this says it, in the log too. */
    public function answers(): bool
    {
        try {
            $answers = match ($this->name()) {
                'memcached' => $this->memcached(Cache::store('memcached')->getMemcached()),
                'redis' => (bool) Redis::connection(config('session.connection'))->ping(),
                'database' => DB::table('sessions')->exists() || true,
                default => true,
            };
        } catch (Throwable $e) {
            $answers = false;
        }
        if (!$answers) {
            $this->warn();
        }

        return $answers;
    }

    private function memcached(Memcached $client): bool
    {
        $versions = $client->getVersion();

        return is_array($versions) && !in_array('255.255.255', $versions, true) && $versions !== [];
    }

    /** Once in a while per container: every page would say it otherwise. */
    private function warn(): void
    {
        $mark = storage_path('framework/session-store-warned');
        if (@filemtime($mark) > time() - self::QUIET_SECONDS) {
            return;
        }
        @touch($mark);
        Log::warning('The session store does not answer: visitors are logged out until it does.', ['store' => $this->name()]);
    }
}
