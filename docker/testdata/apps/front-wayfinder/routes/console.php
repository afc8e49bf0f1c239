<?php

use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Route;

// What laravel/wayfinder does, reduced: the bundle is made with the application's routes.
Artisan::command('wayfinder:generate {--with-form} {--path=}', function () {
    $routes = array_map(fn ($route) => $route->uri(), Route::getRoutes()->getRoutes());
    file_put_contents(resource_path('js/routes.ts'), 'export const routes: string[] = '.json_encode(array_values($routes)).';');
});
