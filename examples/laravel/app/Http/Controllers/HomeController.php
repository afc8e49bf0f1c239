<?php

namespace App\Http\Controllers;

use App\Jobs\LeaveNote;
use App\Support\SessionStore;
use App\Support\System;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\View\View;

class HomeController extends Controller
{
    public function show(Request $request, SessionStore $store): View
    {
        $session = $request->session()->increment('visits');
        // One statement, so that two containers never count the same visit.
        DB::table('counters')->where('name', 'visits')->increment('value');

        return view('home', [
            'container' => System::container(),
            'heartbeat' => DB::table('heartbeats')->latest('id')->first(),
            'notes' => DB::table('notes')->latest('id')->limit(5)->get(),
            'release' => config('app.release'),
            'session' => $session,
            'store' => $store->name(),
            'storeAnswers' => $store->answers(),
            'visits' => DB::table('counters')->where('name', 'visits')->value('value'),
        ]);
    }

    public function dispatch(Request $request): RedirectResponse
    {
        $input = $request->validate(['seconds' => 'integer|between:0,30']);
        LeaveNote::dispatch((int) ($input['seconds'] ?? 0), System::container());

        return redirect()->route('home');
    }
}
