/** The routes of running services, as their OpenAPI documents list them, and what they answer to whom. */
export interface Route {
  readonly service: string;
  readonly url: string;
  readonly method: string;
  /** with its parameters in braces */
  readonly path: string;
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch']);

/** @param urls of services, by their names as audiences */
export async function routesOf(urls: Readonly<Record<string, string>>): Promise<Route[]> {
  const found = await Promise.all(Object.entries(urls).map(async ([service, url]) => {
    const { paths } = (await (await fetch(new URL('/docs/openapi.json', url))).json()) as { paths: Record<string, object> };
    return Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).filter((method) => METHODS.has(method)).map((method): Route => ({ service, url, method: method.toUpperCase(), path })));
  }));
  return found.flat();
}

export const nameOf = ({ service, method, path }: Route): string => `${service} ${method} ${path}`;

/** Without a body: who may not call is told so before anything is read. @returns the status */
export async function statusOf({ url, method, path }: Route, token: string | null): Promise<number> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(new URL(path.replaceAll(/\{[^}]+\}/g, 'x'), url), { method, headers });
  await response.arrayBuffer();
  return response.status;
}
