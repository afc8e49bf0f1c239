// The server sends times in UTC; the page shows "3 minutes ago".
const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];
const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

function relative(date) {
    const seconds = Math.round((date.getTime() - Date.now()) / 1000);
    const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
    return format.format(Math.round(seconds / size), unit);
}

function refresh() {
    for (const element of document.querySelectorAll('time[datetime]')) {
        const date = new Date(element.dateTime.replace(' ', 'T'));
        if (!Number.isNaN(date.getTime())) {
            element.title = date.toLocaleString();
            element.textContent = relative(date);
        }
    }
}

refresh();
setInterval(refresh, 10_000);
