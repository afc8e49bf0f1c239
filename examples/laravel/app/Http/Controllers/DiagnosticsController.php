<?php

namespace App\Http\Controllers;

use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Routing\Controllers\HasMiddleware;

/** For tests of a deployment: unknown pages unless APP_DIAGNOSTICS is on. */
class DiagnosticsController extends Controller implements HasMiddleware
{
    public static function middleware(): array
    {
        return [function (Request $request, callable $next) {
            abort_unless(config('app.diagnostics'), 404);

            return $next($request);
        }];
    }

    /** What arrived here of the request that a client sent to the load balancer. */
    public function request(Request $request): JsonResponse
    {
        return response()->json([
            'authorization' => $request->header('Authorization'),
            'host' => $request->getHost(),
            'ip' => $request->ip(),
            'secure' => $request->isSecure(),
            'url' => $request->url(),
        ]);
    }

    /** A request that takes its time, to be in flight when a container is asked to stop. */
    public function slow(Request $request): Response
    {
        sleep(min(30, max(0, (int) $request->query('seconds', '1'))));

        return response("done\n")->header('Content-Type', 'text/plain');
    }
}
