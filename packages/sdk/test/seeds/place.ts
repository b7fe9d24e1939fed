/** Where the snippets run: what a reader would have in the environment, a database and a sign-in of their own. */
export interface SeedPlace {
  readonly apiKey: string;
  readonly baseUrl: string;
  /** Stands for https://www.googleapis.com, https://slack.com and so on. */
  readonly api: string;
  /** Provider id that stands for google. */
  readonly provider: string;
  /** The grant that the reader's database holds for a user. */
  getGrant(userId: string): string;
}
