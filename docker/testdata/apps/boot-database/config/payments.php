<?php

return ['key' => getenv('PAYMENT_KEY') ?: throw new RuntimeException('PAYMENT_KEY is not set')];
