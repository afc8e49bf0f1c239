<?php

namespace App\Http\Controllers;

use App\Support\SessionStore;
use Illuminate\Http\JsonResponse;
use Illuminate\Support\Facades\DB;
use Throwable;

class HealthController extends Controller
{
    /** Can this container serve people? Asks everything that a page needs. */
    public function ready(SessionStore $store): JsonResponse
    {
        $checks = ['database' => $this->database(), 'sessions' => $store->answers()];

        return response()->json(['release' => config('app.release'), 'checks' => $checks], in_array(false, $checks, true) ? 503 : 200);
    }

    private function database(): bool
    {
        try {
            return DB::table('migrations')->exists();
        } catch (Throwable $e) {
            report($e);

            return false;
        }
    }
}
