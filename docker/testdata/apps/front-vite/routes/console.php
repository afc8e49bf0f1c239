<?php

use Illuminate\Support\Facades\Artisan;

Artisan::command('inertia:shown', function () {
    $this->line('INERTIA_SSR_ENABLED='.getenv('INERTIA_SSR_ENABLED'));
});
