// jose.mjs STATEMENT SIGNER.PEM: a JOSE library over the statement; prints its payload.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const jose = await import(pathToFileURL(createRequire(process.env.JOSE + '/x.js').resolve('jose')).href)
const jws = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const alg = jose.decodeProtectedHeader(jws).alg
const key = await jose.importX509(readFileSync(process.argv[3], 'utf8'), alg)
const { payload, protectedHeader } = await jose.flattenedVerify(jws, key, { algorithms: ['ES256', 'ES384', 'RS256'] })
if (protectedHeader.typ !== 'affidavit-statement+jws') throw new Error('typ ' + protectedHeader.typ)
process.stdout.write(payload)
