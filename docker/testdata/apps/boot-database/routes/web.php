<?php

use Illuminate\Support\Facades\Route;

Route::view('/', 'welcome', ['visits' => 1]);
Route::get('/title', fn () => config('app.name').', '.config('payments.key'));
Route::get('/health', fn () => 'ok')->withoutMiddleware('web');
