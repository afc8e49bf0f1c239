<?php

namespace Laravel\Horizon\Events;

use Laravel\Horizon\Master;

class MasterSupervisorLooped
{
    public function __construct(public Master $master) {}
}
