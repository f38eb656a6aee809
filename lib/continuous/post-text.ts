// post-text.ts — posts and what became of them, as text between two processes of ours, a line each. Pure.

import type { Post } from './http-post.js'
import type { Outcome } from './sink.js'

export function postsToText(posts: readonly Post[]): string {
  return posts
    .map(
      ({ body, ...rest }) => `${JSON.stringify({ ...rest, body: Buffer.from(body).toString('base64') })}\n`,
    )
    .join('')
}

export function postsFromText(text: string): Post[] {
  return linesOf(text).map((line) => {
    const { body, ...rest } = JSON.parse(line) as Omit<Post, 'body'> & { body: string }
    return { ...rest, body: Buffer.from(body, 'base64') }
  })
}

export function outcomeToText(outcome: Outcome): string {
  return `${JSON.stringify(outcome)}\n`
}

export function outcomesFromText(text: string): Outcome[] {
  return linesOf(text).map((line) => JSON.parse(line) as Outcome)
}

// A line that is not ended was cut off.
function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}
