console.log('rendered by the server of', import.meta.env.VITE_APP_NAME);
