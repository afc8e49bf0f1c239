<?php

namespace Tests\Feature;

use Illuminate\Foundation\Testing\RefreshDatabase;
use Illuminate\Support\Facades\Schema;
use Tests\TestCase;

class ReadyTest extends TestCase
{
    use RefreshDatabase;

    public function test_ready_with_everything_that_a_page_needs(): void
    {
        $this->getJson('/ready')->assertOk()->assertJsonPath('checks.database', true);
    }

    public function test_not_ready_without_its_tables(): void
    {
        Schema::drop('migrations');

        $this->getJson('/ready')->assertStatus(503)->assertJsonPath('checks.database', false);
    }
}
