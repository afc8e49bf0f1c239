<?php

abstract class Unmapped
{
}
