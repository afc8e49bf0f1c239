<p>A published view.</p>
