// pprof-index.ts — the page that lists what the pull handler serves, in the manner of Go's index. Pure.

/** An HTML document. `base` goes before the links: '' where the page's address ends in a slash. */
export function pprofIndex(base: string, maxSeconds: number): string {
  const link = (target: string): string => `<a href="${escapeHtml(base + target)}">${escapeHtml(target)}</a>`
  return `<!doctype html>
<html>
<head>
<title>/debug/pprof/</title>
</head>
<body>
<p>/debug/pprof/</p>
<p>Types of profiles available:</p>
<table>
<tr><td>${link('profile')}</td></tr>
</table>
<p>profile: CPU profile. You can specify the duration in the seconds GET parameter, 1 to ${maxSeconds}; the default is 30.
After you get the profile file, use the go tool pprof command to investigate the profile.</p>
<p>${link('profile?seconds=5')}</p>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
