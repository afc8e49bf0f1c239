<?php

namespace Tests\Feature;

use Tests\TestCase;

class HealthTest extends TestCase
{
    public function test_alive_without_a_database(): void
    {
        config(['database.default' => 'nowhere']);

        $this->get('/up')->assertOk()->assertSee('Application up');
    }
}
