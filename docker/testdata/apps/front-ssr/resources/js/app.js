document.title = 'The browser renders it.';
