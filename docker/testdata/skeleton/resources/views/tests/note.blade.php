<p>A view about tests.</p>
