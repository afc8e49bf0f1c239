<?php

use Illuminate\Foundation\Application;
use Illuminate\Foundation\Configuration\Exceptions;
use Illuminate\Foundation\Configuration\Middleware;

return Application::configure(basePath: dirname(__DIR__))
    ->withRouting(
        web: __DIR__.'/../routes/web.php',
        commands: __DIR__.'/../routes/console.php',
        // Is this container alive? Laravel asks nobody else: an outage of the database must not restart the web servers.
        health: '/up',
        // For probes and machines: no session, no cookies.
        then: function (): void {
            require __DIR__.'/../routes/plain.php';
        },
    )
    ->withMiddleware(function (Middleware $middleware): void {
        // A task in maintenance is healthy: ECS would replace it. Laravel excepts its own health page.
        $middleware->preventRequestsDuringMaintenance(except: ['ready']);
    })
    ->withExceptions(function (Exceptions $exceptions): void {
        //
    })->create();
