import { Readable } from 'node:stream';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Res, StreamableFile } from '@nestjs/common';
import { claimIdSchema, proxyApi } from '@medveil/client';
import { CodedError, fromBase64Url, hexSchema, type Id } from '@medveil/encoding';
import type { AccountPrincipal } from '@medveil/host';
import type { ByteRange } from '@medveil/object-store';
import { Caller, Public, Scopes } from '@medveil/service-kit';
import type { z } from 'zod';
import { Bodies } from './bodies.js';
import { Grants } from './grants.js';
import { ProxyIdentity } from './proxy-identity.js';
import { parseRange } from './range.js';

const sha256Schema = hexSchema(32);

interface Reply {
  status(code: number): Reply;
  header(name: string, value: string | number): Reply;
}

@Controller('parameters')
export class ParametersController {
  constructor(private readonly identity: ProxyIdentity) {}

  @Get()
  @Public()
  parameters(): proxyApi.ProxyParameters {
    return this.identity.parameters;
  }
}

/** Ciphertext in and out. */
@Controller('bodies')
export class BodiesController {
  constructor(private readonly bodies: Bodies) {}

  @Put(':sha256')
  @Scopes('ciphertexts:write')
  async put(
    @Param('sha256', { schema: sha256Schema }) sha256: string,
    @Headers('content-length') contentLength: string | undefined,
    @Body() body: unknown,
    @Caller() caller: AccountPrincipal,
    @Res({ passthrough: true }) reply: Reply,
  ) {
    if (!(body instanceof Readable)) throw new CodedError('proxy/not-a-body', 'a body comes as application/octet-stream');
    const stored = await this.bodies.put(sha256, lengthOf(contentLength), body, accountOf(caller));
    reply.status(stored.created ? 201 : 200);
    return stored;
  }

  @Get(':sha256')
  @Scopes('ciphertexts:read')
  async get(
    @Param('sha256', { schema: sha256Schema }) sha256: string,
    @Headers('range') rangeHeader: string | undefined,
    @Caller() caller: AccountPrincipal,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile> {
    const sizeBytes = await this.bodies.sizeFor(sha256, accountOf(caller));
    const range: ByteRange | undefined = parseRange(rangeHeader, sizeBytes);
    const { body } = await this.bodies.get(sha256, range);
    reply.header('accept-ranges', 'bytes').header('etag', `"${sha256}"`);
    if (range === undefined) return stream(body, sizeBytes);
    reply.status(206).header('content-range', `bytes ${range.startByte}-${range.endByte - 1}/${sizeBytes}`);
    return stream(body, range.endByte - range.startByte);
  }
}

/** Re-encryption keys of accepted claims. */
@Controller('grants')
@Scopes('grants:write')
export class GrantsController {
  constructor(private readonly grants: Grants) {}

  @Post()
  @HttpCode(202)
  grant(@Body({ schema: proxyApi.grantRequestSchema }) { claimId, sealed }: z.infer<typeof proxyApi.grantRequestSchema>, @Caller() caller: AccountPrincipal): Promise<proxyApi.Grant> {
    return this.grants.receive(claimId, accountOf(caller), fromBase64Url(sealed));
  }

  @Get(':claimId')
  status(@Param('claimId', { schema: claimIdSchema }) claimId: Id<'clm'>, @Caller() caller: AccountPrincipal): Promise<proxyApi.Grant> {
    return this.grants.status(claimId, accountOf(caller));
  }
}

function accountOf({ account }: AccountPrincipal): Id<'acc'> {
  if (account === null) throw new CodedError('proxy/no-account', 'this needs the credential of a ledger account');
  return account;
}

function lengthOf(header: string | undefined): number {
  const length = Number(header ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length < 1) throw new CodedError('proxy/length-required', 'a Content-Length of at least 1 is needed');
  return length;
}

const stream = (body: AsyncIterable<Uint8Array>, length: number): StreamableFile =>
  new StreamableFile(Readable.from(body, { objectMode: false }), { type: 'application/octet-stream', length });
