// server.mjs — Fastify with three routes: a small answer by a schema, a list that is filtered and sorted, and a body that is read.
// Prints its port; ends by itself when /stop has been asked for. With ALWAYS_ON=1 it samples itself, as in production: labels by
// route, and the pull handler, asked for windows by the benchmark. It then prints, as JSON, what that cost.

import Fastify from 'fastify'
import lodash from 'lodash'

const items = Array.from({ length: 200 }, (_, i) => ({ id: i, name: `item ${i}`, price: (i * 7919) % 1009 }))
const server = Fastify()
const { sampler, subtract } = process.env.ALWAYS_ON === '1' ? await sampleAlways(server) : { sampler: null }

const schema = {
  response: { 200: { type: 'object', properties: { id: { type: 'integer' }, name: { type: 'string' } } } },
}
server.get('/item/:id', { schema }, (request) => items[Number(request.params.id) % items.length])
server.get('/list', (request) => {
  const most = Number(request.query.most ?? 500)
  return lodash.orderBy(
    items.filter(({ price }) => price <= most),
    ['price', 'id'],
  )
})
server.post('/order', (request) => ({ total: lodash.sumBy(request.body.items, 'price') }))
// What it costs to get going is not what it costs to be always on.
let warm
server.get('/warm', (_, reply) => {
  warm = sampler?.snapshot()
  reply.send('warm')
})
server.get('/stop', (_, reply) => {
  reply.header('connection', 'close').send('bye')
  setImmediate(async () => {
    await server.close()
    if (sampler === null) return
    const profile = subtract(sampler.stop(), warm)
    const { cost, counters, durationNanos, cpuNanos } = profile
    console.log(JSON.stringify({ cost, counters, durationNanos, cpuNanos, ownNanos: ownNanosOf(profile) }))
  })
})

await server.listen({ port: 0, host: '127.0.0.1' })
console.log(`port ${server.server.address().port}`)

// What the profile itself says of nativeprof's JavaScript: draining, adding up, and writing what is pulled.
function ownNanosOf({ totals, stacks, frames, functions }) {
  const isOwn = (stackId) => functions[frames[stacks[stackId].frameId].functionId].name === '(nativeprof)'
  return totals.reduce((sum, { stackId, weightNanos }) => sum + (isOwn(stackId) ? weightNanos : 0), 0)
}

async function sampleAlways(server) {
  const { pprofHandler, startSampler, subtract, withLabels } = await import('../../../dist/index.js')
  const sampler = startSampler()
  const pprof = pprofHandler()
  server.addHook('onRequest', (request, _, next) => {
    withLabels({ route: request.routeOptions.url ?? 'none' }, next)
  })
  server.get('/debug/pprof/*', (request, reply) => {
    reply.hijack()
    pprof(request.raw, reply.raw)
  })
  server.addHook('onClose', (_, done) => {
    pprof.close()
    done()
  })
  return { sampler, subtract }
}
