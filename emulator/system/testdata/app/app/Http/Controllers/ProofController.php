<?php

namespace App\Http\Controllers;

use App\Jobs\LeaveMark;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;

/** What a test of deployments asks of the application. */
class ProofController extends Controller
{
    /** Queues jobs with numbers. */
    public function queue(Request $request): JsonResponse
    {
        $numbers = range((int) $request->query('from'), (int) $request->query('to'));
        foreach ($numbers as $number) {
            LeaveMark::dispatch($number, (int) $request->query('milliseconds'));
        }

        return response()->json(['queued' => count($numbers)]);
    }

    /** What the workers and the scheduler have done. */
    public function report(): JsonResponse
    {
        return response()->json([
            'now' => now()->timestamp,
            'waiting' => DB::table('jobs')->count(),
            'failed' => DB::table('failed_jobs')->count(),
            'marks' => DB::table('notes')->where('text', 'like', 'mark %')->get(['text', 'container']),
            'ticks' => DB::table('heartbeats')->orderBy('id')->pluck('created_at'),
        ]);
    }
}
