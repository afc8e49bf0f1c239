<?php

namespace Laravel\Horizon;

use Symfony\Component\Process\Process;

/** src/BackgroundProcess.php: Symfony's ends with the one that started it, this one does not. */
class BackgroundProcess extends Process
{
    public function __destruct() {}
}
