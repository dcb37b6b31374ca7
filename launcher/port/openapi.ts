import { type TSchema, Type } from '@sinclair/typebox';
import { ErrorBody } from '../api/schemas.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** `GET /openapi.json`: the route table as an OpenAPI 3.1 document, so that it can never say anything else than the code. */
export function documentRoute(routes: readonly Route[], version: string): Route {
  const own: Omit<Route, 'handle'> = {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    right: 'monitor',
    described: { status: 200, answer: Type.Object({}, { $id: 'OpenApi', additionalProperties: true }) },
  };
  const document = openApiOf([...routes, own], version);
  return { ...own, handle: () => Promise.resolve({ kind: 'json', status: 200, body: document }) };
}

/** The document; schemas with an `$id` become components of that name. Pure. */
export function openApiOf(routes: readonly Omit<Route, 'handle'>[], version: string): Json {
  const components = new Map<string, unknown>();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, components) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'OM Launcher', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: Object.fromEntries(components), securitySchemes: SECURITY_SCHEMES },
  };
}

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'Bearer',
    description: 'made with `om-launcher token create`, or the `updateToken` of an order',
  },
  ticket: { type: 'http', scheme: 'Ticket', description: 'one-time, 60 s, issued by OM Server for its Administrator' },
  child: { type: 'http', scheme: 'Child', description: 'the token of the supervised server' },
};

const SECURITY_OF: Readonly<Record<Route['right'], readonly Json[]>> = {
  read: [{ token: [] }],
  status: [{ token: [] }, {}],
  order: [{ token: [] }, { ticket: [] }],
  follow: [{ token: [] }],
  steer: [{ token: [] }],
  administer: [{ token: [] }],
  events: [{ token: [] }, {}],
  notices: [{ token: [] }, {}],
  child: [{ child: [] }],
  monitor: [{ token: [] }, {}],
};

function operationOf(route: Omit<Route, 'handle'>, components: Map<string, unknown>): Json {
  const { query, body, status, answer } = route.described;
  const parameters = [...pathParameters(route.path), ...queryParameters(query, components)];
  return {
    summary: route.summary,
    security: SECURITY_OF[route.right],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: jsonContent(body, components) } }),
    responses: {
      [status]: { description: 'Done', ...(answer === undefined ? {} : { content: contentOf(answer, components) }) },
      default: { description: 'Refused or failed', content: jsonContent(ErrorBody, components) },
    },
  };
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: TSchema | undefined, components: Map<string, unknown>): readonly Json[] {
  const properties: unknown = query?.['properties'];
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: referenced(schema, components),
  }));
}

function contentOf(answer: TSchema | string, components: Map<string, unknown>): Json {
  return typeof answer === 'string' ? { [answer]: { schema: { type: 'string' } } } : jsonContent(answer, components);
}

function jsonContent(schema: TSchema, components: Map<string, unknown>): Json {
  return { 'application/json': { schema: referenced(schema, components) } };
}

/** Replaces each named schema, however deep, by a reference, and notes it as a component. */
function referenced(value: unknown, components: Map<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => referenced(item, components));
  if (typeof value !== 'object' || value === null) return value;
  const plain = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$id')
      .map(([key, item]) => [key, referenced(item, components)]),
  );
  if (!('$id' in value) || typeof value.$id !== 'string') return plain;
  components.set(value.$id, plain);
  return { $ref: `#/components/schemas/${value.$id}` };
}
