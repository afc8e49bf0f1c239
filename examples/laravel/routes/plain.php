<?php

use App\Http\Controllers\DiagnosticsController;
use App\Http\Controllers\FileController;
use App\Http\Controllers\HealthController;
use App\Http\Controllers\UploadController;
use Illuminate\Support\Facades\Route;

Route::get('/ready', [HealthController::class, 'ready']);
Route::post('/upload', [UploadController::class, 'store']);
Route::post('/upload/file', [FileController::class, 'store']);
Route::get('/files/{name}', [FileController::class, 'show']);
Route::get('/diagnostics/request', [DiagnosticsController::class, 'request']);
Route::get('/diagnostics/slow', [DiagnosticsController::class, 'slow']);
