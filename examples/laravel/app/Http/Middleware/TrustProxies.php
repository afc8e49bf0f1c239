<?php

namespace App\Http\Middleware;

use Illuminate\Http\Middleware\TrustProxies as Middleware;
use Illuminate\Http\Request;

class TrustProxies extends Middleware
{
    // The headers that an AWS load balancer sets. X-Forwarded-Host is not one of them, so it must not be trusted.
    protected $headers = Request::HEADER_X_FORWARDED_AWS_ELB;

    /** "*" trusts the direct peer only: the security groups let nobody but the load balancer be one. */
    protected function proxies()
    {
        return config('app.trusted_proxies');
    }
}
