import createServer from '@inertiajs/vue3/server';
import { createSSRApp, h } from 'vue';
import { renderToString } from 'vue/server-renderer';

// A page that takes its time.
const Page = {
    props: ['seconds'],
    async serverPrefetch() { await new Promise((done) => setTimeout(done, this.seconds * 1000)); },
    render() { return h('p', `rendered in ${process.env.NODE_ENV}`); },
};

createServer(async ({ props }) => ({ head: [], body: await renderToString(createSSRApp(Page, props)) }));
