// post-main.ts — a process of its own: makes the posts that it reads from standard input, one after the other, and prints what
// became of each. A process that is at its end starts it and waits, for it has no event loop any more.

import { text } from 'node:stream/consumers'
import { post } from './http-post.js'
import { outcomeToText, postsFromText } from './post-text.js'

// The sockets of post() keep no process alive; this does.
const awake = setInterval(() => undefined, 2 ** 30)
for (const each of postsFromText(await text(process.stdin))) {
  const outcome = await post(each)
  process.stdout.write(outcomeToText(outcome))
  // What failed once for want of a server would fail for all of them, and hold up somebody's end.
  if (outcome.kind === 'later' || outcome.kind === 'unknown') break
}
clearInterval(awake)
