/** What this SDK takes from the environment when an option is absent: the only place that reads it. */
export function readEnvironment(): { apiKey: string | undefined; baseUrl: string | undefined } {
  return {
    apiKey: process.env.ALTER_API_KEY || undefined,
    baseUrl: process.env.ALTER_BASE_URL || undefined,
  };
}
