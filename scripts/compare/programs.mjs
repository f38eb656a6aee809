// programs.mjs — what compare-walks.mjs has run under both walks, each for some seconds.

import {
  createHash,
  createSign,
  generateKeyPairSync,
  pbkdf2Sync,
  randomBytes,
  createCipheriv,
} from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { runChains } from '../../test/fixtures/chains.mjs'
import { WORKLOADS } from '../bench/workloads.mjs'

const [scan, parse] = Object.values(WORKLOADS)

/** Programs by name: `(seconds, seed) => void`; `hasRules`: chain-rules.mjs can tell a wrong stack of it. */
export const PROGRAMS = {
  chains: {
    hasRules: true,
    run: (seconds, seed) => {
      const end = performance.now() + seconds * 1000
      runChains({ seed, isEnough: () => performance.now() > end })
    },
  },
  scan: { hasRules: false, run: (seconds) => repeat(scan, seconds) },
  parse: { hasRules: false, run: (seconds) => repeat(parse, seconds) },
  crypto: { hasRules: false, run: (seconds) => repeat(cryptography(), seconds) },
  libc: { hasRules: false, run: (seconds) => repeat(nativeCode, seconds) },
}

function repeat(work, seconds) {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) work()
}

// OpenSSL's assembly keeps no frame pointers and uses their register for data.
function cryptography() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const data = randomBytes(65_536)
  const key = randomBytes(32)
  const iv = randomBytes(12)
  return () => {
    createSign('sha256').update(data).sign(privateKey)
    pbkdf2Sync('password', 'salt', 500, 64, 'sha512')
    createHash('sha256').update(data).digest()
    createHash('sha512').update(data).digest()
    createHash('md5').update(data).digest()
    createCipheriv('aes-256-gcm', key, iv).update(data)
    createCipheriv('chacha20-poly1305', key, iv, { authTagLength: 16 }).update(data)
  }
}

const TEXT = Buffer.from(
  'a text that is copied, compared, compressed and converted again and again; '.repeat(2000),
)

function nativeCode() {
  gzipSync(TEXT.subarray(0, 50_000))
  const copy = Buffer.from(TEXT)
  copy.equals(TEXT)
  copy.toString('base64')
  copy.toString('utf8').normalize('NFD')
  for (let i = 0; i < 200; i++) new Intl.NumberFormat('de').format(i)
  for (let i = 0; i < 2000; i++) Math.sin(i * 1e5) + Math.exp(i) + (i + 0.1).toFixed(3).length
}
