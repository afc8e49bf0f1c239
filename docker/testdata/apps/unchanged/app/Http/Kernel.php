<?php

namespace App\Http;

use Illuminate\Foundation\Http\Kernel as HttpKernel;

/** An application that changes nothing for a load balancer: it trusts no proxy, and its own host only. */
class Kernel extends HttpKernel
{
    protected $middleware = [
        Middleware\TrustHosts::class,
        \Illuminate\Foundation\Http\Middleware\PreventRequestsDuringMaintenance::class,
        \Illuminate\Foundation\Http\Middleware\ValidatePostSize::class,
    ];

    protected $middlewareGroups = [
        'web' => [
            \Illuminate\Cookie\Middleware\EncryptCookies::class,
            \Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse::class,
            \Illuminate\Session\Middleware\StartSession::class,
            \Illuminate\Routing\Middleware\SubstituteBindings::class,
        ],
    ];
}
