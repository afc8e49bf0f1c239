<?php

use App\Http\Controllers\HomeController;
use Illuminate\Support\Facades\Route;

Route::get('/', [HomeController::class, 'show'])->name('home');
Route::post('/jobs', [HomeController::class, 'dispatch'])->name('jobs');
