import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Fault } from '../../platform/fault.ts';
import { type Result, succeed } from '../../platform/result.ts';
import type { Language } from '../../supervisor/sessions/sessions.ts';
import type { ApplicationEvent } from '../api/application.ts';
import { decode } from '../api/decode.ts';
import { EmptyRequest } from '../api/messages.ts';
import type { Admitted, PortCaller, Right } from './access.ts';

/** A request that was admitted. */
export interface Call<Body = unknown, Query = unknown> {
  readonly caller: PortCaller;
  /** How much of the answer the caller may see. */
  readonly view: Admitted;
  readonly language: Language;
  /** The `:id` of the address, or an empty text. */
  readonly id: string;
  readonly body: Body;
  readonly query: Query;
  readonly lastEventId: string | undefined;
  readonly channel: 'local' | 'tcp';
  /** Aborts when the client went away or the port closes. */
  readonly signal: AbortSignal;
}

/** What a route says to a call. */
export type Answer =
  | { readonly kind: 'json'; readonly status: 200 | 201 | 202; readonly body: object; readonly location?: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'text'; readonly body: string; readonly type: string }
  | { readonly kind: 'events'; readonly events: AsyncIterable<ApplicationEvent> }
  | { readonly kind: 'fault'; readonly fault: Fault };

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:id` at most. */
  readonly path: string;
  readonly summary: string;
  readonly right: Right;
  /** What the document at `/openapi.json` says of its request and answer. */
  readonly described: Described;
  readonly handle: (call: Call) => Promise<Answer>;
}

export interface Described {
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly status: 200 | 201 | 202 | 204;
  /** A schema, or the media type of a text. */
  readonly answer?: TSchema | string;
}

interface RouteShape<Query extends TSchema> extends Omit<Route, 'described' | 'handle'> {
  readonly query?: Query;
  readonly status: Described['status'];
  readonly answer?: Described['answer'];
}

/** A route without a body. */
export function route<Query extends TSchema>(
  shape: RouteShape<Query> & { readonly handle: (call: Call<unknown, Static<Query>>) => Answer | Promise<Answer> },
): Route {
  return routeWithBody({ ...shape, body: EmptyRequest, bodyOptional: true });
}

/** A route whose body is checked before the handler sees it; `localBody` holds in its place on the local channel. */
export function routeWithBody<Query extends TSchema, Body extends TSchema, LocalBody extends TSchema = Body>(
  shape: RouteShape<Query> & {
    readonly body: Body;
    readonly localBody?: LocalBody;
    readonly bodyOptional?: boolean;
    readonly handle: (call: Call<Static<Body> | Static<LocalBody>, Static<Query>>) => Answer | Promise<Answer>;
  },
): Route {
  const { method, path, summary, right, status, answer, query, body } = shape;
  return {
    method,
    path,
    summary,
    right,
    described: {
      status,
      ...(answer === undefined ? {} : { answer }),
      ...(query === undefined ? {} : { query }),
      ...(body.$id === EmptyRequest.$id ? {} : { body }),
    },
    async handle(call) {
      const sent = call.body ?? (shape.bodyOptional ? {} : undefined);
      const isLocal = call.channel === 'local' && shape.localBody !== undefined;
      const checkedBody = isLocal ? decode(shape.localBody, sent) : decode(body, sent);
      if (!checkedBody.ok) return { kind: 'fault', fault: checkedBody.fault };
      const checkedQuery = decodeQuery(shape.query, call.query);
      if (!checkedQuery.ok) return { kind: 'fault', fault: checkedQuery.fault };
      return await shape.handle({ ...call, body: checkedBody.value, query: checkedQuery.value });
    },
  };
}

/** A value as 200, or the fault that took its place. */
export function jsonOrFault<Value>(result: Result<Value>, bodyOf: (value: Value) => object): Answer {
  return result.ok ? { kind: 'json', status: 200, body: bodyOf(result.value) } : { kind: 'fault', fault: result.fault };
}

/** 204, or the fault that took its place. */
export function emptyOrFault(result: Result<void>): Answer {
  return result.ok ? { kind: 'empty' } : { kind: 'fault', fault: result.fault };
}

/** Everything in a query arrives as text: numbers are converted first, names that a route does not know are ignored. */
function decodeQuery<Query extends TSchema>(schema: Query | undefined, query: unknown): Result<Static<Query>> {
  if (schema === undefined) return succeed({} as Static<Query>);
  return decode(schema, Value.Convert(schema, query));
}
