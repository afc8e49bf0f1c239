<?php

namespace Tests\Unit;

use App\Support\System;
use PHPUnit\Framework\TestCase;

class SystemTest extends TestCase
{
    public function test_a_container_has_a_name(): void
    {
        $this->assertNotSame('', System::container());
    }
}
