/** Methods of provider calls. */
export const HttpMethod = {
  GET: 'GET',
  POST: 'POST',
  PUT: 'PUT',
  PATCH: 'PATCH',
  DELETE: 'DELETE',
  HEAD: 'HEAD',
  OPTIONS: 'OPTIONS',
} as const;

/** One method of a provider call. */
export type HttpMethod = (typeof HttpMethod)[keyof typeof HttpMethod];
