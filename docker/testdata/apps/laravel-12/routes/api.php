<?php

use App\Models\User;
use Illuminate\Support\Facades\Route;

Route::get('/users', fn () => ['users' => User::count()]);
