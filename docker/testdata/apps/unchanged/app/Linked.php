<?php

namespace App;

/** Its parent is in a file that is not of Composer's class map: preloading this class would be a warning at every start. */
class Linked extends \Unmapped
{
}
