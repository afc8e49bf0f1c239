import { wayfinder } from '@laravel/vite-plugin-wayfinder';
import laravel from 'laravel-vite-plugin';
import { defineConfig } from 'vite';

export default defineConfig({
    plugins: [wayfinder({ formVariants: true }), laravel({ input: ['resources/js/app.ts'] })],
});
