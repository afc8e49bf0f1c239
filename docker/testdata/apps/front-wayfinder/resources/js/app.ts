import { routes } from './routes';

document.title = routes.join(' ');
