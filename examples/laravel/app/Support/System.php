<?php

namespace App\Support;

class System
{
    /** The id of the container that runs this code: Docker gives it as the host's name. */
    public static function container(): string
    {
        return gethostname() ?: 'unknown';
    }
}
