<?php

use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::get('/', fn (Request $request) => 'Laravel <b id="version">'.app()->version().'</b>, PHP <b id="php">'.PHP_VERSION
    .'</b>, visit <b id="session">'.$request->session()->increment('visits').'</b>');
Route::get('/up', fn () => 'ok')->withoutMiddleware('web');
