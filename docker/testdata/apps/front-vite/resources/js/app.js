document.title = import.meta.env.VITE_APP_NAME;
