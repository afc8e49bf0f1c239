<?php

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;

/** Makes versions of one image, by the release that a task runs. The page is a tenth of what the load asks for. */
class Version
{
    private const MICROSECONDS = ['steady' => 800_000, 'slow' => 1_600_000, 'errs' => 800_000];

    public function handle(Request $request, Closure $next): Response
    {
        $version = strtok((string) getenv('APP_RELEASE'), '-');
        usleep(self::MICROSECONDS[$version] ?? 0);
        abort_if($version === 'errs' && random_int(0, 1) === 1, 500, 'this release fails now and then');

        return $next($request);
    }
}
